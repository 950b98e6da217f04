// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatches, SumNode} from "../interfaces/IBatches.sol";
import {ClaimId} from "../types/Identity.sol";

/// @notice The Merkle-sum tree of a batch: leaf H(10 ‖ id), node H(9 ‖ left ‖ u128 sum ‖ right ‖ u128 sum), the shape of
/// docs/spec/commitments.md (an odd last node moves up unhashed). Sums are of coverage, checked.
/// @dev A node's hash binds the sums of both its children, so all leaves that verify under one root add up to at most its sum.
library SumTree {
    function leaf(ClaimId id) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(10), id));
    }

    /// @notice The root over a leaf at `index` of `count`, as its path gives it. Reverts when the sum overflows 128 bits.
    function climb(SumNode memory node, uint256 index, uint256 count, SumNode[] calldata path)
        internal
        pure
        returns (SumNode memory)
    {
        uint256 used;
        for (; count > 1; (index, count) = (index >> 1, (count + 1) >> 1)) {
            // the odd last node of a level has no sibling
            if (index & 1 == 0 && index + 1 == count) continue;
            require(used < path.length, IBatches.BatchesPathLengthInvalid(path.length, used + 1));
            SumNode calldata other = path[used++];
            bytes memory pair = index & 1 == 1
                ? abi.encodePacked(uint8(9), other.hash, other.sum, node.hash, node.sum)
                : abi.encodePacked(uint8(9), node.hash, node.sum, other.hash, other.sum);
            node = SumNode(keccak256(pair), node.sum + other.sum);
        }
        require(used == path.length, IBatches.BatchesPathLengthInvalid(path.length, used));
        return node;
    }
}
