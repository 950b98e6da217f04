// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Dot, Kernel, KernelCode} from "../libraries/KernelCode.sol";
import {DotFold, DotPlan} from "./DotFold.sol";
import {
    ACCESS_COORDINATES,
    ACCESS_DYNAMIC,
    ACCESS_ELSE,
    ACCESS_END,
    ACCESS_LIMIT,
    ACCESS_SOURCE,
    ACCESS_TYPE,
    ARENA_END,
    CONSTANT_REGISTERS,
    COORDINATE_SIZE,
    FOLD_COUNT,
    FOLD_EXTENTS,
    FOLD_REGISTERS,
    LOOP_REGISTERS,
    NEXT_STATE,
    REGISTERS
} from "./Layout.sol";
import {Scalar} from "./Scalar.sol";

/// @dev A kernel made ready for one element.
struct Ready {
    Kernel kernel;
    uint256 number; // k
    uint256[] ordinals; // of each access's source
    uint256[] accesses; // addresses of the records
    uint256 code; // address of the made-ready instructions: init, step, done
}

/// @title Evaluation: one element of one kernel (docs/spec/program.md, "Evaluation of element e")
library Evaluation {
    using KernelCode for Kernel;

    uint256 private constant FLIP = 0x8080808080808080808080808080808080808080808080808080808080808080;

    /// @notice Takes the fixed arena; must come before anything else is put in memory.
    function reserve() internal pure {
        assembly ("memory-safe") {
            if iszero(eq(mload(0x40), 0x80)) { invalid() }
            mstore(0x40, ARENA_END)
        }
    }

    /// @notice The word that `done` gives for `element`, not yet narrowed.
    /// @param number of the kernel
    /// @param ordinals of the sources of its accesses
    function evaluate(Kernel memory kernel, uint256 number, uint256 element, uint256[] memory ordinals)
        internal
        pure
        returns (uint256)
    {
        Ready memory ready;
        ready.kernel = kernel;
        ready.number = number;
        ready.ordinals = ordinals;
        setIndices(kernel, element);
        setConstants(kernel);
        readyAccesses(ready);
        readyCode(ready);
        return fold(ready);
    }

    function fold(Ready memory ready) private pure returns (uint256) {
        unchecked {
            Kernel memory kernel = ready.kernel;
            uint256 to = CONSTANT_REGISTERS + 32 * kernel.constants;
            uint256 step = ready.code + 32 * kernel.init;
            uint256 done = step + 32 * kernel.step;
            if (kernel.folds != 0) {
                Scalar.run(ready.code, step, to);
                for (uint256 j; j < 4; ++j) {
                    put(NEXT_STATE + 32 * j, j < kernel.state ? result(kernel, j) : REGISTERS + 32 * j);
                }
                step4();
                for (uint256 j; j < kernel.state; ++j) {
                    put(NEXT_STATE + 32 * j, result(kernel, kernel.state + j));
                }
                (Dot dot, uint256 p, uint256 q) = kernel.dotFold();
                if (dot == Dot.None) {
                    runFold(step, done, to, kernel);
                } else {
                    put(REGISTERS, DotFold.run(plan(ready, dot, p, q), get(REGISTERS)));
                }
            }
            Scalar.run(done, done + 32 * kernel.done, to);
            return get(result(kernel, 2 * kernel.state));
        }
    }

    /// @dev `step` for each fold index, in row-major order.
    function runFold(uint256 step, uint256 done, uint256 to, Kernel memory kernel) private pure {
        unchecked {
            uint256 outer = kernel.folds - 1;
            bool single = kernel.state == 1;
            do {
                uint256 row = get(FOLD_EXTENTS + 32 * outer);
                for (uint256 i = 0; i != row;) {
                    Scalar.run(step, done, to);
                    if (single) {
                        assembly ("memory-safe") {
                            mstore(REGISTERS, mload(mload(NEXT_STATE)))
                        }
                    } else {
                        step4();
                    }
                    ++i;
                    put(FOLD_REGISTERS + 32 * outer, i);
                }
                put(FOLD_REGISTERS + 32 * outer, 0);
            } while (DotFold.advance(outer));
        }
    }

    /// @dev All state words at once; those that the kernel does not have stay.
    function step4() private pure {
        assembly ("memory-safe") {
            let a := mload(mload(NEXT_STATE))
            let b := mload(mload(add(NEXT_STATE, 0x20)))
            let c := mload(mload(add(NEXT_STATE, 0x40)))
            mstore(add(REGISTERS, 0x60), mload(mload(add(NEXT_STATE, 0x60))))
            mstore(add(REGISTERS, 0x40), c)
            mstore(add(REGISTERS, 0x20), b)
            mstore(REGISTERS, a)
        }
    }

    function plan(Ready memory ready, Dot dot, uint256 p, uint256 q) private pure returns (DotPlan memory dots) {
        unchecked {
            Kernel memory kernel = ready.kernel;
            dots.dot = dot;
            dots.folds = kernel.folds;
            dots.left = recordOf(ready, p);
            dots.right = recordOf(ready, q);
            dots.leftFlip = KernelCode.u8At(p + 3) == KernelCode.I8_TYPE ? FLIP : 0;
            dots.rightFlip = KernelCode.u8At(q + 3) == KernelCode.I8_TYPE ? FLIP : 0;
            uint256 code = kernel.codeAt + 4 * kernel.init;
            // operand b of `isub`, the second instruction, and of the second `isub`, the fourth
            if (dot == Dot.I8Left || dot == Dot.I8Both) dots.leftZero = constantAt(KernelCode.u8At(code + 6));
            if (dot == Dot.I8Both) dots.rightZero = constantAt(KernelCode.u8At(code + 14));
        }
    }

    function recordOf(Ready memory ready, uint256 descriptorAt) private pure returns (uint256) {
        unchecked {
            uint256 i;
            while (ready.kernel.accessAt(i) != descriptorAt) ++i;
            return ready.accesses[i];
        }
    }

    function setIndices(Kernel memory kernel, uint256 element) private pure {
        unchecked {
            for (uint256 i = kernel.loops; i != 0;) {
                --i;
                uint256 extent = KernelCode.u32At(kernel.extentsAt + 4 * i);
                put(LOOP_REGISTERS + 32 * i, element % extent);
                element /= extent;
            }
            put(FOLD_COUNT, kernel.folds);
            for (uint256 i; i < kernel.folds; ++i) {
                put(FOLD_EXTENTS + 32 * i, KernelCode.u32At(kernel.extentsAt + 4 * (kernel.loops + i)));
            }
        }
    }

    function setConstants(Kernel memory kernel) private pure {
        unchecked {
            for (uint256 i; i < kernel.constants; ++i) {
                put(CONSTANT_REGISTERS + 32 * i, KernelCode.u32At(kernel.constantsAt + 4 * i));
            }
        }
    }

    function readyAccesses(Ready memory ready) private pure {
        unchecked {
            Kernel memory kernel = ready.kernel;
            ready.accesses = new uint256[](kernel.accesses);
            uint256 from = kernel.accessesAt;
            for (uint256 i; i < kernel.accesses; ++i) {
                uint256 dimensions = KernelCode.u8At(from + 1);
                uint256 here = allocate(ACCESS_COORDINATES + dimensions * COORDINATE_SIZE);
                ready.accesses[i] = here;
                put(here, here);
                put(here + ACCESS_END, here + ACCESS_COORDINATES + dimensions * COORDINATE_SIZE);
                put(here + ACCESS_DYNAMIC, KernelCode.u8At(from + 2));
                put(here + ACCESS_ELSE, KernelCode.u32At(from + 12));
                put(here + ACCESS_LIMIT, limit(ready, from));
                put(here + ACCESS_TYPE, KernelCode.u8At(from + 3));
                put(here + ACCESS_SOURCE, ready.ordinals[i]);
                readyCoordinates(kernel, from + KernelCode.ACCESS_HEAD, here + ACCESS_COORDINATES, dimensions);
                from += kernel.accessLength(from);
            }
        }
    }

    function readyCoordinates(Kernel memory kernel, uint256 from, uint256 here, uint256 dimensions) private pure {
        unchecked {
            uint256 loops = kernel.loops;
            uint256 end = 12 + 4 * (loops + kernel.folds);
            for (; dimensions != 0; --dimensions) {
                assembly ("memory-safe") {
                    let v := sar(224, mload(from))
                    let register := LOOP_REGISTERS
                    let coefficient := add(from, 12)
                    for { let folds := add(coefficient, shl(2, loops)) } lt(coefficient, folds) {} {
                        v := add(v, mul(sar(224, mload(coefficient)), mload(register)))
                        register := add(register, 32)
                        coefficient := add(coefficient, 4)
                    }
                    mstore(here, v)
                    mstore(add(here, 0x20), shr(224, mload(add(from, 4))))
                    mstore(add(here, 0x40), shr(224, mload(add(from, 8))))
                    from := add(from, end)
                    let to := add(here, 0x60)
                    for {} lt(coefficient, from) { coefficient := add(coefficient, 4) } {
                        mstore(to, sar(224, mload(coefficient)))
                        to := add(to, 32)
                    }
                    here := add(here, COORDINATE_SIZE)
                }
            }
        }
    }

    /// @dev Addresses below the limit lie inside the tensor and, in a result of the own group, in slices written before.
    function limit(Ready memory ready, uint256 access) private pure returns (uint256) {
        unchecked {
            Kernel memory kernel = ready.kernel;
            uint256 index = KernelCode.u32At(access + 4);
            uint256 length = KernelCode.u32At(access + 8);
            if (KernelCode.u8At(access) != KernelCode.SPACE_RESULT) return length;
            if (kernel.loops == 0 || index + kernel.groupPos < ready.number) return length;
            uint256 slice = length / KernelCode.u32At(kernel.extentsAt);
            return slice * (get(LOOP_REGISTERS) + (index < ready.number ? 1 : 0));
        }
    }

    function readyCode(Ready memory ready) private pure {
        unchecked {
            Kernel memory kernel = ready.kernel;
            uint256 from = kernel.codeAt;
            uint256 here = ready.code = allocate(kernel.resultsAt - from << 3);
            uint256 end = kernel.resultsAt;
            function(uint256, uint256, uint256) pure returns (uint256)[37] memory functions = Scalar.table();
            for (; from < end; from += 4) {
                uint256 word = KernelCode.u32At(from);
                function(uint256, uint256, uint256) pure returns (uint256) f = functions[word >> 24];
                uint256 a = uint8(word >> 16);
                a = word >> 24 == 0 ? ready.accesses[a] : REGISTERS + 32 * a;
                assembly ("memory-safe") {
                    a := or(a, shl(32, add(REGISTERS, shl(5, and(shr(8, word), 0xff)))))
                    a := or(a, shl(64, add(REGISTERS, shl(5, and(word, 0xff)))))
                    mstore(here, or(a, shl(96, f)))
                    here := add(here, 32)
                }
            }
        }
    }

    /// @dev Address of the register that entry `index` of `results` names.
    function result(Kernel memory kernel, uint256 index) private pure returns (uint256) {
        unchecked {
            return REGISTERS + 32 * KernelCode.u8At(kernel.resultsAt + index);
        }
    }

    function constantAt(uint256 number) private pure returns (uint256) {
        unchecked {
            return get(REGISTERS + 32 * number);
        }
    }

    /// @dev Zeroed memory: nothing else wrote above the free pointer but hashing, so it is cleared here.
    function allocate(uint256 size) private pure returns (uint256 here) {
        assembly ("memory-safe") {
            here := mload(0x40)
            mstore(0x40, add(here, size))
            calldatacopy(here, calldatasize(), size)
        }
    }

    function put(uint256 here, uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(here, value)
        }
    }

    function get(uint256 here) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(here)
        }
    }
}
