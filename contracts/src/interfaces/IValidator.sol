// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Shape} from "../types/Model.sol";

/// @notice What a header says, as far as the registry keeps it.
struct HeaderFacts {
    uint32 weights;
    uint32 kernels;
    /// kernels that are outputs, strictly ascending
    uint32[] outputs;
    /// one for each input
    Shape[] inputs;
}

/// @notice A read of a result by a kernel; the registry compares `shape` with that of the kernel that writes it.
struct ResultRead {
    uint32 kernel;
    Shape shape;
}

/// @notice What a valid descriptor says that must fit its neighbours.
struct KernelFacts {
    Shape shape;
    uint16 groupPos;
    uint16 groupSize;
    /// T, the leading loop extent; 0 when the kernel has no loops
    uint32 leading;
    /// accesses of space 2, duplicates allowed; each is < k or within the kernel's own group
    ResultRead[] reads;
}

/// @notice docs/spec/program.md, Validity, as far as one header and one descriptor decide it. Holds nothing.
/// @dev Reverts on whatever is not valid. The registry checks what spans kernels: shapes of results that are read (V7)
/// and that neighbours of a group have consecutive positions, one size and one T (V8).
interface IValidator {
    /// @notice The header is not well formed.
    /// @param position byte offset of what is wrong
    /// @param value what was found there; the header's length where bytes are missing or left over
    error ValidatorHeader(uint256 position, uint256 value);

    /// @notice Kernel `kernel` breaks rule V`rule`.
    /// @param value what breaks it: the number, register or index found
    error ValidatorKernel(uint8 rule, uint32 kernel, uint256 value);

    /// @notice The header gives output `kernel` dims of `declared` elements; the kernel has `elements`.
    error ValidatorOutput(uint32 kernel, uint32 declared, uint32 elements);

    /// @notice Checks the form of a header.
    function checkHeader(bytes calldata header) external view returns (HeaderFacts memory);

    /// @notice Checks kernels `first`, `first + 1`, … against a header that checkHeader has accepted: V1–V9 but for the above,
    /// and, where a kernel is an output, that the header's dims multiply to its elements.
    function checkKernels(bytes calldata header, uint32 first, bytes[] calldata descriptors)
        external
        view
        returns (KernelFacts[] memory);
}
