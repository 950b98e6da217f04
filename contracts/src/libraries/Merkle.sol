// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @title Merkle: trees, paths and spans of docs/spec/commitments.md
/// @notice An odd last node moves up unhashed; how many siblings follow is decided by the tree's width alone, never by the
/// bytes of a proof.
/// @dev Siblings are read from calldata at `here`. Reading past the end gives zeros or foreign bytes, never harm: the caller
/// compares the returned position with the end of its proof before it trusts the root.
library Merkle {
    /// @dev For trees of up to 2³² leaves.
    uint256 internal constant SPARE = 33 * 32;

    /// @notice The root of a tree of `width` leaves whose leaf `index` is `node`.
    /// @param index below `width`
    /// @param here where in calldata the path begins
    /// @return root of the tree
    /// @return next where in calldata the path ends
    function climb(bytes32 node, uint256 index, uint256 width, uint256 here)
        internal
        pure
        returns (bytes32 root, uint256 next)
    {
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            mstore8(scratch, 1)
            let left := add(scratch, 1)
            for {} gt(width, 1) {} {
                switch and(index, 1)
                case 1 {
                    mstore(left, calldataload(here))
                    mstore(add(left, 32), node)
                    node := keccak256(scratch, 65)
                    here := add(here, 32)
                }
                default {
                    // the odd last node of a level has no sibling
                    if lt(add(index, 1), width) {
                        mstore(left, node)
                        mstore(add(left, 32), calldataload(here))
                        node := keccak256(scratch, 65)
                        here := add(here, 32)
                    }
                }
                index := shr(1, index)
                width := shr(1, add(width, 1))
            }
            root := node
            next := here
        }
    }

    /// @notice The root of a tree of `width` leaves whose leaves `first … first + count − 1` are the words at `nodes`.
    /// @dev Overwrites those words, SPARE bytes before them (left neighbours move the range down, a word a level) and the word
    /// after them.
    /// @param nodes memory address of the first hash
    /// @param count at least 1; first + count ≤ width
    /// @param here where in calldata the siblings begin
    function climbSpan(uint256 nodes, uint256 first, uint256 count, uint256 width, uint256 here)
        internal
        pure
        returns (bytes32 root, uint256 next)
    {
        assembly ("memory-safe") {
            let tail := add(nodes, shl(5, count))
            for {} gt(width, 1) {} {
                let from := nodes
                // a left neighbour where the range begins at an odd index
                if and(first, 1) {
                    from := sub(nodes, 32)
                    mstore(from, calldataload(here))
                    here := add(here, 32)
                }
                first := shr(1, first)
                // a right neighbour where it ends at an even one that is not the last
                if and(sub(tail, from), 32) {
                    if lt(add(shl(1, first), shr(5, sub(tail, from))), width) {
                        mstore(tail, calldataload(here))
                        here := add(here, 32)
                        tail := add(tail, 32)
                    }
                }
                let to := from
                let pairs := and(sub(tail, from), not(63))
                let end := add(from, pairs)
                for { let pair := from } lt(pair, end) { pair := add(pair, 64) } {
                    // the byte before a pair belongs to a node that was read already (or to the word to spare)
                    mstore8(sub(pair, 1), 1)
                    mstore(to, keccak256(sub(pair, 1), 65))
                    to := add(to, 32)
                }
                if lt(end, tail) {
                    mstore(to, mload(end))
                    to := add(to, 32)
                }
                nodes := from
                tail := to
                width := shr(1, add(width, 1))
            }
            root := mload(nodes)
            next := here
        }
    }
}
