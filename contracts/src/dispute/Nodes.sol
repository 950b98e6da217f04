// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Merkle} from "../libraries/Merkle.sol";

/// @notice Nodes, paths and descendants in the trees of docs/spec/commitments.md, seen 8 levels at a time.
library Nodes {
    uint256 internal constant FAN_OUT = 256;

    /// @notice The least h with 256^h ≥ n.
    function height(uint256 n) internal pure returns (uint8 h) {
        for (uint256 room = 1; room < n; room <<= 8) {
            h++;
        }
    }

    /// @notice Nodes at `level` of a tree over n.
    function sizeAt(uint256 n, uint256 level) internal pure returns (uint256) {
        return (n + (1 << level) - 1) >> level;
    }

    /// @notice How many nodes 8 levels down hang below node (j, i), j ≥ 1.
    function children(uint256 n, uint256 j, uint256 i) internal pure returns (uint256) {
        uint256 left = sizeAt(n, 8 * (j - 1)) - i * FAN_OUT;
        return left < FAN_OUT ? left : FAN_OUT;
    }

    /// @notice The root of the tree over n in which node `index` of `level` is `hash`.
    /// @return root trustworthy iff path.length == length
    /// @return length siblings that the node has on its way
    function rootFrom(bytes32 hash, uint256 n, uint256 level, uint256 index, bytes32[] calldata path)
        internal
        pure
        returns (bytes32 root, uint256 length)
    {
        uint256 from;
        assembly ("memory-safe") {
            from := path.offset
        }
        uint256 next;
        (root, next) = Merkle.climb(hash, index, sizeAt(n, level), from);
        length = (next - from) / 32;
    }

    /// @notice The words of `data`, with the memory around them that `fold` overwrites.
    function load(bytes calldata data) internal pure returns (bytes32[] memory hashes) {
        uint256 spare = Merkle.SPARE;
        assembly ("memory-safe") {
            hashes := add(mload(0x40), spare)
            mstore(hashes, shr(5, data.length))
            calldatacopy(add(hashes, 32), data.offset, data.length)
            mstore(0x40, add(add(hashes, 64), data.length))
        }
    }

    /// @notice The node 8 levels above 1 … 256 neighbours, the first at a multiple of 256: they are a whole tree, or the
    /// end of one. Overwrites them.
    /// @param hashes from `load`
    function fold(bytes32[] memory hashes) internal pure returns (bytes32 root) {
        uint256 nodes;
        uint256 count = hashes.length;
        assembly ("memory-safe") {
            nodes := add(hashes, 32)
        }
        (root,) = Merkle.climbSpan(nodes, 0, count, count, 0);
    }
}
