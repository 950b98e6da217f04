// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IArbiter, Roots, WitnessFault} from "../interfaces/IArbiter.sol";
import {Kernel, KernelCode} from "../libraries/KernelCode.sol";
import {Evaluation} from "./Evaluation.sol";
import {WITNESS_AT} from "./Layout.sol";
import {Cursor, Source, Witness} from "./Witness.sol";

/// @title Arbiter
/// @notice The judge of single elements: see IArbiter.
contract Arbiter is IArbiter {
    using KernelCode for Kernel;
    using Witness for Cursor;

    /// @inheritdoc IArbiter
    function proveElement(Roots calldata roots, uint32 kernel, uint32 element, bytes calldata witness) external pure {
        Evaluation.reserve();
        Cursor memory cursor = open(witness);
        if (kernel >= roots.kernels) cursor.fail(WitnessFault.Kernel);
        uint256 mode = cursor.takeUint(1);
        if (mode > 1) cursor.fail(WitnessFault.Mode);
        Kernel memory code = cursor.kernel(roots, kernel);
        if (mode == 0) proveValue(cursor, roots, code, kernel, element);
        else proveShape(cursor, roots, code, kernel, element);
    }

    function open(bytes calldata witness) private pure returns (Cursor memory cursor) {
        uint256 here;
        assembly ("memory-safe") {
            here := witness.offset
            mstore(WITNESS_AT, here)
        }
        cursor.start = cursor.here = here;
        cursor.end = here + witness.length;
    }

    function proveValue(Cursor memory cursor, Roots calldata roots, Kernel memory code, uint32 kernel, uint32 element)
        private
        pure
    {
        uint256 elements = elementsOf(code);
        uint256 stored = KernelCode.leavesOf(code.outType, elements) * KernelCode.perLeaf(code.outType);
        if (element >= stored) cursor.fail(WitnessFault.Element);
        bool padding = element >= elements;
        (Source[] memory list, uint256[] memory ordinals, uint256 own) = Witness.sources(code, kernel, elements);
        if (padding) (list, own) = (only(list[own]), 0);
        cursor.openSources(roots, list);
        cursor.openSpans(list);
        cursor.openHints();
        uint256 committed = cursor.committed(list[own], own, element);
        uint256 right = padding ? 0 : Evaluation.evaluate(code, kernel, element, ordinals);
        cursor.close();
        if (code.outType >= KernelCode.I8_TYPE) right &= 0xff;
        require(committed != right, ArbiterElementRight(kernel, element, uint32(right)));
    }

    function proveShape(Cursor memory cursor, Roots calldata roots, Kernel memory code, uint32 kernel, uint32 ordinal)
        private
        pure
    {
        (Source[] memory list,,) = Witness.sources(code, kernel, elementsOf(code));
        if (ordinal >= list.length) cursor.fail(WitnessFault.Element);
        Source memory source = list[ordinal];
        if (source.space == KernelCode.SPACE_WEIGHT) cursor.fail(WitnessFault.Source);
        (uint256 dtype, uint256 length) = (source.dtype, source.length);
        source.dtype = cursor.takeUint(1);
        source.length = cursor.takeUint(4);
        source.tree = bytes32(cursor.takeUint(32));
        cursor.openSource(roots, source);
        if (cursor.here != cursor.end) cursor.fail(WitnessFault.Trailing);
        require(
            source.dtype != dtype || source.length != length,
            ArbiterShapeRight(kernel, ordinal, uint8(dtype), uint32(length))
        );
    }

    function only(Source memory source) private pure returns (Source[] memory list) {
        list = new Source[](1);
        list[0] = source;
    }

    function elementsOf(Kernel memory code) private pure returns (uint256 elements) {
        elements = 1;
        for (uint256 i; i < code.loops; ++i) {
            elements *= KernelCode.u32At(code.extentsAt + 4 * i);
        }
    }
}
