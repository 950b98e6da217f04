// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice modelRoot of docs/spec/commitments.md: Program, weights, source file and compiler.
type ModelId is bytes32;

/// @notice EIP-712 digest of a Claim: its identity on chain and off.
type ClaimId is bytes32;

using {modelEquals as ==, modelDiffers as !=} for ModelId global;
using {claimEquals as ==, claimDiffers as !=} for ClaimId global;

function modelEquals(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) == ModelId.unwrap(b);
}

function modelDiffers(ModelId a, ModelId b) pure returns (bool) {
    return ModelId.unwrap(a) != ModelId.unwrap(b);
}

function claimEquals(ClaimId a, ClaimId b) pure returns (bool) {
    return ClaimId.unwrap(a) == ClaimId.unwrap(b);
}

function claimDiffers(ClaimId a, ClaimId b) pure returns (bool) {
    return ClaimId.unwrap(a) != ClaimId.unwrap(b);
}
