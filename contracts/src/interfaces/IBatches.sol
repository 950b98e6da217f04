// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Claim} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";

/// @notice One posting of many claims. keccak256(abi.encode(batch)) is its id; callers hand it in again.
struct Batch {
    address operator;
    /// hash of the root of the Merkle-sum tree over the claims
    bytes32 root;
    /// sum of the root: Σ coverage of the claims
    uint128 coverage;
    /// leaves of the tree
    uint32 count;
    /// tier of every claim in it
    bytes32 parameters;
    uint40 postedAt;
}

/// @notice A node beside the path of a leaf.
struct SumNode {
    bytes32 hash;
    uint128 sum;
}

/// @notice What is kept of a batch: one slot.
struct BatchRecord {
    /// 0: never posted
    uint40 windowEnd;
    bool released;
    /// coverage of the claims shown so far
    uint128 shown;
}

/// @notice Many claims for the price of one post. Holds nothing; the locks are the Market's.
/// @dev docs/spec/claim.md, Batches. A claim of a batch is `optimistic` for who holds its path, and can be relied on by
/// contracts only once it was shown.
interface IBatches {
    event BatchPosted(bytes32 indexed batch, address indexed operator, Batch terms, uint40 windowEnd);
    event Shown(bytes32 indexed batch, ClaimId indexed id, uint32 index);
    event Released(bytes32 indexed batch, uint128 coverage);
    event Lodged(ClaimId indexed id, address indexed holder);

    error BatchesEmpty();
    error BatchesNotOperator(address operator, address caller);
    error BatchesKnown(bytes32 batch);
    /// Never posted, or released already.
    error BatchesNotOpen(bytes32 batch);
    /// Until `releasedAfter` its claims can be shown and challenged.
    error BatchesNotQuiet(bytes32 batch, uint256 releasedAfter);
    error BatchesIndexOutOfRange(uint256 index, uint256 count);
    error BatchesPathLengthInvalid(uint256 given, uint256 expected);
    /// The leaf and its path do not add up to the root, in hash and sum.
    error BatchesRootDiffers(bytes32 hash, uint256 sum);
    /// Another operator or tier than the batch, or a postBy before the post or more than 24 h after it.
    error BatchesClaimForeign(ClaimId id);
    /// A claim is lodged after its postBy and within 24 h of it.
    error BatchesNotLodgeable(uint64 postBy, uint256 time);
    /// The operator never let the Market in, or left it longer ago than stake thaws: its fault bond answers for nothing here.
    error BatchesNotAnswered(address operator);
    /// Not signed by a hot key that the operator had in the day before postBy.
    error BatchesSignerUnknown(address operator, address given);

    /// @notice Hot key or owner: locks 3 × coverage and opens the window of the tier for all claims of the tree.
    function post(address operator, bytes32 root, uint128 coverage, uint32 count, bytes32 parameters)
        external
        returns (bytes32 batch);

    /// @notice Anyone, until the batch is released: opens the claim of one leaf with a window of its own. A claim that was
    /// lodged gets the batch's lock behind it and keeps its window; one that fell after it was lodged is slashed from it.
    /// @param path the leaf's siblings, from below
    function show(Batch calldata batch, Claim calldata claim, uint32 index, SumNode[] calldata path)
        external
        returns (ClaimId);

    /// @notice Anyone, after the window and not while a fault of the operator keeps it frozen: frees what was not shown.
    function release(Batch calldata batch) external;

    /// @notice Anyone with a signed claim whose postBy passed at most 24 h ago: opens it, with the fault bond behind it.
    function lodge(Claim calldata claim, bytes calldata signature) external returns (ClaimId);

    function batches(bytes32 batch) external view returns (BatchRecord memory);
}
