// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Nodes} from "../../src/dispute/Nodes.sol";
import {Places} from "../../src/dispute/Places.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Frontier} from "../../src/registry/Frontier.sol";
import {Trees} from "../toys/Alphabet.sol";

contract NodesHarness {
    function rootFrom(bytes32 hash, uint256 n, uint256 level, uint256 index, bytes32[] calldata path)
        external
        pure
        returns (bytes32, uint256)
    {
        return Nodes.rootFrom(hash, n, level, index, path);
    }

    function fold(bytes calldata data) external pure returns (bytes32) {
        return Nodes.fold(Nodes.load(data));
    }
}

/// @notice Trees of the contracts against the slow and plain ones of the toys.
contract NodesTest is Test {
    using Frontier for Frontier.Tree;

    NodesHarness private _harness = new NodesHarness();

    function _list(uint256 n, uint256 seed) private pure returns (bytes32[] memory list) {
        list = new bytes32[](n);
        for (uint256 i; i < n; i++) list[i] = keccak256(abi.encode(seed, i));
    }

    function testFuzz_pathsLeadToTheRoot(uint256 n, uint256 level, uint256 index, uint256 seed) external view {
        n = bound(n, 1, 300);
        level = bound(level, 0, 9);
        index = bound(index, 0, Nodes.sizeAt(n, level) - 1);
        bytes32[] memory list = _list(n, seed);
        bytes32[] memory nodes = Trees.nodesAt(list, level);
        assertEq(nodes.length, Nodes.sizeAt(n, level));
        bytes32[] memory path = Trees.path(list, level, index);
        (bytes32 root, uint256 length) = _harness.rootFrom(nodes[index], n, level, index, path);
        assertEq(root, Trees.root(list));
        assertEq(length, path.length);
        assertEq(root, Trees.rootFrom(nodes[index], n, level, index, path));
    }

    function testFuzz_childrenFoldToTheirNode(uint256 n, uint256 j, uint256 i, uint256 seed) external view {
        n = bound(n, 1, 1200);
        j = bound(j, 1, 2);
        bytes32[] memory list = _list(n, seed);
        i = bound(i, 0, Nodes.sizeAt(n, 8 * j) - 1);
        uint256 count = Nodes.children(n, j, i);
        bytes32[] memory below = Trees.nodesAt(list, 8 * (j - 1));
        bytes memory data;
        for (uint256 k; k < count; k++) data = bytes.concat(data, below[256 * i + k]);
        assertEq(_harness.fold(data), Trees.nodesAt(list, 8 * j)[i]);
        if (256 * i + count < below.length) assertEq(count, 256);
    }

    function testFuzz_frontierGrowsTheSameTree(uint256 n, uint256 seed) external pure {
        n = bound(n, 1, 200);
        bytes32[] memory list = _list(n, seed);
        Frontier.Tree memory tree;
        for (uint256 i; i < n; i++) tree.append(list[i]);
        assertEq(tree.root(), Trees.root(list));
        assertEq(tree.count, n);
    }

    function testFuzz_nodeHashLeavesMemoryAsItWas(bytes32 left, bytes32 right) external pure {
        bytes memory before = abi.encode(left, right);
        assertEq(Hashes.node(left, right), Trees.node(left, right));
        assertEq(abi.encode(left, right), before);
    }

    function testFuzz_traceRanksSkipOutputs(uint256 kernels, uint256 seed, uint32 first) external pure {
        kernels = bound(kernels, 2, 120);
        uint32[] memory outputs = new uint32[](kernels);
        uint32[] memory traced = new uint32[](kernels);
        uint256 nOut;
        uint256 nTraced;
        for (uint32 k; k < kernels; k++) {
            if (uint256(keccak256(abi.encode(seed, k))) % 3 == 0) outputs[nOut++] = k;
            else traced[nTraced++] = k;
        }
        if (nTraced == 0) return;
        first = uint32(first % nTraced);
        assembly ("memory-safe") {
            mstore(outputs, nOut)
        }
        bytes32[] memory hashes = _list(nTraced - first, seed);
        bytes32[] memory roots = _list(nTraced - first, seed);
        Places.traceLeaves(hashes, "salt", first, outputs);
        for (uint256 i; i < hashes.length; i++) {
            assertEq(hashes[i], Hashes.traceLeaf("salt", traced[first + i], roots[i]));
        }
    }

    function test_heights() external pure {
        assertEq(Nodes.height(1), 0);
        assertEq(Nodes.height(2), 1);
        assertEq(Nodes.height(256), 1);
        assertEq(Nodes.height(257), 2);
        assertEq(Nodes.height(65_536), 2);
        assertEq(Nodes.height(65_537), 3);
    }
}
