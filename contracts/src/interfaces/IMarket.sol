// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Backing, Claim, ClaimRecord, ClaimStatus, Opening, Parameters, Request} from "../types/Claim.sol";
import {ClaimId, ModelId} from "../types/Identity.sol";
import {IBatches} from "./IBatches.sol";
import {IDisputes} from "./IDisputes.sol";
import {IFees, Split} from "./IFees.sol";
import {INewWork} from "./INewWork.sol";
import {ICourt, Shares} from "./IStaking.sol";

/// @notice A claim as the court sees it, freeze included.
struct Standing {
    ClaimId id;
    ClaimStatus status;
    uint40 windowEnd;
    uint40 quietAt;
    Parameters parameters;
}

/// @notice What the court needs of an open claim when it asks for data.
struct Held {
    ClaimId id;
    /// when it was posted, shown first, or lodged
    uint40 madeAt;
    uint40 windowEnd;
    uint40 quietAt;
    uint32 answer;
    uint32 reaction;
}

/// @notice Escrow, requests and claims. It hears a verdict from its court and does not know how it was reached.
/// @dev docs/spec/claim.md. Keeps one slot a request (hash of its terms) and one a claim; callers hand the rest in again.
interface IMarket is ICourt, IFees {
    event TierAdded(bytes32 indexed parametersHash, Parameters parameters);
    event Requested(uint256 indexed requestId, address indexed requester, address indexed operator, Request request);
    event Refunded(uint256 indexed requestId, address indexed requester, uint128 fee);
    event Posted(ClaimId indexed id, uint256 indexed requestId, address indexed operator, Claim claim, uint40 windowEnd);
    /// A lodged claim has the batch's lock behind it from now on.
    event Backed(ClaimId indexed id);
    event Finalised(
        ClaimId indexed id, uint256 toOperator, uint256 toDelegators, uint256 toAuthor, uint256 toAudits, uint256 burnt
    );
    event Voided(ClaimId indexed id, address indexed challenger, Shares shares);

    error MarketParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    error MarketZeroAddress();
    error MarketModelNotOpen(ModelId model);
    error MarketOperatorUnknown(address operator);
    error MarketTierUnknown(bytes32 parametersHash);
    /// Only signed | optimistic is built.
    error MarketLevelNotBuilt(uint32 level);
    error MarketCoverageOutOfRange(uint128 coverage, uint128 least, uint128 most);
    error MarketZeroFee();
    error MarketDeadlinePassed(uint64 deadline, uint256 time);
    error MarketDeadlineTooFar(uint64 deadline, uint256 most);
    error MarketDeadlineNotPassed(uint64 deadline, uint256 time);
    /// No request with these terms is waiting: never made, answered, refunded, or the claim differs from it.
    error MarketRequestUnknown(uint256 requestId);
    error MarketClaimKnown(ClaimId id, ClaimStatus status);
    /// postBy lies more than 24 h ahead.
    error MarketPostTooEarly(uint64 postBy, uint256 most);
    /// Neither sent by nor signed by the operator's hot key or owner. A claim for another chain or Market ends here.
    error MarketNotOperator(address operator, address given);
    error MarketClaimNotOpen(ClaimId id, ClaimStatus status);
    error MarketNotQuiet(ClaimId id, uint256 finalAfter);
    error MarketDemandsPending(ClaimId id, uint256 pending);
    error MarketNotCourt(address caller);
    error MarketNotBatches(address caller);
    error MarketNotGovernance(address caller);
    /// Numbers below 2^64 are those of requests on chain; only `post` answers them.
    error MarketNumberReserved(uint256 requestId);

    /// @notice Escrows `fee` from the caller's allowance for one operator's answer.
    function request(Request calldata terms) external returns (uint256 requestId);

    /// @notice Gives the fee back when nobody posted by the deadline. Anyone may call.
    function refund(uint256 requestId, address requester, Request calldata terms) external;

    /// @notice Posts an answer: locks 3 × coverage of the operator's stake, opens the window.
    /// @param deadline the request's
    /// @param signature 65 bytes of the operator's hot key over the claim's digest; empty when the hot key or owner sends
    function post(Claim calldata claim, uint64 deadline, bytes calldata signature) external returns (ClaimId);

    /// @notice The same with depth 0 answered already. Only the hot key or owner may send it, so that nobody else chooses the trace root.
    function postOpened(Claim calldata claim, uint64 deadline, Opening calldata opening) external returns (ClaimId);

    /// @notice After quietAt + C with nothing pending: frees the lock and splits the fee. Anyone may call.
    function finalise(Claim calldata claim) external;

    /// @notice What a request would cost now, and who would get it: the sum is what `request` takes. Reverts where it would.
    function quote(Request calldata terms) external view returns (Split memory);

    /// @notice Batches: locks 3 × coverage for a batch of one tier.
    function lockBatch(address operator, uint128 coverage, bytes32 parametersHash)
        external
        returns (address signer, uint32 window);

    /// @notice Batches: frees what of a batch was never shown.
    function unlockBatch(address operator, uint128 coverage) external;

    /// @notice Batches: opens a claim that no request waits for, with a window of its own. One that was lodged and now comes
    /// from a batch keeps its window.
    function open(Claim calldata claim, Backing backing) external returns (ClaimId);

    /// @notice Governance: from now on new work that would go to tier `from` goes to one that differs in the split only, within
    /// the bounds of every tier. What was asked or signed for `from` keeps its split to the end. Going back to a tier that was
    /// closed opens it again.
    function resplit(bytes32 from, uint16 auditBps, uint16 burnBps) external returns (bytes32 to);

    /// @notice Court: the claim can not become final while a demand is pending. Reverts unless it is open.
    function hold(Claim calldata claim) external returns (Held memory);

    /// @notice Court: one demand was answered; quietAt becomes the later of itself and `quiet`.
    function answered(ClaimId id, uint40 quiet) external;

    /// @notice Court: the claim is false. Slashes, pays, refunds the escrow.
    function void(Claim calldata claim, address challenger) external;

    /// @notice EIP-712 digest.
    function digest(Claim calldata claim) external view returns (ClaimId);

    /// @notice Identity, status and what pays when it falls, for contracts that consume.
    function statusOf(Claim calldata claim) external view returns (ClaimId id, ClaimStatus status, Backing backing);

    function standing(Claim calldata claim) external view returns (Standing memory);

    /// @notice The last second in which a proof may be committed, freeze included. Reverts unless the claim is open.
    function quietAt(ClaimId id) external view returns (uint40);

    /// @notice When a claim was posted, shown first, or lodged; now where it was not yet.
    function windowBegan(Claim calldata claim) external view returns (uint256);

    /// @notice What is stored of a claim, and its quietAt with the freeze.
    function record(ClaimId id) external view returns (ClaimRecord memory stored, uint40 quiet);

    /// @notice Reverts with MarketTierUnknown.
    function tier(bytes32 parametersHash) external view returns (Parameters memory);

    /// @notice Hash of the terms of a request that waits for its answer, its requester once it was refunded, else 0.
    function waiting(uint256 requestId) external view returns (bytes32);

    function domainSeparator() external view returns (bytes32);

    /// @notice The only contract that may void a claim.
    function disputes() external view returns (IDisputes);

    /// @notice What says whether a request or a batch is taken now.
    function newWork() external view returns (INewWork);

    /// @notice The only account that may change what docs/governance.md lists, and nothing else: a Timelock.
    function governance() external view returns (address);

    /// @notice The only contract that may open a claim without a request.
    function batches() external view returns (IBatches);

    /// @notice Requests made so far; the last requestId.
    function requests() external view returns (uint256);
}
