// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @notice What a well-formed header says (docs/spec/program.md, "Header").
/// @dev `shapes` packs u8 dtype ‖ u32 length, five bytes each, inputs first, then weights. `outputElements[i]` is what the
/// dims of output i multiply to; `Validator.checkKernel` compares it with the elements of kernel `outputs[i]`.
struct HeaderFacts {
  uint32 inputs;
  uint32 weights;
  uint32 kernels;
  uint32[] outputs;
  uint32[] outputElements;
  bytes shapes;
}

/// @notice A read of a kernel's result that the descriptor alone can not settle: once per distinct index, never the kernel itself.
struct ResultRead {
  uint32 index;
  uint8 dtype;
  uint32 length;
}

/// @notice What a kernel, valid as far as header and descriptor decide, leaves to its publisher to check:
/// every `reads[i]` with the dtype and length of kernel `index` (which is < k or of the own group), and group neighbours:
/// for groupPos > 0 kernel k−1 has groupPos − 1, the same groupSize and the same T; for groupPos = 0 kernel k−1 (if any)
/// was the last of its group.
/// @dev `leading` is T = loops[0], or 1 when there are no loops.
struct KernelFacts {
  uint8 outType;
  uint32 elements;
  uint16 groupPos;
  uint16 groupSize;
  uint32 leading;
  ResultRead[] reads;
}

/// @title Validator: rules V1–V9 of docs/spec/program.md, as far as header and one descriptor decide them
/// @notice Holds nothing; `ModelRegistry` asks it at publish time. What it accepts, the Arbiter can run within the cost
/// of docs/spec/cost.md; gas grows with the descriptor's length only.
interface IValidator {
  /// @notice The header is not well formed.
  /// @param position byte offset of what is wrong
  /// @param value what was found there (or the length, where bytes are missing or left over)
  error ValidatorHeader(uint256 position, uint256 value);

  /// @notice Kernel `kernel` breaks rule V`rule`.
  /// @param value what breaks it: the number, register or index found
  error ValidatorKernel(uint8 rule, uint32 kernel, uint256 value);

  /// @notice Reads a header; reverts with `ValidatorHeader` unless it is well formed.
  function checkHeader(bytes calldata header) external pure returns (HeaderFacts memory facts);

  /// @notice Checks V1–V6 and V9 wholly, V7 and V8 as far as header and descriptor decide them.
  /// @param facts as `checkHeader` gave them
  /// @param kernel its number, below `facts.kernels`
  function checkKernel(HeaderFacts calldata facts, uint32 kernel, bytes calldata descriptor)
    external
    pure
    returns (KernelFacts memory);
}
