// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Everything that the tensors of one run hang from (docs/spec/commitments.md).
struct Roots {
    bytes32 programRoot;
    bytes32 weightsRoot;
    bytes32 inputRoot;
    bytes32 outputRoot;
    bytes32 traceRoot;
    /// keccak256(abi.encode(operator, requester, requestId))
    bytes32 traceSalt;
    uint32 kernels;
    uint32 inputs;
    uint32 weights;
    /// kernels that are outputs, ascending
    uint32[] outputs;
}

/// @notice Whether one element of one kernel is what the kernel gives. Holds nothing.
interface IArbiter {
    /// @notice Returns iff the witness proves the element (mode 0) or the shape of a source (mode 1) wrong; reverts otherwise.
    /// @param kernel k, an index below roots.kernels
    /// @param element mode 0: index into result k, padding included; mode 1: ordinal of a source of k
    /// @param witness docs/spec/commitments.md, Witness of one element
    /// @dev There is no negative verdict: equal, malformed and out of gas all revert, and the caller must not catch it.
    function proveElement(Roots calldata roots, uint32 kernel, uint32 element, bytes calldata witness) external view;
}
