// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Hashes} from "../libraries/Hashes.sol";

/// @notice A Merkle tree that grows by one leaf at a time (docs/spec/commitments.md, Trees).
library Frontier {
    /// @dev 2^17 − 1 leaves: a header and 65,536 kernels.
    uint256 internal constant LEVELS = 17;

    struct Tree {
        uint32 count;
        /// nodes[L] is the root of a full subtree of 2^L leaves, and counts iff bit L of `count` is set
        bytes32[LEVELS] nodes;
    }

    function append(Tree memory tree, bytes32 leaf) internal pure {
        uint256 level;
        for (uint256 count = tree.count; count & 1 == 1; count >>= 1) {
            leaf = Hashes.node(tree.nodes[level++], leaf);
        }
        tree.nodes[level] = leaf;
        tree.count++;
    }

    /// @dev The smallest subtree moves up unhashed until it meets its left neighbour.
    function root(Tree memory tree) internal pure returns (bytes32 hash) {
        bool started;
        for (uint256 level; level < LEVELS; level++) {
            if ((tree.count >> level) & 1 == 0) continue;
            hash = started ? Hashes.node(tree.nodes[level], hash) : tree.nodes[level];
            started = true;
        }
    }
}
