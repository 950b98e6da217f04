// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Shape} from "../types/Model.sol";
import {Hashes} from "./Hashes.sol";

/// @notice One tensor as it is committed: elements little-endian, packed at their width (docs/spec/commitments.md).
struct Tensor {
    Shape shape;
    bytes data;
}

/// @notice Tensors for contracts that ask: from numbers and back, and their roots.
library Tensors {
    uint8 internal constant F32 = 0;
    uint8 internal constant I32 = 1;
    uint8 internal constant I8 = 2;
    uint8 internal constant U8 = 3;
    uint256 private constant LEAF = 256;

    error TensorsLengthInvalid(uint256 length, uint256 expected);
    error TensorsDtypeDiffers(uint8 dtype, uint8 expected);
    error TensorsIndexOutOfRange(uint256 index, uint256 elements);

    function fromI32(int32[] memory values) internal pure returns (Tensor memory) {
        uint32[] memory words;
        assembly ("memory-safe") {
            words := values
        }
        return _fromWords(I32, words);
    }

    /// @param bits IEEE 754 single precision
    function fromF32(uint32[] memory bits) internal pure returns (Tensor memory) {
        return _fromWords(F32, bits);
    }

    function fromU8(bytes memory values) internal pure returns (Tensor memory) {
        return Tensor(_shape(U8, values.length), values);
    }

    function i32At(Tensor memory t, uint256 i) internal pure returns (int32) {
        return int32(_word(t, i, I32));
    }

    /// @return bits IEEE 754 single precision
    function f32At(Tensor memory t, uint256 i) internal pure returns (uint32 bits) {
        return _word(t, i, F32);
    }

    function i8At(Tensor memory t, uint256 i) internal pure returns (int8) {
        _check(t, i, I8);
        return int8(uint8(t.data[i]));
    }

    function u8At(Tensor memory t, uint256 i) internal pure returns (uint8) {
        _check(t, i, U8);
        return uint8(t.data[i]);
    }

    /// @notice tensorRoot. Reverts unless the data have the length that the shape says.
    function root(Tensor memory t) internal pure returns (bytes32) {
        uint256 length = t.data.length;
        uint256 expected = uint256(t.shape.elements()) * (t.shape.dtype() <= I32 ? 4 : 1);
        require(length == expected, TensorsLengthInvalid(length, expected));
        bytes32[] memory level = new bytes32[](length <= LEAF ? 1 : (length + LEAF - 1) / LEAF);
        for (uint256 i; i < level.length; i++) level[i] = _leaf(t.data, LEAF * i);
        return Hashes.tensor(t.shape, _tree(level));
    }

    /// @notice listRoot of at least one tensor.
    function listRoot(Tensor[] memory tensors) internal pure returns (bytes32) {
        bytes32[] memory roots = new bytes32[](tensors.length);
        for (uint256 i; i < roots.length; i++) roots[i] = root(tensors[i]);
        return Hashes.list(uint32(roots.length), _tree(roots));
    }

    /// @dev Overwrites `level`.
    function _tree(bytes32[] memory level) private pure returns (bytes32) {
        uint256 width = level.length;
        for (; width > 1; width = (width + 1) / 2) {
            for (uint256 i; 2 * i < width; i++) {
                level[i] = 2 * i + 1 < width ? Hashes.node(level[2 * i], level[2 * i + 1]) : level[2 * i];
            }
        }
        return width == 0 ? bytes32(0) : level[0];
    }

    /// @dev H(0 ‖ 256 bytes from `from`, zeros past the end)
    function _leaf(bytes memory data, uint256 from) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let scratch := mload(0x40)
            mstore8(scratch, 0)
            let rest := sub(mload(data), from)
            if gt(rest, 256) { rest := 256 }
            calldatacopy(add(scratch, 1), calldatasize(), 256)
            mcopy(add(scratch, 1), add(add(data, 32), from), rest)
            hash := keccak256(scratch, 257)
        }
    }

    function _fromWords(uint8 dtype, uint32[] memory words) private pure returns (Tensor memory t) {
        t = Tensor(_shape(dtype, words.length), new bytes(4 * words.length));
        for (uint256 i; i < words.length; i++) {
            for (uint256 k; k < 4; k++) t.data[4 * i + k] = bytes1(uint8(words[i] >> (8 * k)));
        }
    }

    function _word(Tensor memory t, uint256 i, uint8 dtype) private pure returns (uint32 word) {
        _check(t, i, dtype);
        for (uint256 k; k < 4; k++) word |= uint32(uint8(t.data[4 * i + k])) << uint32(8 * k);
    }

    function _check(Tensor memory t, uint256 i, uint8 dtype) private pure {
        require(t.shape.dtype() == dtype, TensorsDtypeDiffers(t.shape.dtype(), dtype));
        require(i < t.shape.elements(), TensorsIndexOutOfRange(i, t.shape.elements()));
    }

    function _shape(uint8 dtype, uint256 elements) private pure returns (Shape) {
        return Shape.wrap((uint40(dtype) << 32) | uint40(uint32(elements)));
    }
}
