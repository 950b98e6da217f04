// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IArbiter, WitnessFault} from "../interfaces/IArbiter.sol";
import {F32} from "../libraries/F32.sol";
import {
    ACCESS_COORDINATES,
    ACCESS_DATA,
    ACCESS_DYNAMIC,
    ACCESS_ELSE,
    ACCESS_END,
    ACCESS_HELD,
    ACCESS_LIMIT,
    ACCESS_LOW,
    ACCESS_SOURCE,
    ACCESS_TYPE,
    COORDINATE_SIZE,
    FOLD_COUNT,
    FOLD_REGISTERS,
    HINT_AT,
    HINT_END,
    SPANS_AT,
    SPAN_COUNT,
    SPAN_SIZE,
    WITNESS_AT
} from "./Layout.sol";

/// @title Scalar: the instructions of docs/spec/program.md, and straight-line code of them
/// @dev Registers hold words below 2³². Every instruction takes three operands and gives one word.
library Scalar {
    /// @notice Runs the made-ready instructions from `here` to `end`; results go to successive registers from `to` on.
    /// @dev One word an instruction, from the low end: addresses of operands a, b, c, 32 bits each, then the function, which
    /// gets operands a and b, and the word itself.
    function run(uint256 here, uint256 end, uint256 to) internal pure {
        function(uint256, uint256, uint256) pure returns (uint256) instruction;
        uint256 a;
        uint256 b;
        uint256 word;
        while (here != end) {
            assembly ("memory-safe") {
                word := mload(here)
                a := mload(and(word, 0xffffffff))
                b := mload(and(shr(32, word), 0xffffffff))
                instruction := shr(96, word)
            }
            a = instruction(a, b, word);
            assembly ("memory-safe") {
                mstore(to, a)
                to := add(to, 32)
                here := add(here, 32)
            }
        }
    }

    /// @notice The function of each op.
    function table() internal pure returns (function(uint256, uint256, uint256) pure returns (uint256)[37] memory) {
        return [
            ld,
            fadd,
            fsub,
            fmul,
            fdiv,
            fsqrt,
            fmin,
            fmax,
            fneg,
            fabs,
            ffloor,
            frint,
            flt,
            fle,
            feq,
            i2f,
            f2i,
            iadd,
            isub,
            imul,
            umulh,
            idiv,
            irem,
            udiv,
            urem,
            imin,
            imax,
            ilt,
            ult,
            ieq,
            bitand,
            bitor,
            bitxor,
            ishl,
            isar,
            ishr,
            select
        ];
    }

    /// @notice Reads through access `x` (its address); register b, and c of `word`, go to its dynamic coordinates.
    function ld(uint256 x, uint256 b, uint256 word) private pure returns (uint256 value) {
        uint256 element = locate(x, b, word);
        bool hit;
        assembly ("memory-safe") {
            hit := iszero(lt(element, mload(add(x, ACCESS_LIMIT))))
            if hit { value := mload(add(x, ACCESS_ELSE)) }
        }
        if (hit) return value;
        for (;;) {
            assembly ("memory-safe") {
                let offset := sub(element, mload(add(x, ACCESS_LOW)))
                hit := lt(offset, mload(add(x, ACCESS_HELD)))
                if hit {
                    let data := mload(add(x, ACCESS_DATA))
                    switch gt(mload(add(x, ACCESS_TYPE)), 1)
                    case 0 {
                        // four little-endian bytes: copies of the word side by side, one byte taken from each, folded together
                        value := mul(shr(224, mload(add(data, shl(2, offset)))), 0x1000000010000000100000001000000)
                        value := mod(and(value, 0xff00000000ff00000000ff00000000ff000000), 0xffffffffffff)
                    }
                    default {
                        value := byte(0, mload(add(data, offset)))
                        if eq(mload(add(x, ACCESS_TYPE)), 2) { value := and(signextend(0, value), 0xffffffff) }
                    }
                }
            }
            if (hit) return value;
            turn(x, element, element);
        }
    }

    /// @dev The address that access `x` gives, or a number beyond all limits outside its box.
    function locate(uint256 x, uint256 b, uint256 word) private pure returns (uint256 element) {
        assembly ("memory-safe") {
            let outside := 0
            let here := add(x, ACCESS_COORDINATES)
            let end := mload(add(x, ACCESS_END))
            let dynamic := mload(add(x, ACCESS_DYNAMIC))
            switch dynamic
            case 0 {
                // static coordinates stay within 2^30 of zero: none wraps, and a negative one is beyond its extent
                switch mload(FOLD_COUNT)
                case 0 {
                    for {} lt(here, end) { here := add(here, COORDINATE_SIZE) } {
                        let v := mload(here)
                        outside := or(outside, iszero(lt(v, mload(add(here, 0x20)))))
                        element := add(element, mul(v, mload(add(here, 0x40))))
                    }
                }
                case 1 {
                    let i := mload(FOLD_REGISTERS)
                    for {} lt(here, end) { here := add(here, COORDINATE_SIZE) } {
                        let v := add(mload(here), mul(mload(add(here, 0x60)), i))
                        outside := or(outside, iszero(lt(v, mload(add(here, 0x20)))))
                        element := add(element, mul(v, mload(add(here, 0x40))))
                    }
                }
                case 2 {
                    for {} lt(here, end) { here := add(here, COORDINATE_SIZE) } {
                        let v := add(mload(here), mul(mload(add(here, 0x60)), mload(FOLD_REGISTERS)))
                        v := add(v, mul(mload(add(here, 0x80)), mload(add(FOLD_REGISTERS, 0x20))))
                        outside := or(outside, iszero(lt(v, mload(add(here, 0x20)))))
                        element := add(element, mul(v, mload(add(here, 0x40))))
                    }
                }
                default {
                    for {} lt(here, end) { here := add(here, COORDINATE_SIZE) } {
                        let v := add(mload(here), mul(mload(add(here, 0x60)), mload(FOLD_REGISTERS)))
                        v := add(v, mul(mload(add(here, 0x80)), mload(add(FOLD_REGISTERS, 0x20))))
                        v := add(v, mul(mload(add(here, 0xa0)), mload(add(FOLD_REGISTERS, 0x40))))
                        v := add(v, mul(mload(add(here, 0xc0)), mload(add(FOLD_REGISTERS, 0x60))))
                        outside := or(outside, iszero(lt(v, mload(add(here, 0x20)))))
                        element := add(element, mul(v, mload(add(here, 0x40))))
                    }
                }
            }
            default {
                let folds := mload(FOLD_COUNT)
                for {} lt(here, end) { here := add(here, COORDINATE_SIZE) } {
                    let v := mload(here)
                    if folds {
                        v := add(v, mul(mload(add(here, 0x60)), mload(FOLD_REGISTERS)))
                        if gt(folds, 1) {
                            v := add(v, mul(mload(add(here, 0x80)), mload(add(FOLD_REGISTERS, 0x20))))
                            if gt(folds, 2) {
                                v := add(v, mul(mload(add(here, 0xa0)), mload(add(FOLD_REGISTERS, 0x40))))
                                v := add(v, mul(mload(add(here, 0xc0)), mload(add(FOLD_REGISTERS, 0x60))))
                            }
                        }
                    }
                    if and(dynamic, 1) {
                        v := add(v, b)
                        b := mload(and(shr(64, word), 0xffffffff))
                    }
                    dynamic := shr(1, dynamic)
                    v := and(v, 0xffffffff)
                    outside := or(outside, iszero(lt(v, mload(add(here, 0x20)))))
                    element := add(element, mul(v, mload(add(here, 0x40))))
                }
            }
            element := or(element, sub(0, outside))
        }
    }

    /// @notice Makes the span that the next hint names the current one of access `x`; it must hold elements `low` to `high`.
    function turn(uint256 x, uint256 low, uint256 high) internal pure {
        bool good;
        uint256 here;
        assembly ("memory-safe") {
            here := mload(HINT_AT)
            if lt(here, mload(HINT_END)) {
                let ordinal := byte(0, calldataload(here))
                if lt(ordinal, mload(SPAN_COUNT)) {
                    let span := add(mload(SPANS_AT), mul(ordinal, SPAN_SIZE))
                    let first := mload(add(span, 0x20))
                    let held := mload(add(span, 0x40))
                    good := and(
                        eq(mload(span), mload(add(x, ACCESS_SOURCE))),
                        and(lt(sub(low, first), held), lt(sub(high, first), held))
                    )
                    mstore(add(x, ACCESS_LOW), first)
                    mstore(add(x, ACCESS_HELD), held)
                    mstore(add(x, ACCESS_DATA), mload(add(span, 0x60)))
                    mstore(HINT_AT, add(here, 1))
                }
            }
        }
        if (!good) revert IArbiter.ArbiterWitness(WitnessFault.Hint, here - witness());
    }

    /// @dev Where in calldata the witness begins.
    function witness() private pure returns (uint256 here) {
        assembly ("memory-safe") {
            here := mload(WITNESS_AT)
        }
    }

    function fadd(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.add(a, b);
    }

    function fsub(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.add(a, b ^ F32.SIGN);
    }

    function fmul(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.mul(a, b);
    }

    function fdiv(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.div(a, b);
    }

    function fsqrt(uint256 a, uint256, uint256) private pure returns (uint256) {
        return F32.sqrt(a);
    }

    function fmin(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.min(a, b);
    }

    function fmax(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.max(a, b);
    }

    function fneg(uint256 a, uint256, uint256) private pure returns (uint256) {
        return F32.neg(a);
    }

    function fabs(uint256 a, uint256, uint256) private pure returns (uint256) {
        return F32.abs(a);
    }

    function ffloor(uint256 a, uint256, uint256) private pure returns (uint256) {
        return F32.floor(a);
    }

    function frint(uint256 a, uint256, uint256) private pure returns (uint256) {
        return F32.rint(a);
    }

    function flt(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.lt(a, b);
    }

    function fle(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.le(a, b);
    }

    function feq(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return F32.eq(a, b);
    }

    function i2f(uint256 a, uint256, uint256) private pure returns (uint256) {
        return F32.fromInt(a);
    }

    function f2i(uint256 a, uint256, uint256) private pure returns (uint256) {
        return F32.toInt(a);
    }

    function iadd(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := and(add(a, b), 0xffffffff)
        }
    }

    function isub(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := and(sub(a, b), 0xffffffff)
        }
    }

    function imul(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := and(mul(a, b), 0xffffffff)
        }
    }

    function umulh(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := shr(32, mul(a, b))
        }
    }

    // The EVM divides by zero to zero, toward zero, as Programs do; −2³¹ / −1 is 2³¹ in a wide word, whose low bits are −2³¹.

    function idiv(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := and(sdiv(signextend(3, a), signextend(3, b)), 0xffffffff)
        }
    }

    function irem(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := and(smod(signextend(3, a), signextend(3, b)), 0xffffffff)
        }
    }

    function udiv(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := div(a, b)
        }
    }

    function urem(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := mod(a, b)
        }
    }

    function imin(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return ilt(b, a, 0) == 1 ? b : a;
    }

    function imax(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return ilt(a, b, 0) == 1 ? b : a;
    }

    function ilt(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := slt(signextend(3, a), signextend(3, b))
        }
    }

    function ult(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := lt(a, b)
        }
    }

    function ieq(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := eq(a, b)
        }
    }

    function bitand(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return a & b;
    }

    function bitor(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return a | b;
    }

    function bitxor(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return a ^ b;
    }

    function ishl(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return (a << (b & 31)) & 0xffffffff;
    }

    function isar(uint256 a, uint256 b, uint256) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := and(sar(and(b, 31), signextend(3, a)), 0xffffffff)
        }
    }

    function ishr(uint256 a, uint256 b, uint256) private pure returns (uint256) {
        return a >> (b & 31);
    }

    function select(uint256 a, uint256 b, uint256 word) private pure returns (uint256 r) {
        assembly ("memory-safe") {
            r := b
            if iszero(a) { r := mload(and(shr(64, word), 0xffffffff)) }
        }
    }
}
