// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {F32} from "../libraries/F32.sol";
import {LEFT_STRIDE, RIGHT_STRIDE, RUN_ENDS, RUN_LEFT, RUN_PAIRS, RUN_RIGHT, SCALE} from "./Layout.sol";

/// @title DotF32: acc ← fadd(acc, fmul(p, q)) over a run of pairs, without unpacking the accumulator each time
/// @dev A finite accumulator is an integer in units of 2^−149, the quantum of denormals, so a sum is one addition and its
/// rounding needs no exponents. 2^128 has 277 bits in that unit: from 2^87 on the unit is 2^−109 (scale 191 in place of 151),
/// where all that is cut off lies far below half a last bit.
/// States only go finite → infinite → NaN, so what is slow happens once: library steps at the crossings.
library DotF32 {
    /// @param acc the accumulator's bits
    /// @param p address of the first left element, little-endian; LEFT_STRIDE holds the bytes to the next
    /// @param q the same on the right
    /// @param n number of pairs
    /// @return the accumulator's bits after them
    function run(uint256 acc, uint256 p, uint256 q, uint256 n) internal pure returns (uint256) {
        uint256 left;
        if (acc == F32.SIGN) {
            (acc, left) = negativeZero(p, q, n);
            (p, q, n) = (advance(p, LEFT_STRIDE, n - left), advance(q, RIGHT_STRIDE, n - left), left);
        }
        if (n != 0 && (acc & F32.INF) != F32.INF) {
            if (n > 7 && sideBySide(p, q, n)) {
                acc = blocks(acc);
                (p, q, n) = standing();
            }
            (acc, left) = finite(acc, p, q, n);
            (p, q, n) = (advance(p, LEFT_STRIDE, n - left), advance(q, RIGHT_STRIDE, n - left), left);
            if (n != 0) {
                // not finite any more
                acc = F32.add(acc, F32.mul(element(p), element(q)));
                (p, q, n) = (advance(p, LEFT_STRIDE, 1), advance(q, RIGHT_STRIDE, 1), n - 1);
            }
        }
        if (n == 0) return acc;
        return (acc & ~F32.SIGN) == F32.INF ? infinite(acc, p, q, n) : F32.NAN;
    }

    /// @dev The address `n` elements on; `stride` is where the bytes between two are kept.
    function advance(uint256 from, uint256 stride, uint256 n) private pure returns (uint256 to) {
        assembly ("memory-safe") {
            to := add(from, mul(n, mload(stride)))
        }
    }

    /// @dev Whether both sides have elements next to each other; notes the run for `blocks`.
    function sideBySide(uint256 p, uint256 q, uint256 n) private pure returns (bool r) {
        assembly ("memory-safe") {
            r := and(eq(mload(LEFT_STRIDE), 4), eq(mload(RIGHT_STRIDE), 4))
            mstore(RUN_LEFT, p)
            mstore(RUN_RIGHT, q)
            mstore(RUN_PAIRS, n)
        }
    }

    function standing() private pure returns (uint256 p, uint256 q, uint256 n) {
        assembly ("memory-safe") {
            p := mload(RUN_LEFT)
            q := mload(RUN_RIGHT)
            n := mload(RUN_PAIRS)
        }
    }

    /// @dev −0 stays while products are −0.
    /// @return acc −0, or the sum with the first other product
    /// @return left pairs after that one
    function negativeZero(uint256 p, uint256 q, uint256 n) private pure returns (uint256 acc, uint256 left) {
        unchecked {
            acc = F32.SIGN;
            for (; acc == F32.SIGN && n != 0; --n) {
                (uint256 a, uint256 b) = (element(p), element(q));
                if ((a ^ b) & F32.SIGN == 0 || !vanishes(a, b)) acc = F32.add(acc, F32.mul(a, b));
                (p, q) = (advance(p, LEFT_STRIDE, 1), advance(q, RIGHT_STRIDE, 1));
            }
            return (acc, n);
        }
    }

    /// @dev Whether the magnitude of a product of finite numbers is 2^−150 or less, so that it rounds to zero.
    function vanishes(uint256 a, uint256 b) private pure returns (bool r) {
        assembly ("memory-safe") {
            let e := and(shr(23, a), 0xff)
            let f := and(shr(23, b), 0xff)
            let m := mul(or(and(a, 0x7fffff), shl(23, gt(e, 0))), or(and(b, 0x7fffff), shl(23, gt(f, 0))))
            // m·2^(e+f−300); a shift by a negative number of bits gives 0
            let most := shl(sub(150, add(add(e, iszero(e)), add(f, iszero(f)))), 1)
            r := and(iszero(gt(m, most)), and(lt(e, 0xff), lt(f, 0xff)))
        }
    }

    /// @dev An infinity stays while products are finite, or infinite with its sign.
    function infinite(uint256 acc, uint256 p, uint256 q, uint256 n) private pure returns (uint256) {
        unchecked {
            for (; n != 0; --n) {
                (uint256 a, uint256 b) = (element(p), element(q));
                uint256 product = overflow(a, b);
                if (product > 1 || (product == 1 && (a ^ b ^ acc) & F32.SIGN != 0)) return F32.NAN;
                (p, q) = (advance(p, LEFT_STRIDE, 1), advance(q, RIGHT_STRIDE, 1));
            }
            return acc;
        }
    }

    /// @dev What a product is: 0 finite, 1 an infinity, 2 or more NaN.
    function overflow(uint256 a, uint256 b) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            a := and(a, 0x7fffffff)
            b := and(b, 0x7fffffff)
            let e := shr(23, a)
            let f := shr(23, b)
            switch or(eq(e, 0xff), eq(f, 0xff))
            case 0 {
                e := add(e, f)
                if gt(e, 380) {
                    // m·2^(e−300) rounds to 2^128 from 2^128 − 2^103 on
                    let m := mul(or(and(a, 0x7fffff), 0x800000), or(and(b, 0x7fffff), 0x800000))
                    r := gt(shl(sub(e, 381), m), 0x7fffffbfffff)
                }
            }
            default {
                r := add(1, shl(1, or(or(gt(a, 0x7f800000), gt(b, 0x7f800000)), or(iszero(a), iszero(b)))))
            }
        }
    }

    /// @dev A little-endian word: copies of it side by side, one byte taken from each, folded together.
    function element(uint256 here) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := mul(shr(224, mload(here)), 0x1000000010000000100000001000000)
            r := mod(and(r, 0xff00000000ff00000000ff00000000ff000000), 0xffffffffffff)
        }
    }

    /// @dev Runs while everything stays finite. `acc` is finite and not −0.
    /// @return the accumulator, and how many pairs are left: the first of them leads to an infinity or NaN
    function finite(uint256 acc, uint256 p, uint256 q, uint256 n) private pure returns (uint256, uint256) {
        acc = unpack(acc);
        assembly ("memory-safe") {
            for {} n {
                n := sub(n, 1)
                p := add(p, mload(LEFT_STRIDE))
                q := add(q, mload(RIGHT_STRIDE))
            } {
                let a := mul(shr(224, mload(p)), 0x1000000010000000100000001000000)
                a := mod(and(a, 0xff00000000ff00000000ff00000000ff000000), 0xffffffffffff)
                let b := mul(shr(224, mload(q)), 0x1000000010000000100000001000000)
                b := mod(and(b, 0xff00000000ff00000000ff00000000ff000000), 0xffffffffffff)
                let e := and(shr(23, a), 0xff)
                let f := and(shr(23, b), 0xff)
                // the product is m·2^(e−300)
                let m := mul(or(and(a, 0x7fffff), 0x800000), or(and(b, 0x7fffff), 0x800000))
                if iszero(and(lt(sub(e, 1), 254), lt(sub(f, 1), 254))) {
                    // a zero, a denormal, an infinity or a NaN
                    if or(eq(e, 0xff), eq(f, 0xff)) { break }
                    switch e
                    case 0 {
                        m := mul(and(a, 0x7fffff), or(and(b, 0x7fffff), shl(23, gt(f, 0))))
                        e := iszero(f)
                    }
                    default {
                        m := mul(and(b, 0x7fffff), or(and(a, 0x7fffff), 0x800000))
                    }
                    if iszero(m) { continue }
                    // one quantum up, 24 bits to drop
                    m := shl(24, m)
                    e := sub(e, 23)
                }
                // rounded to 24 bits, dropping f, the product will be m·2^e units
                e := add(e, f)
                f := sub(232, clz(m))
                e := sub(add(e, f), mload(SCALE))
                if gt(e, 212) {
                    switch slt(e, 0)
                    case 0 {
                        if eq(mload(SCALE), 151) {
                            acc := sar(40, acc)
                            mstore(SCALE, 191)
                            e := sub(e, 40)
                        }
                        // 2^237 coarse units are 2^128
                        if gt(e, 212) {
                            if gt(e, 229) { break }
                            if shr(237, shl(e, shr(f, add(add(m, shr(sub(257, f), not(0))), and(shr(f, m), 1))))) {
                                break
                            }
                        }
                    }
                    default {
                        if eq(mload(SCALE), 191) {
                            // beside an accumulator of 2^−50 or more this product decides nothing
                            if sar(59, xor(acc, sar(255, acc))) { continue }
                            acc := shl(40, acc)
                            mstore(SCALE, 151)
                            e := add(e, 40)
                        }
                        if slt(e, 0) {
                            // drop all bits below the quantum; of less than half of it nothing is left
                            f := sub(f, e)
                            if iszero(shr(sub(f, 1), m)) { continue }
                            e := 0
                        }
                    }
                }
                m := shl(e, shr(f, add(add(m, shr(sub(257, f), not(0))), and(shr(f, m), 1))))
                // the exact sum
                e := sar(255, shl(224, xor(a, b)))
                a := add(acc, sub(xor(m, e), e))
                // rounded like a magnitude: halves go to the even side of zero or not alike
                f := sub(232, clz(xor(a, sar(255, a))))
                if gt(sub(f, 1), 211) {
                    // 24 bits or fewer: exact
                    if slt(f, 1) {
                        acc := a
                        continue
                    }
                    a := and(add(add(a, shr(sub(257, f), not(0))), and(shr(f, a), 1)), shl(f, not(0)))
                    switch eq(mload(SCALE), 151)
                    case 1 {
                        a := sar(40, a)
                        mstore(SCALE, 191)
                    }
                    default {
                        e := sar(255, a)
                        if shr(237, sub(xor(a, e), e)) { break }
                    }
                    acc := a
                    continue
                }
                acc := and(add(add(a, shr(sub(257, f), not(0))), and(shr(f, a), 1)), shl(f, not(0)))
            }
        }
        return (pack(acc), n);
    }

    /// @dev `finite` for elements that lie side by side, eight pairs at a time: a word of each side has its lanes' bytes
    /// swapped at once. The same steps as in `finite`, written out again: a call would cost as much as is saved.
    /// Takes and leaves the run in RUN_LEFT, RUN_RIGHT, RUN_PAIRS; ends at fewer than eight pairs, or where `finite` does.
    function blocks(uint256 acc) private pure returns (uint256) {
        acc = unpack(acc);
        assembly ("memory-safe") {
            for { mstore(RUN_ENDS, 0) } gt(mload(RUN_PAIRS), 7) {} {
                let lefts := mload(mload(RUN_LEFT))
                lefts := or(
                    and(shr(8, lefts), 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff),
                    shl(8, and(lefts, 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff))
                )
                lefts := or(
                    and(shr(16, lefts), 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff),
                    shl(16, and(lefts, 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff))
                )
                let rights := mload(mload(RUN_RIGHT))
                rights := or(
                    and(shr(8, rights), 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff),
                    shl(8, and(rights, 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff))
                )
                rights := or(
                    and(shr(16, rights), 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff),
                    shl(16, and(rights, 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff))
                )
                // from the top lane down
                let lane := 256
                for {} lane {} {
                    lane := sub(lane, 32)
                    let a := and(shr(lane, lefts), 0xffffffff)
                    let b := and(shr(lane, rights), 0xffffffff)
                    let e := and(shr(23, a), 0xff)
                    let f := and(shr(23, b), 0xff)
                    // the product is m·2^(e−300)
                    let m := mul(or(and(a, 0x7fffff), 0x800000), or(and(b, 0x7fffff), 0x800000))
                    if iszero(and(lt(sub(e, 1), 254), lt(sub(f, 1), 254))) {
                        // a zero, a denormal, an infinity or a NaN
                        if or(eq(e, 0xff), eq(f, 0xff)) {
                            mstore(RUN_ENDS, 1)
                            break
                        }
                        switch e
                        case 0 {
                            m := mul(and(a, 0x7fffff), or(and(b, 0x7fffff), shl(23, gt(f, 0))))
                            e := iszero(f)
                        }
                        default {
                            m := mul(and(b, 0x7fffff), or(and(a, 0x7fffff), 0x800000))
                        }
                        if iszero(m) { continue }
                        // one quantum up, 24 bits to drop
                        m := shl(24, m)
                        e := sub(e, 23)
                    }
                    // rounded to 24 bits, dropping f, the product will be m·2^e units
                    e := add(e, f)
                    f := sub(232, clz(m))
                    e := sub(add(e, f), mload(SCALE))
                    if gt(e, 212) {
                        switch slt(e, 0)
                        case 0 {
                            if eq(mload(SCALE), 151) {
                                acc := sar(40, acc)
                                mstore(SCALE, 191)
                                e := sub(e, 40)
                            }
                            // 2^237 coarse units are 2^128
                            if gt(e, 212) {
                                if gt(e, 229) {
                                    mstore(RUN_ENDS, 1)
                                    break
                                }
                                if shr(237, shl(e, shr(f, add(add(m, shr(sub(257, f), not(0))), and(shr(f, m), 1))))) {
                                    mstore(RUN_ENDS, 1)
                                    break
                                }
                            }
                        }
                        default {
                            if eq(mload(SCALE), 191) {
                                // beside an accumulator of 2^−50 or more this product decides nothing
                                if sar(59, xor(acc, sar(255, acc))) { continue }
                                acc := shl(40, acc)
                                mstore(SCALE, 151)
                                e := add(e, 40)
                            }
                            if slt(e, 0) {
                                // drop all bits below the quantum; of less than half of it nothing is left
                                f := sub(f, e)
                                if iszero(shr(sub(f, 1), m)) { continue }
                                e := 0
                            }
                        }
                    }
                    m := shl(e, shr(f, add(add(m, shr(sub(257, f), not(0))), and(shr(f, m), 1))))
                    // the exact sum
                    e := sar(255, shl(224, xor(a, b)))
                    a := add(acc, sub(xor(m, e), e))
                    // rounded like a magnitude: halves go to the even side of zero or not alike
                    f := sub(232, clz(xor(a, sar(255, a))))
                    if gt(sub(f, 1), 211) {
                        // 24 bits or fewer: exact
                        if slt(f, 1) {
                            acc := a
                            continue
                        }
                        a := and(add(add(a, shr(sub(257, f), not(0))), and(shr(f, a), 1)), shl(f, not(0)))
                        switch eq(mload(SCALE), 151)
                        case 1 {
                            a := sar(40, a)
                            mstore(SCALE, 191)
                        }
                        default {
                            e := sar(255, a)
                            if shr(237, sub(xor(a, e), e)) {
                                mstore(RUN_ENDS, 1)
                                break
                            }
                        }
                        acc := a
                        continue
                    }
                    acc := and(add(add(a, shr(sub(257, f), not(0))), and(shr(f, a), 1)), shl(f, not(0)))
                }
                // all of them, unless the one at `lane` leads out of the finite
                let taken := sub(8, mul(mload(RUN_ENDS), add(1, shr(5, lane))))
                mstore(RUN_PAIRS, sub(mload(RUN_PAIRS), taken))
                mstore(RUN_LEFT, add(mload(RUN_LEFT), shl(2, taken)))
                mstore(RUN_RIGHT, add(mload(RUN_RIGHT), shl(2, taken)))
                if mload(RUN_ENDS) { break }
            }
        }
        return pack(acc);
    }

    /// @dev Finite bits as a signed number of units; sets SCALE.
    function unpack(uint256 acc) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            let e := and(shr(23, acc), 0xff)
            r := or(and(acc, 0x7fffff), shl(23, gt(e, 0)))
            e := sub(e, gt(e, 0))
            mstore(SCALE, 151)
            if gt(e, 212) {
                mstore(SCALE, 191)
                e := sub(e, 40)
            }
            r := mul(shl(e, r), sub(1, shl(1, shr(31, acc))))
        }
    }

    /// @dev The inverse: the number has 24 significant bits at most.
    function pack(uint256 acc) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            let negative := sar(255, acc)
            let m := sub(xor(acc, negative), negative)
            let coarse := sub(mload(SCALE), 151)
            if lt(m, 0x1000000) {
                m := shl(coarse, m)
                coarse := 0
            }
            // below 2^24 units the bits are the number of units itself
            r := m
            if gt(m, 0xffffff) {
                let drop := sub(232, clz(m))
                r := add(shl(23, add(drop, coarse)), shr(drop, m))
            }
            r := or(r, and(negative, 0x80000000))
        }
    }
}
