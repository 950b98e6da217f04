// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SumNode} from "../../src/interfaces/IBatches.sol";
import {SumTree} from "../../src/market/SumTree.sol";
import {Claim} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";

/// @notice Merkle-sum trees as an operator builds them, written apart from the contract's `climb`.
library SumTrees {
    function leaves(Claim[] memory claims, ClaimId[] memory ids) internal pure returns (SumNode[] memory level) {
        level = new SumNode[](claims.length);
        for (uint256 i; i < claims.length; i++) level[i] = SumNode(SumTree.leaf(ids[i]), claims[i].coverage);
    }

    function join(SumNode memory a, SumNode memory b) internal pure returns (SumNode memory) {
        return SumNode(keccak256(abi.encodePacked(uint8(9), a.hash, a.sum, b.hash, b.sum)), a.sum + b.sum);
    }

    function up(SumNode[] memory level) internal pure returns (SumNode[] memory next) {
        next = new SumNode[]((level.length + 1) / 2);
        for (uint256 i; i < next.length; i++) {
            next[i] = 2 * i + 1 < level.length ? join(level[2 * i], level[2 * i + 1]) : level[2 * i];
        }
    }

    function root(SumNode[] memory level) internal pure returns (SumNode memory) {
        while (level.length > 1) level = up(level);
        return level[0];
    }

    function path(SumNode[] memory level, uint256 index) internal pure returns (SumNode[] memory out) {
        SumNode[] memory found = new SumNode[](32);
        uint256 count;
        for (; level.length > 1; (level, index) = (up(level), index / 2)) {
            if (index ^ 1 < level.length) found[count++] = level[index ^ 1];
        }
        out = new SumNode[](count);
        for (uint256 i; i < count; i++) out[i] = found[i];
    }
}
