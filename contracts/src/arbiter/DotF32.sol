// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {F32} from "../libraries/F32.sol";
import {LEFT_STRIDE, RIGHT_STRIDE, SCALE} from "./Layout.sol";

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
    uint256 right;
    assembly ("memory-safe") {
      left := mload(LEFT_STRIDE)
      right := mload(RIGHT_STRIDE)
    }
    unchecked {
      while (n != 0 && acc != F32.NAN) {
        if (acc != F32.SIGN && (acc & F32.INF) != F32.INF) {
          uint256 before = n;
          (acc, n) = finite(acc, p, q, n);
          p += (before - n) * left;
          q += (before - n) * right;
          if (n == 0) break;
        }
        uint256 product = F32.mul(element(p), element(q));
        // −0 stays while products are −0, an infinity while they are finite; NaN becomes the canonical one
        bool stays = acc == F32.SIGN ? product == acc : (acc & ~F32.SIGN) == F32.INF && (product & F32.INF) != F32.INF;
        if (!stays) acc = F32.add(acc, product);
        p += left;
        q += right;
        --n;
      }
    }
    return acc;
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
          m := mul(or(and(a, 0x7fffff), shl(23, gt(e, 0))), or(and(b, 0x7fffff), shl(23, gt(f, 0))))
          if iszero(m) { continue }
          m := shl(24, m)
          e := sub(add(e, iszero(e)), sub(24, iszero(f)))
        }
        e := add(e, f)
        // round the product to 24 bits
        f := sub(232, clz(m))
        m := shr(f, add(add(m, sub(shl(sub(f, 1), 1), 1)), and(shr(f, m), 1)))
        f := sub(add(e, f), mload(SCALE))
        // now it is m·2^f units
        if gt(f, 212) {
          switch slt(f, 0)
          case 0 {
            if eq(mload(SCALE), 151) {
              acc := sar(40, acc)
              mstore(SCALE, 191)
              f := sub(f, 40)
            }
            // 2^237 coarse units are 2^128
            if gt(f, 212) { if or(gt(f, 229), shr(237, shl(f, m))) { break } }
          }
          default {
            f := add(f, sub(mload(SCALE), 151))
            if slt(f, 0) {
              // bits below the quantum: round the whole product there instead
              e := and(shr(23, a), 0xff)
              f := and(shr(23, b), 0xff)
              m := shl(24, mul(or(and(a, 0x7fffff), shl(23, gt(e, 0))), or(and(b, 0x7fffff), shl(23, gt(f, 0)))))
              f := sub(175, add(add(e, iszero(e)), add(f, iszero(f))))
              m := shr(f, add(add(m, sub(shl(sub(f, 1), 1), 1)), and(shr(f, m), 1)))
              f := 0
            }
            if eq(mload(SCALE), 191) {
              // beside an accumulator of 2^−50 or more this product decides nothing
              if sar(59, xor(acc, sar(255, acc))) { continue }
              acc := shl(40, acc)
              mstore(SCALE, 151)
            }
          }
        }
        // the exact sum, as sign (0 or −1) and magnitude
        f := shl(f, m)
        e := sar(255, shl(224, xor(a, b)))
        a := add(acc, sub(xor(f, e), e))
        e := sar(255, a)
        m := sub(xor(a, e), e)
        f := sub(232, clz(m))
        if gt(sub(f, 1), 211) {
          // 24 bits or fewer: exact
          if slt(f, 1) {
            acc := a
            continue
          }
          m := shl(f, shr(f, add(add(m, sub(shl(sub(f, 1), 1), 1)), and(shr(f, m), 1))))
          switch eq(mload(SCALE), 151)
          case 1 {
            m := shr(40, m)
            mstore(SCALE, 191)
          }
          default { if shr(237, m) { break } }
          acc := sub(xor(m, e), e)
          continue
        }
        m := shl(f, shr(f, add(add(m, sub(shl(sub(f, 1), 1), 1)), and(shr(f, m), 1))))
        acc := sub(xor(m, e), e)
      }
    }
    return (pack(acc), n);
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
