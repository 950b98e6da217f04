// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @title F32: IEEE-754 binary32 on words, as docs/spec/program.md has it
/// @notice Arguments and results are the bits of an f32 in the low 32 bits of a word whose other bits are zero. One rounding
/// each, to nearest even; denormals are kept; a result that is NaN is `NAN`.
/// @dev A finite value is m·2^(e−150) with m < 2²⁴ and e ≥ 1. Sums and products are formed exactly in one 256-bit word, then
/// rounded once by `pack`. CLZ (EIP-7939) finds the leading bit.
library F32 {
    uint256 internal constant NAN = 0x7fc00000;
    uint256 internal constant INF = 0x7f800000;
    uint256 internal constant SIGN = 0x80000000;

    /// @dev Rounds m·2^(u−150), m ≠ 0, to the nearest f32 of the sign given as 0 or SIGN. `u` is signed. The caller makes m
    /// large enough that bits are dropped: m ≥ 2²⁴ or u ≤ 0; and u > −200, so that the shift stays below 256.
    function pack(uint256 sign, uint256 m, uint256 u) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            // drop what is below the 24th significant bit, or below the quantum of denormals 2^−149
            let drop := sub(232, clz(m))
            if slt(drop, sub(1, u)) { drop := sub(1, u) }
            r := shr(drop, m)
            r := shr(drop, add(add(m, sub(shl(sub(drop, 1), 1), 1)), and(r, 1)))
            // the hidden bit (and a carry into 2²⁴) counts into the exponent
            r := add(r, shl(23, sub(add(u, drop), 1)))
            if gt(r, 0x7f7fffff) { r := 0x7f800000 }
            r := or(r, sign)
        }
    }

    function add(uint256 a, uint256 b) internal pure returns (uint256 r) {
        uint256 m;
        uint256 u;
        assembly ("memory-safe") {
            u := and(shr(23, a), 0xff)
            let e := and(shr(23, b), 0xff)
            switch or(eq(u, 0xff), eq(e, 0xff))
            case 0 {
                if lt(u, e) {
                    let t := u
                    u := e
                    e := t
                    t := a
                    a := b
                    b := t
                }
                m := mul(or(and(a, 0x7fffff), shl(23, gt(u, 0))), sub(1, shl(1, shr(31, a))))
                let n := mul(or(and(b, 0x7fffff), shl(23, gt(e, 0))), sub(1, shl(1, shr(31, b))))
                u := add(u, iszero(u))
                // 128 bits apart the smaller one decides no rounding any more, however far it lies below
                let d := sub(u, add(e, iszero(e)))
                if gt(d, 128) { d := 128 }
                m := add(shl(d, m), n)
                u := sub(sub(u, d), 24)
                let negative := sub(0, shr(255, m))
                n := shl(24, sub(xor(m, negative), negative))
                m := n
                r := and(negative, 0x80000000)
                if iszero(n) { r := and(and(a, b), 0x80000000) }
            }
            default {
                r := a
                if lt(u, e) { r := b }
                // NaN, or infinities of different signs
                if or(
                    or(gt(and(a, 0x7fffffff), 0x7f800000), gt(and(b, 0x7fffffff), 0x7f800000)),
                    and(eq(u, e), xor(shr(31, a), shr(31, b)))
                ) { r := 0x7fc00000 }
            }
        }
        if (m != 0) r = pack(r, m, u);
    }

    function sub(uint256 a, uint256 b) internal pure returns (uint256) {
        return add(a, b ^ SIGN);
    }

    function mul(uint256 a, uint256 b) internal pure returns (uint256 r) {
        uint256 m;
        uint256 u;
        assembly ("memory-safe") {
            u := and(shr(23, a), 0xff)
            let e := and(shr(23, b), 0xff)
            r := and(xor(a, b), 0x80000000)
            switch or(eq(u, 0xff), eq(e, 0xff))
            case 0 {
                m := shl(24, mul(or(and(a, 0x7fffff), shl(23, gt(u, 0))), or(and(b, 0x7fffff), shl(23, gt(e, 0)))))
                u := sub(add(add(u, iszero(u)), add(e, iszero(e))), 174)
            }
            default {
                a := and(a, 0x7fffffff)
                b := and(b, 0x7fffffff)
                r := or(r, 0x7f800000)
                if or(or(gt(a, 0x7f800000), gt(b, 0x7f800000)), or(iszero(a), iszero(b))) { r := 0x7fc00000 }
            }
        }
        if (m != 0) r = pack(r, m, u);
    }

    function div(uint256 a, uint256 b) internal pure returns (uint256 r) {
        uint256 m;
        uint256 u;
        assembly ("memory-safe") {
            let e := and(shr(23, a), 0xff)
            let f := and(shr(23, b), 0xff)
            r := and(xor(a, b), 0x80000000)
            a := and(a, 0x7fffffff)
            b := and(b, 0x7fffffff)
            switch or(or(eq(e, 0xff), eq(f, 0xff)), iszero(b))
            case 0 {
                let n := shl(64, or(and(a, 0x7fffff), shl(23, gt(e, 0))))
                let d := or(and(b, 0x7fffff), shl(23, gt(f, 0)))
                // the quotient has at least 41 bits; the remainder only matters as "not zero"
                m := div(n, d)
                m := or(m, gt(n, mul(m, d)))
                u := sub(add(add(e, iszero(e)), 86), add(f, iszero(f)))
            }
            default {
                switch or(or(gt(a, 0x7f800000), gt(b, 0x7f800000)), and(eq(a, b), or(iszero(a), eq(a, 0x7f800000))))
                case 0 {
                    // ∞/x, x/0: infinite; x/∞: zero
                    if or(eq(a, 0x7f800000), iszero(b)) { r := or(r, 0x7f800000) }
                }
                default { r := 0x7fc00000 }
            }
        }
        if (m != 0) r = pack(r, m, u);
    }

    function sqrt(uint256 a) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            switch lt(sub(a, 1), 0x7f7fffff)
            case 0 {
                // ±0 and +∞ are their own roots
                r := a
                if iszero(or(iszero(and(a, 0x7fffffff)), eq(a, 0x7f800000))) { r := 0x7fc00000 }
            }
            default {
                let e := shr(23, a)
                let m := or(and(a, 0x7fffff), shl(23, gt(e, 0)))
                e := add(e, iszero(e))
                // m·2^c with its top bit at 62 or 63, the exponent left even
                let c := sub(clz(m), 192)
                c := sub(c, and(xor(e, c), 1))
                m := shl(c, m)
                // within 3 % of the root of m in [2^62, 2^64), three Newton steps reach its floor or one more
                let x := add(0x58000000, shr(33, add(m, shr(2, add(m, shr(1, m))))))
                x := shr(1, add(x, div(m, x)))
                x := shr(1, add(x, div(m, x)))
                x := shr(1, add(x, div(m, x)))
                x := sub(x, gt(mul(x, x), m))
                // a root is never half way between two f32
                r := add(shr(8, add(x, 128)), shl(23, add(sar(1, sub(sub(e, 150), c)), 157)))
            }
        }
    }

    /// @dev Signed, increasing with the value; −0 and +0 both give 0.
    function order(uint256 a) private pure returns (int256 k) {
        assembly ("memory-safe") {
            k := mul(and(a, 0x7fffffff), sub(1, shl(1, shr(31, a))))
        }
    }

    function unordered(uint256 a, uint256 b) private pure returns (bool r) {
        assembly ("memory-safe") {
            r := or(gt(and(a, 0x7fffffff), 0x7f800000), gt(and(b, 0x7fffffff), 0x7f800000))
        }
    }

    function lt(uint256 a, uint256 b) internal pure returns (uint256) {
        return unordered(a, b) || order(a) >= order(b) ? 0 : 1;
    }

    function le(uint256 a, uint256 b) internal pure returns (uint256) {
        return unordered(a, b) || order(a) > order(b) ? 0 : 1;
    }

    function eq(uint256 a, uint256 b) internal pure returns (uint256) {
        return unordered(a, b) || order(a) != order(b) ? 0 : 1;
    }

    /// @dev Increasing with the value as an unsigned number, −0 below +0.
    function totalOrder(uint256 a) private pure returns (uint256 k) {
        assembly ("memory-safe") {
            k := xor(a, or(0x80000000, mul(0x7fffffff, shr(31, a))))
        }
    }

    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        if (unordered(a, b)) return NAN;
        return totalOrder(a) < totalOrder(b) ? a : b;
    }

    function max(uint256 a, uint256 b) internal pure returns (uint256) {
        if (unordered(a, b)) return NAN;
        return totalOrder(a) < totalOrder(b) ? b : a;
    }

    function neg(uint256 a) internal pure returns (uint256) {
        return (a & 0x7fffffff) > INF ? NAN : a ^ SIGN;
    }

    function abs(uint256 a) internal pure returns (uint256) {
        a &= 0x7fffffff;
        return a > INF ? NAN : a;
    }

    function floor(uint256 a) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            let e := and(shr(23, a), 0xff)
            switch lt(e, 150)
            case 0 {
                r := a
                if gt(and(a, 0x7fffffff), 0x7f800000) { r := 0x7fc00000 }
            }
            default {
                r := and(a, 0x80000000)
                let m := or(0x800000, and(a, 0x7fffff))
                let drop := sub(150, e)
                // what is dropped pulls a negative number down (but not −0)
                if r { m := add(m, mul(sub(shl(drop, 1), 1), gt(a, 0x80000000))) }
                let n := shr(drop, m)
                if n {
                    let shift := sub(clz(n), 232)
                    r := or(r, add(shl(23, sub(149, shift)), shl(shift, n)))
                }
            }
        }
    }

    /// @dev To the nearest integer, halves to the even one.
    function rint(uint256 a) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            let e := and(shr(23, a), 0xff)
            r := and(a, 0x80000000)
            switch lt(e, 150)
            case 0 {
                r := a
                if gt(and(a, 0x7fffffff), 0x7f800000) { r := 0x7fc00000 }
            }
            default {
                let drop := sub(150, e)
                let m := mul(or(0x800000, and(a, 0x7fffff)), gt(e, 0))
                let n := shr(drop, add(add(m, sub(shl(sub(drop, 1), 1), 1)), and(shr(drop, m), 1)))
                if n {
                    let shift := sub(clz(n), 232)
                    r := or(r, add(shl(23, sub(149, shift)), shl(shift, n)))
                }
            }
        }
    }

    /// @notice A signed 32-bit integer to the nearest f32.
    function fromInt(uint256 a) internal pure returns (uint256 r) {
        if (a == 0) return 0;
        uint256 m;
        assembly ("memory-safe") {
            let s := signextend(3, a)
            r := and(a, 0x80000000)
            m := shl(24, mul(s, sub(1, shl(1, shr(31, a)))))
        }
        return pack(r, m, 126);
    }

    /// @notice Toward zero, saturating at the ends of i32; NaN gives 0.
    function toInt(uint256 a) internal pure returns (uint256 r) {
        assembly ("memory-safe") {
            let x := and(a, 0x7fffffff)
            switch lt(x, 0x4f000000)
            case 0 {
                // at least 2^31 away from zero
                if iszero(gt(x, 0x7f800000)) { r := add(0x7fffffff, shr(31, a)) }
            }
            default {
                let m := shl(32, or(0x800000, and(a, 0x7fffff)))
                m := shr(sub(182, shr(23, x)), m)
                r := and(0xffffffff, mul(m, sub(1, shl(1, shr(31, a)))))
            }
        }
    }
}
