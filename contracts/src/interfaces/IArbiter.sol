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

/// @notice Why a witness is not one (docs/spec/commitments.md, "Witness of one element").
enum WitnessFault {
    Truncated, // the bytes end before something that must follow
    Trailing, // bytes or hints are left over
    Mode, // the first byte is neither 0 nor 1
    Kernel, // no such kernel
    Descriptor, // not this kernel's descriptor under programRoot, or not of the form of one
    Element, // no such element; mode 1: no such source
    Source, // a tensor root does not open under the root it belongs to; mode 1: the source is a weight
    Span, // a span is out of range, or does not hash to the root of its tensor's tree
    Output, // no span holds the element's own leaf
    Hint // a hint is missing, or names a span that does not hold what is read
}

/// @notice Whether one element of one kernel is what the kernel gives. Holds nothing.
/// @dev For any roots of valid kernels and any bytes it ends, by return or by revert.
interface IArbiter {
    /// @notice The element is what its kernel gives: the witness is good, and nothing is wrong.
    /// @param value what evaluation gives, narrowed to the result's dtype, as unsigned bits
    error ArbiterElementRight(uint32 kernel, uint32 element, uint32 value);

    /// @notice Mode 1: the source was committed with the dtype and length that the descriptor declares.
    error ArbiterShapeRight(uint32 kernel, uint32 source, uint8 dtype, uint32 elements);

    /// @notice The witness is malformed.
    /// @param position byte offset in the witness where reading stopped
    error ArbiterWitness(WitnessFault fault, uint256 position);

    /// @notice Returns iff the witness proves the element (mode 0) or the shape of a source (mode 1) wrong; reverts otherwise.
    /// @param kernel k, an index below roots.kernels
    /// @param element mode 0: index into result k, padding included; mode 1: ordinal of a source of k
    /// @param witness docs/spec/commitments.md, Witness of one element
    /// @dev There is no negative verdict: equal, malformed and out of gas all revert, and the caller must not catch it.
    function proveElement(Roots calldata roots, uint32 kernel, uint32 element, bytes calldata witness) external view;
}
