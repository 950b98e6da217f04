// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Header} from "./HeaderCode.sol";
import {Dot, Kernel, KernelCode} from "./KernelCode.sol";
import {AccessFindings, Findings} from "./KernelRules.sol";

/// @dev Sums of the formula, gathered part by part.
struct Cost {
    uint256 work;
    uint256 bytesNeeded;
}

/// @title KernelCost: what proving one element costs at most (docs/spec/cost.md), for a kernel that keeps V1–V8
library KernelCost {
    using KernelCode for Kernel;

    function total(Header memory header, Kernel memory kernel, Findings memory found)
        internal
        pure
        returns (uint256 gas, uint256 size)
    {
        unchecked {
            Cost memory cost;
            cost.bytesNeeded = 1500 + kernel.length + 32 * clog2(uint256(header.kernels) + 1);
            cost.work = 150_000 + 400 * (kernel.init + kernel.step + kernel.done) + 100 * kernel.constants + 10
                * kernel.length + found.initGas + found.doneGas + foldGas(kernel, found);
            addAccesses(cost, kernel, found);
            addSources(cost, header, kernel, found);
            uint256 depth = depthOf(kernel.outType, found.elements);
            cost.bytesNeeded += 8 + 64 * depth + 256;
            cost.work += 2100 + 500 * depth;
            size = cost.bytesNeeded;
            gas = cost.work + 16 * size;
            uint256 floor = 21_000 + 40 * size;
            if (floor > gas) gas = floor;
        }
    }

    function foldGas(Kernel memory kernel, Findings memory found) private pure returns (uint256) {
        unchecked {
            if (kernel.folds == 0) return 0;
            (Dot dot, uint256 p, uint256 q) = kernel.dotFold();
            if (dot == Dot.None) return found.steps * (320 + found.stepGas);
            uint256 rows = found.steps / extentOf(kernel, kernel.folds - 1);
            uint256 coordinates = KernelCode.u8At(p + 1) + KernelCode.u8At(q + 1);
            uint256 row = 10_500 + coordinates * (550 + 110 * kernel.folds);
            return rows * row + found.steps * (dot == Dot.F32 ? 800 : 30);
        }
    }

    function addAccesses(Cost memory cost, Kernel memory kernel, Findings memory found) private pure {
        unchecked {
            uint256 indices = kernel.loops + kernel.folds;
            for (uint256 i; i < kernel.accesses; ++i) {
                AccessFindings memory access = found.accesses[i];
                uint256 dtype = KernelCode.u8At(access.here + 3);
                uint256 length = KernelCode.u32At(access.here + 8);
                uint256 depth = depthOf(dtype, length);
                (uint256 spans, uint256 leaves, uint256 hints) =
                    footprint(kernel, found, access, KernelCode.leavesOf(dtype, length));
                cost.bytesNeeded += spans * (8 + 64 * depth) + 256 * leaves + hints;
                cost.work += 2200 + KernelCode.u8At(access.here + 1) * (400 + 150 * indices);
                cost.work += spans * (1500 + 500 * depth) + 600 * leaves + 450 * hints;
            }
        }
    }

    /// @dev "Footprint of an access"; `whole` is the number of leaves of the tensor.
    function footprint(Kernel memory kernel, Findings memory found, AccessFindings memory access, uint256 whole)
        private
        pure
        returns (uint256 spans, uint256 leaves, uint256 hints)
    {
        unchecked {
            if (access.dynamic != 0) {
                spans = access.outside + access.inside * found.steps;
                return (spans, spans, spans);
            }
            if (access.inside == 0) {
                spans = access.outside == 0 ? 0 : 1;
                return (spans, spans, spans);
            }
            uint256 per = KernelCode.perLeaf(KernelCode.u8At(access.here + 3));
            uint256 length = 1;
            uint256 last;
            spans = 1;
            for (uint256 i = kernel.folds; i != 0;) {
                --i;
                int256 signed = kernel.addressStep(access.here, kernel.loops + i);
                uint256 step = uint256(signed < 0 ? -signed : signed);
                uint256 extent = extentOf(kernel, i);
                if (i + 1 == kernel.folds) last = step;
                if (step <= (length > per ? length : per)) length += step * (extent - 1);
                else spans *= extent;
            }
            leaves = spans * ((length + per - 2) / per + 1);
            if (leaves >= whole) (spans, leaves) = (1, whole);
            hints = 2 + (last <= per ? found.steps / extentOf(kernel, kernel.folds - 1) : found.steps);
        }
    }

    function addSources(Cost memory cost, Header memory header, Kernel memory kernel, Findings memory found)
        private
        pure
    {
        unchecked {
            uint256 own = 1;
            for (uint256 i; i < kernel.accesses; ++i) {
                (uint256 space, uint256 index) = sourceOf(found, i);
                uint256 j;
                for (; j < i; ++j) {
                    (uint256 otherSpace, uint256 otherIndex) = sourceOf(found, j);
                    if (index == otherIndex && space == otherSpace) break;
                }
                if (j < i) continue;
                if (space == KernelCode.SPACE_RESULT && index == found.number) own = 0;
                addSource(cost, listLength(header, space));
            }
            if (own == 1) addSource(cost, header.kernels);
        }
    }

    function addSource(Cost memory cost, uint256 length) private pure {
        unchecked {
            uint256 depth = clog2(length);
            cost.bytesNeeded += 32 + 32 * depth;
            cost.work += 3500 + 300 * depth;
        }
    }

    function sourceOf(Findings memory found, uint256 access) private pure returns (uint256 space, uint256 index) {
        unchecked {
            uint256 here = found.accesses[access].here;
            return (KernelCode.u8At(here), KernelCode.u32At(here + 4));
        }
    }

    function listLength(Header memory header, uint256 space) private pure returns (uint256) {
        if (space == KernelCode.SPACE_INPUT) return header.inputs.length;
        return space == KernelCode.SPACE_WEIGHT ? header.weights.length : header.kernels;
    }

    function extentOf(Kernel memory kernel, uint256 fold) private pure returns (uint256) {
        unchecked {
            return KernelCode.u32At(kernel.extentsAt + 4 * (kernel.loops + fold));
        }
    }

    function depthOf(uint256 dtype, uint256 length) private pure returns (uint256) {
        return clog2(KernelCode.leavesOf(dtype, length));
    }

    /// @dev The least d with 2^d ≥ n.
    function clog2(uint256 n) private pure returns (uint256 d) {
        assembly ("memory-safe") {
            if gt(n, 1) { d := sub(256, clz(sub(n, 1))) }
        }
    }
}
