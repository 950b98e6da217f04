// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Test} from "forge-std/Test.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Merkle} from "../../src/libraries/Merkle.sol";
import {Trees} from "../toys/Alphabet.sol";

contract MerkleHarness {
    /// @return root of the tree
    /// @return used how many siblings the library read
    function climbSpan(bytes32[] memory span, uint256 first, uint256 width, bytes32[] calldata siblings)
        external
        pure
        returns (bytes32 root, uint256 used)
    {
        uint256 from;
        uint256 nodes;
        uint256 spare = Merkle.SPARE;
        assembly ("memory-safe") {
            from := siblings.offset
            nodes := add(mload(0x40), spare)
            let count := mload(span)
            mcopy(nodes, add(span, 32), shl(5, count))
            mstore(0x40, add(nodes, shl(5, add(count, 1))))
        }
        uint256 next;
        (root, next) = Merkle.climbSpan(nodes, first, span.length, width, from);
        used = (next - from) / 32;
    }

    function node(bytes32 left, bytes32 right) external pure returns (bytes32 hash, uint256 grown) {
        uint256 before;
        uint256 after_;
        assembly ("memory-safe") {
            before := mload(0x40)
        }
        hash = Hashes.node(left, right);
        assembly ("memory-safe") {
            after_ := mload(0x40)
        }
        grown = after_ - before;
    }
}

/// @notice The climb of many leaves at once, as the Arbiter opens spans, against plain trees.
contract MerkleTest is Test {
    MerkleHarness private _harness = new MerkleHarness();

    /// Every span of every tree of up to 12 leaves.
    function test_everySpanLeadsToTheRoot() external view {
        for (uint256 width = 1; width <= 12; width++) {
            bytes32[] memory leaves = _leaves(width);
            for (uint256 first; first < width; first++) {
                for (uint256 count = 1; first + count <= width; count++) _check(leaves, first, count);
            }
        }
    }

    function testFuzz_spansOfLargerTrees(uint256 width, uint256 first, uint256 count) external view {
        width = bound(width, 13, 200);
        first = bound(first, 0, width - 1);
        _check(_leaves(width), first, bound(count, 1, width - first));
    }

    function test_nodeLeavesFreeMemoryWhereItWas() external view {
        (bytes32 hash, uint256 grown) = _harness.node("left", "right");
        assertEq(hash, keccak256(abi.encodePacked(uint8(1), bytes32("left"), bytes32("right"))));
        assertEq(grown, 0);
    }

    function _leaves(uint256 width) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](width);
        for (uint256 i; i < width; i++) leaves[i] = keccak256(abi.encode(width, i));
    }

    function _check(bytes32[] memory leaves, uint256 first, uint256 count) private view {
        bytes32[] memory span = new bytes32[](count);
        for (uint256 i; i < count; i++) span[i] = leaves[first + i];
        bytes32[] memory siblings = _siblings(leaves, first, first + count);
        (bytes32 root, uint256 used) = _harness.climbSpan(span, first, leaves.length, siblings);
        assertEq(root, Trees.root(leaves), "the root");
        assertEq(used, siblings.length, "and no more siblings than it needs");
    }

    /// On each level the neighbour to the left, then the one to the right, of nodes `from` … `to` − 1, where they lack one.
    function _siblings(bytes32[] memory leaves, uint256 from, uint256 to) private pure returns (bytes32[] memory found) {
        bytes32[] memory all = new bytes32[](64);
        uint256 count;
        for (uint256 level; ; level++) {
            bytes32[] memory nodes = Trees.nodesAt(leaves, level);
            if (nodes.length == 1) break;
            if (from % 2 == 1) all[count++] = nodes[from - 1];
            if (to % 2 == 1 && to < nodes.length) all[count++] = nodes[to];
            (from, to) = (from / 2, (to + 1) / 2);
        }
        found = new bytes32[](count);
        for (uint256 i; i < count; i++) found[i] = all[i];
    }
}
