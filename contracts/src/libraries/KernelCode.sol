// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev A kernel's descriptor, taken apart: counts, and memory addresses of its parts. Multi-byte fields are big-endian.
struct Kernel {
    uint256 start; // of the descriptor's bytes
    uint256 length;
    uint256 outType;
    uint256 loops; // r
    uint256 folds; // s
    uint256 state; // S
    uint256 accesses; // A
    uint256 constants; // nc
    uint256 init; // number of instructions
    uint256 step;
    uint256 done;
    uint256 groupPos;
    uint256 groupSize;
    uint256 extentsAt;
    uint256 accessesAt;
    uint256 constantsAt;
    uint256 codeAt;
    uint256 resultsAt;
}

/// @dev How a fold may run at dot rate (docs/spec/cost.md, "Dot folds").
enum Dot {
    None,
    F32,
    I8,
    I8Left,
    I8Both
}

/// @title KernelCode: the byte form of a kernel (docs/spec/program.md, "Encoding of a kernel")
library KernelCode {
    uint256 internal constant HEAD = 16;
    uint256 internal constant ACCESS_HEAD = 16;
    uint256 internal constant FIRST_CONSTANT = 16;
    uint256 internal constant LAST_OP = 36;

    uint256 internal constant F32_TYPE = 0;
    uint256 internal constant I8_TYPE = 2;

    uint256 internal constant SPACE_INPUT = 0;
    uint256 internal constant SPACE_WEIGHT = 1;
    uint256 internal constant SPACE_RESULT = 2;

    function u8At(uint256 here) internal pure returns (uint256 v) {
        assembly ("memory-safe") {
            v := byte(0, mload(here))
        }
    }

    function u16At(uint256 here) internal pure returns (uint256 v) {
        assembly ("memory-safe") {
            v := shr(240, mload(here))
        }
    }

    function u32At(uint256 here) internal pure returns (uint256 v) {
        assembly ("memory-safe") {
            v := shr(224, mload(here))
        }
    }

    function i32At(uint256 here) internal pure returns (int256 v) {
        assembly ("memory-safe") {
            v := sar(224, mload(here))
        }
    }

    /// @notice Takes a descriptor apart.
    /// @dev `kernel.length` is what the counts add up to, or beyond all lengths where even the head or the accesses do not
    /// fit: the caller compares it with the descriptor's length before it reads on.
    function parse(bytes memory descriptor) internal pure returns (Kernel memory kernel) {
        unchecked {
            uint256 here;
            assembly ("memory-safe") {
                here := add(descriptor, 32)
            }
            kernel.start = here;
            kernel.length = type(uint256).max;
            uint256 end = here + descriptor.length;
            if (descriptor.length <= HEAD) return kernel;
            kernel.outType = u8At(here + 1);
            kernel.loops = u8At(here + 2);
            kernel.folds = u8At(here + 3);
            kernel.state = u8At(here + 4);
            kernel.accesses = u8At(here + 5);
            kernel.constants = u8At(here + 6);
            kernel.init = u8At(here + 8);
            kernel.step = u8At(here + 9);
            kernel.done = u8At(here + 10);
            kernel.groupPos = u16At(here + 12);
            kernel.groupSize = u16At(here + 14);
            kernel.extentsAt = here + HEAD;
            uint256 next = kernel.accessesAt = kernel.extentsAt + 4 * (kernel.loops + kernel.folds);
            for (uint256 i; i < kernel.accesses; ++i) {
                if (next >= end) return kernel;
                next += accessLength(kernel, next);
            }
            kernel.constantsAt = next;
            kernel.codeAt = next + 4 * kernel.constants;
            kernel.resultsAt = kernel.codeAt + 4 * (kernel.init + kernel.step + kernel.done);
            kernel.length = kernel.resultsAt + ((2 * kernel.state + 4) & ~uint256(3)) - here;
        }
    }

    function coordinateLength(Kernel memory kernel) internal pure returns (uint256) {
        unchecked {
            return 12 + 4 * (kernel.loops + kernel.folds);
        }
    }

    /// @param here address of an access
    function accessLength(Kernel memory kernel, uint256 here) internal pure returns (uint256) {
        unchecked {
            return ACCESS_HEAD + u8At(here + 1) * coordinateLength(kernel);
        }
    }

    /// @notice Address of access `index`.
    function accessAt(Kernel memory kernel, uint256 index) internal pure returns (uint256 here) {
        unchecked {
            here = kernel.accessesAt;
            for (; index != 0; --index) {
                here += accessLength(kernel, here);
            }
        }
    }

    /// @notice Elements in a leaf of 256 bytes.
    function perLeaf(uint256 dtype) internal pure returns (uint256) {
        return dtype < I8_TYPE ? 64 : 256;
    }

    function leavesOf(uint256 dtype, uint256 length) internal pure returns (uint256) {
        unchecked {
            uint256 per = perLeaf(dtype);
            return (length + per - 1) / per;
        }
    }

    /// @notice Σ coef·stride over the coordinates of an access, for loop or fold `index` of r + s.
    function addressStep(Kernel memory kernel, uint256 access, uint256 index) internal pure returns (int256 sum) {
        unchecked {
            uint256 size = coordinateLength(kernel);
            uint256 here = access + ACCESS_HEAD;
            for (uint256 i = u8At(access + 1); i != 0; --i) {
                sum += i32At(here + 12 + 4 * index) * int256(u32At(here + 8));
                here += size;
            }
        }
    }

    /// @notice Which dot pattern the fold of a kernel is, and the accesses it multiplies.
    /// @return dot None where the fold does not run at dot rate
    /// @return p address of the left access
    /// @return q address of the right access
    function dotFold(Kernel memory kernel) internal pure returns (Dot dot, uint256 p, uint256 q) {
        unchecked {
            if (kernel.state != 1 || kernel.folds == 0) return (Dot.None, 0, 0);
            uint256 first = FIRST_CONSTANT + kernel.constants;
            if (u8At(kernel.resultsAt + 1) != first + kernel.step - 1) return (Dot.None, 0, 0);
            (dot, p, q) = dotCode(kernel, first);
            if (dot == Dot.None || p >= kernel.accesses || q >= kernel.accesses) return (Dot.None, 0, 0);
            p = accessAt(kernel, p);
            q = accessAt(kernel, q);
            if (!dotAccess(kernel, p, dot) || !dotAccess(kernel, q, dot)) return (Dot.None, 0, 0);
        }
    }

    /// @dev `step` as one of the patterns; p and q are access numbers here.
    function dotCode(Kernel memory kernel, uint256 first) private pure returns (Dot dot, uint256 p, uint256 q) {
        unchecked {
            uint256 n = kernel.step;
            uint256 code = kernel.codeAt + 4 * kernel.init;
            if (n < 4 || n > 6) return (Dot.None, 0, 0);
            assembly ("memory-safe") {
                code := mload(code)
            }
            // the instructions from the top of the word down, as they must be but for p, q, z, w
            uint256 want = first << 208; // operand P
            uint256 free = uint256(0xff) << 240;
            p = uint8(code >> 240);
            if (n == 4) {
                bool real = uint8(code >> 184) == 3;
                want = (first << 176) | ((first + 1) << 168) | ((first + 2) << 136);
                want |= real ? (uint256(3) << 184) | (uint256(1) << 152) : (uint256(19) << 184) | (uint256(17) << 152);
                free |= uint256(0xff) << 208;
                q = uint8(code >> 208);
                dot = real ? Dot.F32 : Dot.I8;
            } else {
                // ld p · isub P z · ld q
                want |= uint256(18) << 216;
                free |= (uint256(0xff) << 200) | (uint256(0xff) << 176);
                q = uint8(code >> 176);
                if (!isConstant(kernel, uint8(code >> 200))) return (Dot.None, 0, 0);
                if (n == 5) {
                    // imul P+1 P+2 · iadd 0 P+3
                    want |= (uint256(19) << 152) | ((first + 1) << 144) | ((first + 2) << 136);
                    want |= (uint256(17) << 120) | ((first + 3) << 104);
                    dot = Dot.I8Left;
                } else {
                    // isub P+2 w · imul P+1 P+3 · iadd 0 P+4
                    free |= uint256(0xff) << 136;
                    if (!isConstant(kernel, uint8(code >> 136))) return (Dot.None, 0, 0);
                    want |= (uint256(18) << 152) | ((first + 2) << 144);
                    want |= (uint256(19) << 120) | ((first + 1) << 112) | ((first + 3) << 104);
                    want |= (uint256(17) << 88) | ((first + 4) << 72);
                    dot = Dot.I8Both;
                }
            }
            if (((code ^ want) & ~free) >> (256 - 32 * n) != 0) dot = Dot.None;
        }
    }

    function isConstant(Kernel memory kernel, uint256 register) private pure returns (bool) {
        unchecked {
            return register >= FIRST_CONSTANT && register < FIRST_CONSTANT + kernel.constants;
        }
    }

    /// @dev Static, close enough along the last fold, and of the pattern's dtypes.
    function dotAccess(Kernel memory kernel, uint256 access, Dot dot) private pure returns (bool) {
        unchecked {
            if (u8At(access + 2) != 0) return false;
            uint256 dtype = u8At(access + 3);
            int256 step = addressStep(kernel, access, kernel.loops + kernel.folds - 1);
            if (dot != Dot.F32) return dtype >= I8_TYPE && step == 1;
            return dtype == F32_TYPE && step <= 64 && step >= -64;
        }
    }
}
