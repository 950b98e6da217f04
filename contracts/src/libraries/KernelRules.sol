// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IValidator} from "../interfaces/IValidator.sol";
import {Shape} from "../types/Model.sol";
import {Header} from "./HeaderCode.sol";
import {Kernel, KernelCode} from "./KernelCode.sol";

/// @dev What the rules find out on the way and the cost needs again.
struct Findings {
    uint32 number; // of the kernel
    uint256 elements; // Π loops
    uint256 steps; // Π folds
    AccessFindings[] accesses;
    uint256 initGas; // ops(segment) of docs/spec/cost.md
    uint256 stepGas;
    uint256 doneGas;
}

struct AccessFindings {
    uint256 here; // address in the descriptor
    uint256 dynamic; // dynamic coordinates: 0, 1 or 2
    uint256 gas; // of one `ld`
    uint256 outside; // `ld` in init and done
    uint256 inside; // `ld` in step
}

/// @title KernelRules: V1–V8 of docs/spec/program.md, as far as a header and one descriptor decide them
library KernelRules {
    using KernelCode for Kernel;

    uint256 private constant MAX_LENGTH = 4096;

    /// @dev Operands of each op, 2 bits; `ld` is apart.
    uint256 private constant OPERANDS = 0x3aaaaaaaaa96a55a6a8;
    /// @dev Class of gas of each op, 3 bits, and gas of each class, 16 bits (docs/spec/cost.md, "Instructions").
    uint256 private constant GAS_CLASS = 0x124924924924924b6926c94ad968;
    uint256 private constant CLASS_GAS = 0x3b60352022601f4015e0000;

    function fail(uint256 rule, Findings memory found, uint256 value) internal pure {
        revert IValidator.ValidatorKernel(uint8(rule), found.number, value);
    }

    function check(Header memory header, Kernel memory kernel, uint256 length, Findings memory found) internal pure {
        checkForm(kernel, length, found);
        checkSpaces(kernel, found);
        checkCounts(kernel, found);
        checkGroup(header, kernel, found);
        checkAccesses(header, kernel, found);
        checkCode(kernel, found);
    }

    /// @dev V1 but for what lies inside accesses and instructions.
    function checkForm(Kernel memory kernel, uint256 length, Findings memory found) private pure {
        unchecked {
            if (kernel.length != length || length > MAX_LENGTH) fail(1, found, length);
            uint256 start = kernel.start;
            if (KernelCode.u8At(start) != 1) fail(1, found, KernelCode.u8At(start));
            if (KernelCode.u8At(start + 7) | KernelCode.u8At(start + 11) != 0) {
                fail(1, found, KernelCode.u8At(start + 7));
            }
            if (kernel.outType > 3) fail(1, found, kernel.outType);
            for (uint256 here = kernel.resultsAt + 2 * kernel.state + 1; here < start + length; ++here) {
                if (KernelCode.u8At(here) != 0) fail(1, found, KernelCode.u8At(here));
            }
        }
    }

    /// @dev V2.
    function checkSpaces(Kernel memory kernel, Findings memory found) private pure {
        unchecked {
            if (kernel.loops > 8) fail(2, found, kernel.loops);
            if (kernel.folds > 4) fail(2, found, kernel.folds);
            found.elements = product(kernel.extentsAt, kernel.loops, 1 << 30, found);
            found.steps = product(kernel.extentsAt + 4 * kernel.loops, kernel.folds, 1 << 20, found);
        }
    }

    function product(uint256 here, uint256 number, uint256 most, Findings memory found)
        private
        pure
        returns (uint256 result)
    {
        unchecked {
            result = 1;
            for (uint256 end = here + 4 * number; here != end; here += 4) {
                uint256 extent = KernelCode.u32At(here);
                result *= extent;
                if (extent < 2 || result > most) fail(2, found, extent);
            }
        }
    }

    /// @dev V3 but for D.
    function checkCounts(Kernel memory kernel, Findings memory found) private pure {
        unchecked {
            if (kernel.state > 4) fail(3, found, kernel.state);
            if ((kernel.state == 0) != (kernel.folds == 0)) fail(3, found, kernel.state);
            if (kernel.folds == 0 && kernel.init + kernel.step != 0) fail(3, found, kernel.init + kernel.step);
            if (kernel.accesses > 16) fail(3, found, kernel.accesses);
            if (kernel.constants > 64) fail(3, found, kernel.constants);
            uint256 most = kernel.init > kernel.step ? kernel.init : kernel.step;
            if (kernel.done > most) most = kernel.done;
            if (kernel.constants + most > 240) fail(3, found, kernel.constants + most);
        }
    }

    /// @dev V8 but for the neighbours and for kernels that read themselves.
    function checkGroup(Header memory header, Kernel memory kernel, Findings memory found) private pure {
        unchecked {
            if (kernel.groupSize == 0 || kernel.groupSize > 4096) fail(8, found, kernel.groupSize);
            if (kernel.groupPos >= kernel.groupSize || kernel.groupPos > found.number) fail(8, found, kernel.groupPos);
            if (found.number - kernel.groupPos + kernel.groupSize > header.kernels) fail(8, found, kernel.groupSize);
            if (kernel.groupSize > 1 && kernel.loops == 0) fail(8, found, 0);
        }
    }

    /// @dev What V1, V3, V4, V6 and V7 say of accesses.
    function checkAccesses(Header memory header, Kernel memory kernel, Findings memory found) private pure {
        unchecked {
            found.accesses = new AccessFindings[](kernel.accesses);
            uint256 here = kernel.accessesAt;
            for (uint256 i; i < kernel.accesses; ++i) {
                AccessFindings memory access = found.accesses[i];
                access.here = here;
                uint256 dimensions = KernelCode.u8At(here + 1);
                uint256 mask = KernelCode.u8At(here + 2);
                if (dimensions > 5) fail(3, found, dimensions);
                if (mask >> dimensions != 0) fail(4, found, mask);
                for (; mask != 0; mask &= mask - 1) {
                    ++access.dynamic;
                }
                if (access.dynamic > 2) fail(4, found, KernelCode.u8At(here + 2));
                access.gas = (access.dynamic == 0 ? 750 : 1100) + dimensions * (120 + 60 * kernel.folds);
                checkSource(header, kernel, found, here);
                here = checkCoordinates(kernel, found, here, dimensions);
            }
        }
    }

    /// @dev V7: dtype and length as the header has them, or as this kernel has them where it reads itself.
    function checkSource(Header memory header, Kernel memory kernel, Findings memory found, uint256 here) private pure {
        unchecked {
            uint256 space = KernelCode.u8At(here);
            uint256 dtype = KernelCode.u8At(here + 3);
            uint256 index = KernelCode.u32At(here + 4);
            uint256 length = KernelCode.u32At(here + 8);
            if (dtype > 3) fail(1, found, dtype);
            if (length == 0) fail(7, found, 0);
            uint256 want = (dtype << 32) | length;
            if (space == KernelCode.SPACE_RESULT) {
                uint256 first = found.number - kernel.groupPos;
                if (index >= found.number && index >= first + kernel.groupSize) fail(7, found, index);
                if (index == found.number) {
                    if (kernel.loops == 0) fail(8, found, 0);
                    if ((kernel.outType << 32) | found.elements != want) fail(7, found, length);
                }
            } else {
                if (space > KernelCode.SPACE_RESULT) fail(7, found, space);
                Shape[] memory list = space == KernelCode.SPACE_INPUT ? header.inputs : header.weights;
                if (index >= list.length) fail(7, found, index);
                if (Shape.unwrap(list[index]) != want) fail(7, found, length);
            }
        }
    }

    /// @dev V6. Returns the address past the access.
    function checkCoordinates(Kernel memory kernel, Findings memory found, uint256 here, uint256 dimensions)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 extentsAt = kernel.extentsAt;
            uint256 indices = kernel.loops + kernel.folds;
            uint256 span;
            here += KernelCode.ACCESS_HEAD;
            for (; dimensions != 0; --dimensions) {
                uint256 extent = KernelCode.u32At(here + 4);
                if (extent == 0 || extent >= 1 << 30) fail(6, found, extent);
                span += (extent - 1) * KernelCode.u32At(here + 8);
                uint256 reach;
                assembly ("memory-safe") {
                    function magnitude(word) -> m {
                        let v := sar(224, word)
                        let s := sar(255, v)
                        m := sub(xor(v, s), s)
                    }
                    reach := magnitude(mload(here))
                    here := add(here, 12)
                    let e := extentsAt
                    for { let end := add(here, shl(2, indices)) } lt(here, end) { here := add(here, 4) } {
                        reach := add(reach, mul(magnitude(mload(here)), sub(shr(224, mload(e)), 1)))
                        e := add(e, 4)
                    }
                }
                if (reach >= 1 << 30) fail(6, found, reach);
            }
            if (span >= 1 << 31) fail(6, found, span);
            return here;
        }
    }

    /// @dev V5, and what V1 says of instructions. A set of registers is a word, a bit each.
    function checkCode(Kernel memory kernel, Findings memory found) private pure {
        unchecked {
            uint256 always = registers(KernelCode.FIRST_CONSTANT, kernel.constants) | registers(4, kernel.loops);
            uint256 state = registers(0, kernel.state);
            uint256 here = kernel.codeAt;
            uint256 results = kernel.resultsAt;
            if (kernel.state != 0) {
                uint256 readable;
                (readable, found.initGas) = checkSegment(kernel, found, here, kernel.init, always);
                checkResults(found, results, kernel.state, readable);
                here += 4 * kernel.init;
                results += kernel.state;
                readable = always | state | registers(12, kernel.folds);
                (readable, found.stepGas) = checkSegment(kernel, found, here, kernel.step | STEP, readable);
                checkResults(found, results, kernel.state, readable);
                here += 4 * kernel.step;
                results += kernel.state;
            }
            (always, found.doneGas) = checkSegment(kernel, found, here, kernel.done, always | state);
            checkResults(found, results, 1, always);
        }
    }

    uint256 private constant STEP = 1 << 8;

    function registers(uint256 first, uint256 number) private pure returns (uint256) {
        unchecked {
            return ((1 << number) - 1) << first;
        }
    }

    /// @param number of instructions, and STEP for those of `step`
    /// @return the registers readable at the end
    /// @return gas of the segment, run once
    function checkSegment(Kernel memory kernel, Findings memory found, uint256 here, uint256 number, uint256 readable)
        private
        pure
        returns (uint256, uint256 gas)
    {
        unchecked {
            uint256 fresh = 1 << (KernelCode.FIRST_CONSTANT + kernel.constants);
            bool step = number & STEP != 0;
            for (uint256 end = here + 4 * uint8(number); here != end; here += 4) {
                uint256 word = KernelCode.u32At(here);
                uint256 op = word >> 24;
                if (op == 0) {
                    gas += checkLoad(found, word, step, readable);
                } else {
                    if (op > KernelCode.LAST_OP) fail(1, found, op);
                    uint256 operands = (OPERANDS >> (2 * op)) & 3;
                    // unused operands are the low bytes
                    if (word & ((1 << (24 - 8 * operands)) - 1) != 0) fail(1, found, word);
                    if (
                        (readable >> uint8(word >> 16)) & 1 == 0
                            || (operands > 1
                                && ((readable >> uint8(word >> 8)) & 1 == 0
                                    || (operands > 2 && (readable >> uint8(word)) & 1 == 0)))
                    ) fail(5, found, word);
                    gas += (CLASS_GAS >> (16 * ((GAS_CLASS >> (3 * op)) & 7))) & 0xffff;
                }
                readable |= fresh;
                fresh <<= 1;
            }
            return (readable, gas);
        }
    }

    function checkLoad(Findings memory found, uint256 word, bool step, uint256 readable)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 index = uint8(word >> 16);
            if (index >= found.accesses.length) fail(5, found, word);
            AccessFindings memory access = found.accesses[index];
            uint256 used = access.dynamic;
            if (word & ((1 << (16 - 8 * used)) - 1) != 0) fail(5, found, word);
            if (used > 0 && (readable >> uint8(word >> 8)) & 1 == 0) fail(5, found, word);
            if (used > 1 && (readable >> uint8(word)) & 1 == 0) fail(5, found, word);
            if (step) ++access.inside;
            else ++access.outside;
            return access.gas;
        }
    }

    function checkResults(Findings memory found, uint256 here, uint256 number, uint256 readable) private pure {
        unchecked {
            for (; number != 0; --number) {
                if ((readable >> KernelCode.u8At(here)) & 1 == 0) fail(5, found, KernelCode.u8At(here));
                ++here;
            }
        }
    }
}
