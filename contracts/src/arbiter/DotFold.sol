// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Dot} from "../libraries/KernelCode.sol";
import {DotF32} from "./DotF32.sol";
import {DotI8} from "./DotI8.sol";
import {
    ACCESS_COORDINATES,
    ACCESS_DATA,
    ACCESS_ELSE,
    ACCESS_END,
    ACCESS_HELD,
    ACCESS_LIMIT,
    ACCESS_LOW,
    ACCESS_TYPE,
    COORDINATE_SIZE,
    FOLD_EXTENTS,
    FOLD_REGISTERS,
    LEFT_ELSE,
    LEFT_STRIDE,
    RIGHT_ELSE,
    RIGHT_STRIDE
} from "./Layout.sol";
import {Scalar} from "./Scalar.sol";

/// @dev A fold at dot rate: both accesses (addresses of their records), and the zero points taken off before multiplying.
struct DotPlan {
    Dot dot;
    uint256 left;
    uint256 right;
    uint256 leftZero;
    uint256 rightZero;
    uint256 leftFlip; // bytes of 0x80 where the side is i8, else 0
    uint256 rightFlip;
    uint256 folds; // s
}

/// @dev One side of a row: its reads `from ≤ i < to` are inside, read i lies at `here + i·stride` (as a wrapping number).
struct Side {
    uint256 from;
    uint256 to;
    uint256 here;
    uint256 stride;
}

