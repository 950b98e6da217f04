// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @notice What a claim and its model are bound to; `Disputes` fills it from the registry and the opened claim.
/// @dev `outputs` are the output kernels, strictly ascending; `kernels` ≥ 1; `inputs` and `weights` count the lists under
/// `inputRoot` and `weightsRoot`. All roots as in docs/spec/commitments.md.
struct Roots {
  bytes32 programRoot;
  bytes32 weightsRoot;
  bytes32 inputRoot;
  bytes32 outputRoot;
  bytes32 traceRoot;
  bytes32 traceSalt;
  uint32 kernels;
  uint32 inputs;
  uint32 weights;
  uint32[] outputs;
}

/// @notice Why a witness is not one (docs/spec/commitments.md, "Witness of one element").
enum WitnessFault {
  Truncated, // the bytes end before something that must follow
  Trailing, // bytes or hints are left over
  Mode, // the first byte is neither 0 nor 1
  Kernel, // no such kernel
  Descriptor, // not the descriptor of this kernel under programRoot, or not of the form of one
  Element, // no such element, or no such source (mode 1)
  Source, // a tensor root does not open under the root it belongs to, or a shape (mode 1) is a weight's
  Span, // a span is out of range or does not hash to its tensor's root
  Output, // no span holds the element's own leaf
  Hint // a hint is missing, or names a span that does not hold what is read
}

/// @title Arbiter: is one element of one kernel what the kernel gives?
/// @notice Holds nothing, knows nobody: a pure function of roots and witness. For any roots of valid kernels and any bytes
/// it ends, by return or by revert; it returns only if the element is proven wrong.
interface IArbiter {
  /// @notice The element is what its kernel gives: nothing is wrong here. Never an error of the prover's witness.
  error ArbiterElementRight(uint32 kernel, uint32 element, uint32 value);

  /// @notice Mode 1: the tensor root has the dtype and length that the descriptor declares.
  error ArbiterShapeRight(uint32 kernel, uint32 source, uint8 dtype, uint32 elements);

  /// @notice The witness is malformed.
  /// @param position byte offset in the witness where reading stopped
  error ArbiterWitness(WitnessFault fault, uint256 position);

  /// @notice Returns iff the committed element (mode 0) or shape (mode 1) is proven wrong; reverts otherwise.
  /// @param kernel number of the kernel
  /// @param element mode 0: index of an element of its result, zero padding of the last leaf included; mode 1: ordinal of
  /// the source, in the order of docs/spec/cost.md
  /// @return committed the stored element as committed (mode 1: the committed number of elements)
  /// @return right what evaluation gives, narrowed to the result's dtype (mode 1: the declared number of elements)
  function proveElement(Roots calldata roots, uint32 kernel, uint32 element, bytes calldata witness)
    external
    pure
    returns (uint32 committed, uint32 right);
}
