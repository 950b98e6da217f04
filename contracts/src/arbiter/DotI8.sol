// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @title DotI8: sums of bytes and of products of bytes, 32 bytes of each side at a time
/// @dev Bytes are taken as unsigned; an i8 has its top bit flipped, which adds 128 (the caller's zero points take it off).
/// Every fourth byte makes a word of eight 32-bit lanes. With the lanes of one factor reversed, lane 7 of the product of two
/// such words is the sum of the eight products; the lanes below it stay under 2^21 and carry nothing into it.
library DotI8 {
    uint256 private constant LANES = 0x000000ff000000ff000000ff000000ff000000ff000000ff000000ff000000ff;
    uint256 private constant ONES = 0x0000000100000001000000010000000100000001000000010000000100000001;

    /// @param p address of the first left byte
    /// @param q address of the first right byte
    /// @param n number of bytes of each
    /// @param flipP a word of bytes 0x80 where the left is i8, else 0
    /// @param flipQ the same on the right
    /// @return products Σ pᵢ·qᵢ
    /// @return ps Σ pᵢ
    /// @return qs Σ qᵢ
    function sums(uint256 p, uint256 q, uint256 n, uint256 flipP, uint256 flipQ)
        internal
        pure
        returns (uint256 products, uint256 ps, uint256 qs)
    {
        assembly ("memory-safe") {
            for {} n {} {
                let a := xor(mload(p), flipP)
                let b := xor(mload(q), flipQ)
                switch gt(n, 31)
                case 1 { n := sub(n, 32) }
                default {
                    // the last bytes: what follows them counts as zero
                    let beyond := sub(256, shl(3, n))
                    a := shl(beyond, shr(beyond, a))
                    b := shl(beyond, shr(beyond, b))
                    n := 0
                }
                p := add(p, 32)
                q := add(q, 32)
                {
                    let s := add(and(a, LANES), and(shr(8, a), LANES))
                    s := add(s, add(and(shr(16, a), LANES), and(shr(24, a), LANES)))
                    ps := add(ps, shr(224, mul(s, ONES)))
                    s := add(and(b, LANES), and(shr(8, b), LANES))
                    s := add(s, add(and(shr(16, b), LANES), and(shr(24, b), LANES)))
                    qs := add(qs, shr(224, mul(s, ONES)))
                }
                // reverse the lanes of b
                b := or(shl(128, b), shr(128, b))
                b := or(
                    and(shl(64, b), 0xffffffffffffffff0000000000000000ffffffffffffffff0000000000000000),
                    and(shr(64, b), 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff)
                )
                b := or(
                    and(shl(32, b), 0xffffffff00000000ffffffff00000000ffffffff00000000ffffffff00000000),
                    and(shr(32, b), 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff)
                )
                let m := add(mul(and(a, LANES), and(b, LANES)), mul(and(shr(8, a), LANES), and(shr(8, b), LANES)))
                m := add(m, mul(and(shr(16, a), LANES), and(shr(16, b), LANES)))
                m := add(m, mul(and(shr(24, a), LANES), and(shr(24, b), LANES)))
                products := add(products, shr(224, m))
            }
        }
    }
}
