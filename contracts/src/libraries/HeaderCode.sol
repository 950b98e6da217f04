// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IValidator} from "../interfaces/IValidator.sol";
import {Shape} from "../types/Model.sol";

/// @dev A well-formed header, taken apart.
struct Header {
    uint32 kernels;
    Shape[] inputs;
    Shape[] weights;
    uint32[] outputs; // their kernels, ascending
    uint32[] outputElements; // what the dims of each multiply to
}

/// @title HeaderCode: the byte form of a header (docs/spec/program.md, "Header")
library HeaderCode {
    uint256 private constant HEAD = 20;
    uint256 private constant MAX_ELEMENTS = 1 << 30;

    /// @notice Reads a header; reverts with `ValidatorHeader` unless it is well formed.
    function parse(bytes calldata data) internal pure returns (Header memory header) {
        if (data.length < HEAD) fail(data.length, data.length);
        if (uint32(bytes4(data)) != 0x01000000) fail(0, uint32(bytes4(data)));
        uint256 inputs = count(data, 4, 0, 256);
        uint256 weights = count(data, 8, 0, 65_536);
        header.kernels = uint32(count(data, 12, 1, 65_536));
        uint256 outputs = count(data, 16, 1, 256);
        // every list is at least this long: nothing is allocated for bytes that are not there
        if (data.length < HEAD + 5 * outputs + 2 * (inputs + weights)) fail(data.length, data.length);
        uint256 next = parseOutputs(data, header, outputs);
        (header.inputs, next) = parseTensors(data, next, inputs);
        (header.weights, next) = parseTensors(data, next, weights);
        header.outputElements = new uint32[](outputs);
        for (uint256 i; i < outputs; ++i) {
            (header.outputElements[i], next) = parseDims(data, next);
        }
        if (next != data.length) fail(next, data.length);
    }

    function parseOutputs(bytes calldata data, Header memory header, uint256 outputs)
        private
        pure
        returns (uint256 next)
    {
        header.outputs = new uint32[](outputs);
        next = HEAD;
        uint256 least;
        for (uint256 i; i < outputs; ++i) {
            uint256 kernel = u32(data, next);
            if (kernel < least || kernel >= header.kernels) fail(next, kernel);
            header.outputs[i] = uint32(kernel);
            least = kernel + 1;
            next += 4;
        }
    }

    function parseTensors(bytes calldata data, uint256 next, uint256 number)
        private
        pure
        returns (Shape[] memory shapes, uint256)
    {
        shapes = new Shape[](number);
        for (uint256 i; i < number; ++i) {
            uint256 dtype = u8(data, next);
            if (dtype > 3) fail(next, dtype);
            uint32 elements;
            (elements, next) = parseDims(data, next + 1);
            shapes[i] = Shape.wrap(uint40((dtype << 32) | elements));
        }
        return (shapes, next);
    }

    /// @return elements what the dims multiply to
    function parseDims(bytes calldata data, uint256 next) private pure returns (uint32, uint256) {
        unchecked {
            uint256 rank = u8(data, next);
            if (rank > 8) fail(next, rank);
            uint256 elements = 1;
            ++next;
            for (uint256 end = next + 4 * rank; next != end; next += 4) {
                uint256 dim = u32(data, next);
                elements *= dim;
                if (dim == 0 || elements > MAX_ELEMENTS) fail(next, dim);
            }
            return (uint32(elements), next);
        }
    }

    function count(bytes calldata data, uint256 position, uint256 least, uint256 most)
        private
        pure
        returns (uint256 n)
    {
        n = u32(data, position);
        if (n < least || n > most) fail(position, n);
    }

    function u8(bytes calldata data, uint256 position) private pure returns (uint256) {
        if (position >= data.length) fail(position, data.length);
        return uint8(data[position]);
    }

    function u32(bytes calldata data, uint256 position) private pure returns (uint256 value) {
        unchecked {
            if (position + 4 > data.length) fail(position, data.length);
        }
        assembly ("memory-safe") {
            value := shr(224, calldataload(add(data.offset, position)))
        }
    }

    function fail(uint256 position, uint256 value) private pure {
        revert IValidator.ValidatorHeader(position, value);
    }
}
