// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Tensor, Tensors} from "../../src/libraries/Tensors.sol";

/// @dev The library of tensors from outside: made of numbers, read, and their roots.
contract TensorsHarness {
    function fromI32(int32[] memory values) external pure returns (Tensor memory) {
        return Tensors.fromI32(values);
    }

    function fromF32(uint32[] memory bits) external pure returns (Tensor memory) {
        return Tensors.fromF32(bits);
    }

    function fromU8(bytes memory values) external pure returns (Tensor memory) {
        return Tensors.fromU8(values);
    }

    /// @param dtype of the reader
    function at(Tensor memory t, uint256 i, uint8 dtype) external pure returns (int256) {
        if (dtype == Tensors.F32) return int256(uint256(Tensors.f32At(t, i)));
        if (dtype == Tensors.I32) return Tensors.i32At(t, i);
        if (dtype == Tensors.I8) return Tensors.i8At(t, i);
        return int256(uint256(Tensors.u8At(t, i)));
    }

    function listRoot(Tensor[] memory tensors) external pure returns (bytes32) {
        return Tensors.listRoot(tensors);
    }
}
