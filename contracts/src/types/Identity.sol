// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice modelRoot of docs/spec/commitments.md: Program, weights, source file and compiler.
type ModelId is bytes32;

/// @notice EIP-712 digest of a Claim: its identity on chain and off.
type ClaimId is bytes32;