/// @title DotFold: folds of multiply and add, row by row (a row: one pass of the last fold dimension)
/// @dev Along a row coordinates are linear, so what is inside is one interval on each side: a row falls into at most five
/// runs, in each of which a side is either a run of elements or its else-word.
library DotFold {
    /// @param acc the state after `init`
    /// @return the state after the fold
    function run(DotPlan memory plan, uint256 acc) internal pure returns (uint256) {
        Side memory p;
        Side memory q;
        uint256 n;
        unchecked {
            uint256 last = plan.folds - 1;
            assembly ("memory-safe") {
                n := mload(add(FOLD_EXTENTS, shl(5, last)))
            }
            bool real = plan.dot == Dot.F32;
            if (real) layElse(plan);
            do {
                place(p, plan.left, last, n);
                place(q, plan.right, last, n);
                for (uint256 i; i < n;) {
                    (bool pIn, uint256 next) = extent(p, i, n);
                    bool qIn;
                    (qIn, next) = extent(q, i, next);
                    if (real) {
                        (uint256 a, uint256 b) = (pIn ? p.stride : 0, qIn ? q.stride : 0);
                        assembly ("memory-safe") {
                            mstore(LEFT_STRIDE, a)
                            mstore(RIGHT_STRIDE, b)
                        }
                        acc = DotF32.run(
                            acc, pIn ? p.here + i * a : LEFT_ELSE, qIn ? q.here + i * b : RIGHT_ELSE, next - i
                        );
                    } else {
                        acc = runI8(plan, acc, pIn ? p.here + i : 0, qIn ? q.here + i : 0, next - i);
                    }
                    i = next;
                }
            } while (advance(last));
        }
        return acc;
    }

    /// @notice To the next fold index over the first `dimensions` dimensions, in row-major order.
    /// @return more false when it has come round to zero
    function advance(uint256 dimensions) internal pure returns (bool more) {
        assembly ("memory-safe") {
            for {} dimensions {} {
                dimensions := sub(dimensions, 1)
                let register := add(FOLD_REGISTERS, shl(5, dimensions))
                let index := add(mload(register), 1)
                if lt(index, mload(add(FOLD_EXTENTS, shl(5, dimensions)))) {
                    mstore(register, index)
                    more := 1
                    break
                }
                mstore(register, 0)
            }
        }
    }

    /// @dev Whether read i is inside, and how far that stays so (at most `next`).
    function extent(Side memory side, uint256 i, uint256 next) private pure returns (bool inside, uint256) {
        uint256 turning;
        if (i < side.from) turning = side.from;
        else if (i < side.to) (inside, turning) = (true, side.to);
        else turning = next;
        return (inside, turning < next ? turning : next);
    }

    /// @dev Finds what of the row is inside, takes a hint where the current span does not hold all of it.
    function place(Side memory side, uint256 access, uint256 last, uint256 n) private pure {
        unchecked {
            (uint256 from, uint256 to, uint256 zero, uint256 step) = reach(access, last, n);
            side.from = from;
            side.to = to;
            if (from >= to) {
                side.from = side.to = 0;
                return;
            }
            uint256 low = zero + from * step;
            uint256 high = zero + (to - 1) * step;
            uint256 first = word(access + ACCESS_LOW);
            uint256 held = word(access + ACCESS_HELD);
            if (low - first >= held || high - first >= held) {
                Scalar.turn(access, low, high);
                first = word(access + ACCESS_LOW);
            }
            uint256 shift = word(access + ACCESS_TYPE) < 2 ? 2 : 0;
            side.here = word(access + ACCESS_DATA) + ((zero - first) << shift);
            side.stride = step << shift;
        }
    }

    /// @dev Reads `from ≤ i < to` of the row are inside; read i is element zero + i·step (wrapping numbers).
    function reach(uint256 access, uint256 last, uint256 n)
        private
        pure
        returns (uint256 from, uint256 to, uint256 zero, uint256 step)
    {
        unchecked {
            to = n;
            uint256 end = word(access + ACCESS_END);
            for (uint256 here = access + ACCESS_COORDINATES; here < end; here += COORDINATE_SIZE) {
                uint256 v;
                uint256 slope;
                assembly ("memory-safe") {
                    v := mload(here)
                    let coefficient := add(here, 0x60)
                    for { let i := 0 } lt(i, last) { i := add(i, 1) } {
                        v := add(v, mul(mload(coefficient), mload(add(FOLD_REGISTERS, shl(5, i)))))
                        coefficient := add(coefficient, 0x20)
                    }
                    slope := mload(coefficient)
                    let stride := mload(add(here, 0x40))
                    zero := add(zero, mul(v, stride))
                    step := add(step, mul(slope, stride))
                }
                uint256 bound = word(here + 0x20);
                if (v >= bound || v + slope * (n - 1) >= bound) {
                    (from, to) = clip(int256(v), int256(slope), int256(bound), from, to);
                }
            }
            uint256 limit = word(access + ACCESS_LIMIT);
            if (zero >= limit || zero + step * (n - 1) >= limit) {
                (from, to) = clip(int256(zero), int256(step), int256(limit), from, to);
            }
        }
    }

    /// @dev Narrows [from, to) to the i with 0 ≤ v + slope·i < bound.
    function clip(int256 v, int256 slope, int256 bound, uint256 from, uint256 to)
        private
        pure
        returns (uint256, uint256)
    {
        unchecked {
            if (slope == 0) return (from, v < 0 || v >= bound ? 0 : to);
            int256 first;
            int256 end;
            if (slope > 0) {
                if (v < 0) first = (slope - 1 - v) / slope;
                if (v < bound) end = (bound - v + slope - 1) / slope;
            } else {
                if (v >= bound) first = (v - bound) / -slope + 1;
                if (v >= 0) end = v / -slope + 1;
            }
            return (uint256(first) > from ? uint256(first) : from, uint256(end) < to ? uint256(end) : to);
        }
    }

    /// @dev Σ (pᵢ − z)(qᵢ − w) added to acc; an address of 0 stands for a run of else-words.
    function runI8(DotPlan memory plan, uint256 acc, uint256 p, uint256 q, uint256 n) private pure returns (uint256) {
        unchecked {
            (uint256 products, uint256 ps, uint256 qs) = sums(plan, p, q, n);
            // bytes with their top bit flipped are 128 too large
            uint256 z = plan.leftZero + (p == 0 ? 0 : plan.leftFlip >> 248);
            uint256 w = plan.rightZero + (q == 0 ? 0 : plan.rightFlip >> 248);
            return (acc + products - w * ps - z * qs + n * z * w) & 0xffffffff;
        }
    }

    function sums(DotPlan memory plan, uint256 p, uint256 q, uint256 n)
        private
        pure
        returns (uint256 products, uint256 ps, uint256 qs)
    {
        unchecked {
            if (p != 0 && q != 0) return DotI8.sums(p, q, n, plan.leftFlip, plan.rightFlip);
            uint256 leftElse = word(plan.left + ACCESS_ELSE);
            uint256 rightElse = word(plan.right + ACCESS_ELSE);
            if (p == 0) ps = leftElse * n;
            else (, ps,) = DotI8.sums(p, p, n, plan.leftFlip, plan.leftFlip);
            if (q == 0) qs = rightElse * n;
            else (, qs,) = DotI8.sums(q, q, n, plan.rightFlip, plan.rightFlip);
            products = p == 0 ? leftElse * qs : rightElse * ps;
        }
    }

    /// @dev Lays the else-words down as they would lie in a tensor.
    function layElse(DotPlan memory plan) private pure {
        uint256 p = word(plan.left + ACCESS_ELSE);
        uint256 q = word(plan.right + ACCESS_ELSE);
        assembly ("memory-safe") {
            function little(x) -> r {
                r := or(
                    or(shl(248, x), shl(240, and(shr(8, x), 0xff))),
                    or(shl(232, and(shr(16, x), 0xff)), shl(224, shr(24, x)))
                )
            }
            mstore(LEFT_ELSE, little(p))
            mstore(RIGHT_ELSE, little(q))
        }
    }

    function word(uint256 here) private pure returns (uint256 v) {
        assembly ("memory-safe") {
            v := mload(here)
        }
    }
}
