// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ModelId} from "./Identity.sol";

/// @notice One result, as the operator signs it (EIP-712, domain OpenGradient / 1 / chainId / Market). docs/spec/claim.md
struct Claim {
    ModelId modelRoot;
    /// H(7 ‖ salt ‖ 0 ‖ inputRoot)
    bytes32 input;
    /// H(7 ‖ salt ‖ 1 ‖ outputRoot)
    bytes32 output;
    /// the operator's owner key, by which Staking knows it
    address operator;
    address requester;
    uint256 requestId;
    /// OPG, 18 decimals
    uint128 fee;
    /// OPG that the requester gets if the claim falls; fee ≤ coverage
    uint128 coverage;
    /// set of Levels
    uint32 level;
    /// hash of the Parameters record
    bytes32 parameters;
    /// last second in which the claim may be posted
    uint64 postBy;
}

/// @notice What a request asks for; the requester is whoever sends it.
struct Request {
    ModelId modelRoot;
    bytes32 input;
    address operator;
    uint128 fee;
    uint128 coverage;
    uint32 level;
    bytes32 parameters;
    /// last second in which an answer may be posted
    uint64 deadline;
}

/// @notice The answer at depth 0: what lies behind the two sides of a claim, and the trace.
struct Opening {
    bytes32 salt;
    bytes32 inputRoot;
    bytes32 outputRoot;
    bytes32 traceRoot;
}

/// @notice Clocks (seconds), fee split (basis points of the fee) and bounds of one tier. Its abi.encode's hash is `Claim.parameters`.
struct Parameters {
    /// W, from the post
    uint32 window;
    /// R, after each answer
    uint32 reaction;
    /// A, to answer a demand
    uint32 answer;
    /// F, how long claims of a jailed operator stay open to challenge
    uint32 freeze;
    /// C, from a commit to its proof, and from quietAt to final
    uint32 grace;
    uint16 auditBps;
    uint16 burnBps;
    /// one of Delivery
    uint8 delivery;
    /// least and most coverage of a claim of this tier, OPG
    uint128 minCoverage;
    uint128 maxCoverage;
}

enum ClaimStatus {
    None,
    Open,
    Final,
    Void
}

/// @notice What pays when a claim falls, and where its fee is.
enum Backing {
    /// 3 × coverage locked; the fee is in the Market's escrow
    Request,
    /// 3 × coverage locked; the fee was paid elsewhere
    Batch,
    /// the fault bond, as far as it is left; the fee was paid elsewhere
    Bond
}

/// @notice What Market keeps of a claim: one slot. quietAt = windowEnd + extension.
struct ClaimRecord {
    address operator;
    /// until the year 2106
    uint32 windowEnd;
    /// how far answers have moved quietAt past windowEnd, seconds
    uint24 extension;
    /// demands asked and not yet answered
    uint24 pending;
    ClaimStatus status;
    Backing backing;
}

/// @notice How a contract that asked gets its result; `Parameters.delivery`.
library Delivery {
    /// the requester looks for itself
    uint8 internal constant PULL = 0;
    /// as soon as it is posted, and again if it falls
    uint8 internal constant FAST = 1;
    /// once nobody can challenge it any more
    uint8 internal constant FINAL = 2;
}

/// @notice What a claim proves; bits of `Claim.level`.
library Levels {
    /// an identified key says so
    uint32 internal constant SIGNED = 1;
    /// posted, stake locked, challengeable by anyone until final
    uint32 internal constant OPTIMISTIC = 2;
    /// the only set that the Market accepts today
    uint32 internal constant BUILT = SIGNED | OPTIMISTIC;

    /// @notice Whether a claim's level has everything that `required` asks for.
    function meets(uint32 level, uint32 required) internal pure returns (bool) {
        return level & required == required;
    }
}
