// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IArbiter, Roots, WitnessFault} from "../interfaces/IArbiter.sol";
import {Kernel, KernelCode} from "../libraries/KernelCode.sol";
import {Merkle} from "../libraries/Merkle.sol";
import {HINT_AT, HINT_END, SPANS_AT, SPAN_COUNT, SPAN_SIZE} from "./Layout.sol";

/// @dev Where reading stands, as calldata offsets.
struct Cursor {
    uint256 start;
    uint256 here;
    uint256 end;
}

/// @dev A tensor that a kernel reads, or its own result, with dtype and length as the descriptor declares them.
struct Source {
    uint256 space;
    uint256 index;
    uint256 dtype;
    uint256 length;
    bytes32 tree; // root of its tree, from the witness
}

/// @title Witness: the bytes of docs/spec/commitments.md, "Witness of one element", opened against the roots
library Witness {
    using KernelCode for Kernel;

    function fail(Cursor memory cursor, WitnessFault fault) internal pure {
        revert IArbiter.ArbiterWitness(fault, cursor.here - cursor.start);
    }

    /// @notice Calldata offset of the next `size` bytes, which are there.
    function take(Cursor memory cursor, uint256 size) internal pure returns (uint256 here) {
        unchecked {
            here = cursor.here;
            // sizes are sums of 16-bit counts: nothing wraps
            if (here + size > cursor.end) fail(cursor, WitnessFault.Truncated);
            cursor.here = here + size;
        }
    }

    function takeUint(Cursor memory cursor, uint256 size) internal pure returns (uint256 value) {
        uint256 here = take(cursor, size);
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), calldataload(here))
        }
    }

    /// @notice Reads descriptor and path, and opens the kernel under the program's root.
    function kernel(Cursor memory cursor, Roots calldata roots, uint256 number)
        internal
        pure
        returns (Kernel memory code)
    {
        uint256 length = takeUint(cursor, 2);
        if (length > 4096) fail(cursor, WitnessFault.Descriptor);
        uint256 here = take(cursor, length);
        bytes memory descriptor;
        bytes32 leaf;
        assembly ("memory-safe") {
            // room for whole words to be read at the end
            descriptor := mload(0x40)
            mstore(0x40, add(descriptor, add(length, 0x60)))
            calldatacopy(add(descriptor, 32), here, length)
            mstore8(add(descriptor, 31), 3)
            leaf := keccak256(add(descriptor, 31), add(length, 1))
            mstore(descriptor, length)
        }
        if (climb(cursor, leaf, number + 1, uint256(roots.kernels) + 1) != roots.programRoot) {
            fail(cursor, WitnessFault.Descriptor);
        }
        code = KernelCode.parse(descriptor);
        if (code.length != length) fail(cursor, WitnessFault.Descriptor);
    }

    /// @notice The sources of a kernel in the order of docs/spec/cost.md, its own result included.
    /// @return list the sources
    /// @return ordinals which of them each access reads
    /// @return own ordinal of the kernel's own result
    function sources(Kernel memory code, uint256 number, uint256 elements)
        internal
        pure
        returns (Source[] memory list, uint256[] memory ordinals, uint256 own)
    {
        unchecked {
            list = new Source[](code.accesses + 1);
            ordinals = new uint256[](code.accesses);
            uint256 count;
            uint256 here = code.accessesAt;
            for (uint256 i; i < code.accesses; ++i) {
                uint256 space = KernelCode.u8At(here);
                uint256 index = KernelCode.u32At(here + 4);
                uint256 j = find(list, count, space, index);
                if (j == count) {
                    Source memory source = list[count++];
                    source.space = space;
                    source.index = index;
                    source.dtype = KernelCode.u8At(here + 3);
                    source.length = KernelCode.u32At(here + 8);
                }
                ordinals[i] = j;
                here += code.accessLength(here);
            }
            own = find(list, count, KernelCode.SPACE_RESULT, number);
            if (own == count) {
                Source memory result = list[count++];
                result.space = KernelCode.SPACE_RESULT;
                result.index = number;
                result.dtype = code.outType;
                result.length = elements;
            }
            assembly ("memory-safe") {
                mstore(list, count)
            }
        }
    }

    function find(Source[] memory list, uint256 count, uint256 space, uint256 index) private pure returns (uint256 i) {
        unchecked {
            for (; i < count; ++i) {
                if (list[i].index == index && list[i].space == space) break;
            }
        }
    }

    /// @notice Reads root and path of each source and opens its tensor root where it belongs.
    function openSources(Cursor memory cursor, Roots calldata roots, Source[] memory list) internal pure {
        for (uint256 i; i < list.length; ++i) {
            list[i].tree = bytes32(takeUint(cursor, 32));
            openSource(cursor, roots, list[i]);
        }
    }

    /// @notice Reads the path of a tensor root and compares with the root that it belongs under.
    function openSource(Cursor memory cursor, Roots calldata roots, Source memory source) internal pure {
        bytes32 root = tensorRoot(source);
        bool good;
        if (source.space == KernelCode.SPACE_INPUT) {
            good = openList(cursor, root, source.index, roots.inputs, roots.inputRoot);
        } else if (source.space == KernelCode.SPACE_WEIGHT) {
            good = openList(cursor, root, source.index, roots.weights, roots.weightsRoot);
        } else if (source.space == KernelCode.SPACE_RESULT && source.index < roots.kernels) {
            good = openResult(cursor, roots, root, source.index);
        }
        if (!good) fail(cursor, WitnessFault.Source);
    }

    function tensorRoot(Source memory source) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), uint8(source.dtype), uint32(source.length), source.tree));
    }

    function openList(Cursor memory cursor, bytes32 leaf, uint256 index, uint256 count, bytes32 listRoot)
        private
        pure
        returns (bool)
    {
        if (index >= count) return false;
        return keccak256(abi.encodePacked(uint8(5), uint32(count), climb(cursor, leaf, index, count))) == listRoot;
    }

    /// @dev An output opens in the list of outputs, any other result in the trace.
    function openResult(Cursor memory cursor, Roots calldata roots, bytes32 leaf, uint256 index)
        private
        pure
        returns (bool)
    {
        uint256 outputs = roots.outputs.length;
        uint256 rank;
        unchecked {
            // number of outputs below the kernel, by bisection
            uint256 high = outputs;
            while (rank < high) {
                uint256 middle = (rank + high) / 2;
                if (roots.outputs[middle] < index) rank = middle + 1;
                else high = middle;
            }
            if (rank < outputs && roots.outputs[rank] == index) {
                return openList(cursor, leaf, rank, outputs, roots.outputRoot);
            }
            if (outputs > roots.kernels || index - rank >= roots.kernels - outputs) return false;
            leaf = keccak256(abi.encodePacked(uint8(6), roots.traceSalt, uint32(index), leaf));
            return climb(cursor, leaf, index - rank, roots.kernels - outputs) == roots.traceRoot;
        }
    }

    /// @dev `index` is below `width`.
    function climb(Cursor memory cursor, bytes32 node, uint256 index, uint256 width)
        private
        pure
        returns (bytes32 root)
    {
        uint256 next;
        (root, next) = Merkle.climb(node, index, width, cursor.here);
        if (next > cursor.end) fail(cursor, WitnessFault.Truncated);
        cursor.here = next;
    }

    /// @notice Reads the spans, opens each under its source's root, and lists them at SPANS_AT.
    function openSpans(Cursor memory cursor, Source[] memory list) internal pure {
        uint256 count = takeUint(cursor, 2);
        uint256 table;
        assembly ("memory-safe") {
            table := mload(0x40)
            mstore(0x40, add(table, mul(count, SPAN_SIZE)))
            mstore(SPANS_AT, table)
            mstore(SPAN_COUNT, count)
        }
        for (uint256 i; i < count; ++i) {
            openSpan(cursor, list, table);
            unchecked {
                table += SPAN_SIZE;
            }
        }
    }

    function openSpan(Cursor memory cursor, Source[] memory list, uint256 recordAt) private pure {
        unchecked {
            // u8 ordinal of the source · u32 first leaf · u16 leaves
            uint256 head = takeUint(cursor, 7);
            if (head >> 48 >= list.length) fail(cursor, WitnessFault.Span);
            Source memory source = list[head >> 48];
            uint256 data = openLeaves(cursor, source, uint32(head >> 16), uint16(head));
            uint256 shift = source.dtype < KernelCode.I8_TYPE ? 6 : 8;
            assembly ("memory-safe") {
                mstore(recordAt, shr(48, head))
                mstore(add(recordAt, 0x20), shl(shift, and(shr(16, head), 0xffffffff)))
                mstore(add(recordAt, 0x40), shl(shift, and(head, 0xffff)))
                mstore(add(recordAt, 0x60), data)
            }
        }
    }

    /// @dev Reads leaves and siblings and compares with the root of the source's tree.
    function openLeaves(Cursor memory cursor, Source memory source, uint256 first, uint256 count)
        private
        pure
        returns (uint256 data)
    {
        unchecked {
            uint256 width = KernelCode.leavesOf(source.dtype, source.length);
            if (count == 0 || first + count > width) fail(cursor, WitnessFault.Span);
            uint256 nodes;
            (data, nodes) = hashLeaves(take(cursor, 256 * count), count);
            (bytes32 root, uint256 next) = Merkle.climbSpan(nodes, first, count, width, cursor.here);
            if (next > cursor.end) fail(cursor, WitnessFault.Truncated);
            cursor.here = next;
            if (root != source.tree) fail(cursor, WitnessFault.Span);
        }
    }

    /// @dev Copies leaves to memory for good, and their hashes to where `Merkle.climbSpan` may overwrite them.
    function hashLeaves(uint256 from, uint256 count) private pure returns (uint256 data, uint256 nodes) {
        uint256 spare = Merkle.SPARE;
        assembly ("memory-safe") {
            // a word before for the tag, one after so that whole words can be read at the end
            data := add(mload(0x40), 32)
            let to := add(data, shl(8, count))
            mstore(0x40, add(to, 32))
            nodes := add(add(to, 32), spare)
            let node := add(nodes, shl(5, count))
            from := add(from, shl(8, count))
            // from the last to the first: the tag falls on a byte that is copied afterwards
            for {} gt(to, data) {} {
                to := sub(to, 256)
                from := sub(from, 256)
                node := sub(node, 32)
                calldatacopy(to, from, 256)
                mstore8(sub(to, 1), 0)
                mstore(node, keccak256(sub(to, 1), 257))
            }
        }
    }

    /// @notice The committed bits of element `element` of source `ordinal`, from the first span that holds its leaf.
    function committed(Cursor memory cursor, Source memory source, uint256 ordinal, uint256 element)
        internal
        pure
        returns (uint256 value)
    {
        bool found;
        assembly ("memory-safe") {
            let span := mload(SPANS_AT)
            let end := add(span, mul(mload(SPAN_COUNT), SPAN_SIZE))
            for {} lt(span, end) { span := add(span, SPAN_SIZE) } {
                let offset := sub(element, mload(add(span, 0x20)))
                if and(eq(mload(span), ordinal), lt(offset, mload(add(span, 0x40)))) {
                    found := 1
                    value := add(mload(add(span, 0x60)), offset)
                    if lt(mload(add(source, 0x40)), 2) { value := add(value, mul(3, offset)) }
                    value := mload(value)
                    break
                }
            }
        }
        if (!found) fail(cursor, WitnessFault.Output);
        if (source.dtype >= KernelCode.I8_TYPE) return value >> 248;
        value >>= 224;
        value = ((value & 0x00ff00ff) << 8) | ((value >> 8) & 0x00ff00ff);
        return ((value & 0xffff) << 16) | (value >> 16);
    }

    /// @notice What is left are hints.
    function openHints(Cursor memory cursor) internal pure {
        uint256 here = cursor.here;
        uint256 end = cursor.end;
        assembly ("memory-safe") {
            mstore(HINT_AT, here)
            mstore(HINT_END, end)
        }
    }

    /// @notice All hints were used.
    function close(Cursor memory cursor) internal pure {
        uint256 here;
        assembly ("memory-safe") {
            here := mload(HINT_AT)
        }
        cursor.here = here;
        if (here != cursor.end) fail(cursor, WitnessFault.Trailing);
    }
}
