// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Claim, ClaimStatus, Opening} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";
import {Position} from "../types/Position.sol";

enum DemandStatus {
    None,
    Asked,
    Answered,
    Expired,
    Moot,
    /// depth 0: answered, and its OPG paid out since
    Settled
}

/// @notice One slot. Key: keccak256(abi.encode(id, position, target)).
struct Demand {
    address demander;
    /// last second to answer
    uint40 due;
    /// native coin paid in, gwei
    uint48 gweiIn;
    DemandStatus status;
}

/// @notice Hangs a node from a root of the opening (docs/spec/commitments.md, Positions).
struct NodeProof {
    /// objects 4 and 5: the tensor's root, and its path in its list or trace; else 0 and empty
    bytes32 tensorRoot;
    bytes32[] listPath;
    /// the node's hash, and its path in its own tree; 0 and empty for the root of the tree
    bytes32 node;
    bytes32[] path;
}

/// @notice A committed proof. Key: keccak256(abi.encode(id, prover, commitment)).
struct Commitment {
    uint40 time;
    uint48 blockNumber;
    /// settled: the bond was paid back or burnt
    bool settled;
}

/// @notice What `prove` opens: commitment = keccak256(abi.encode(id, kernel, element, prover, salt)).
struct Proof {
    uint32 kernel;
    uint32 element;
    bytes32 salt;
    bytes witness;
}

/// @notice Base fee, in wei, below which prices do not follow it: `before` for claims made before `from`, `next` for the others.
struct Floor {
    uint64 before;
    uint64 next;
    uint40 from;
}

/// @notice Buy data, prove one element. Its verdicts are final and only ever void a claim.
/// @dev docs/spec/claim.md, The dispute.
interface IDisputes {
    event Demanded(
        ClaimId indexed id, Position indexed position, bytes32 target, address indexed demander, uint40 due, uint256 price
    );
    /// The answer at depth 0, at the post or to a demand.
    event Opened(ClaimId indexed id, Opening opening);
    event Revealed(ClaimId indexed id, Position indexed position, bytes32 target, address indexed revealer, bytes data);
    event Expired(ClaimId indexed id, Position indexed position, bytes32 target, address indexed demander);
    event Reclaimed(ClaimId indexed id, Position indexed position, bytes32 target, address indexed demander);
    /// The OPG of an opening went to the operator's payee (Final) or back to its demander (Void).
    event OpeningSettled(ClaimId indexed id, address indexed to, uint256 amount);
    event Committed(ClaimId indexed id, address indexed prover, bytes32 commitment);
    event Proven(ClaimId indexed id, address indexed prover, uint32 kernel, uint32 element);
    event BondSettled(ClaimId indexed id, address indexed prover, bytes32 commitment, bool burnt);
    event Withdrawn(address indexed account, uint256 amount);
    event BaseFeeFloorSet(uint256 floor);

    error DisputesParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    error DisputesNotMarket(address caller);
    error DisputesNotGovernance(address caller);
    /// Claims of before the last change may still be open.
    error DisputesFloorTooSoon(uint256 earliest);
    error DisputesClaimNotOpen(ClaimId id, ClaimStatus status);
    error DisputesClaimUndecided(ClaimId id);
    error DisputesClaimNotVoid(ClaimId id, ClaimStatus status);
    /// The deadline rule: demands at this depth were accepted until `last`.
    error DisputesTooLate(ClaimId id, uint256 last, uint256 time);
    error DisputesPriceTooLow(uint256 given, uint256 price);
    error DisputesNotWholeGwei(uint256 given);
    error DisputesPriceTooHigh(uint256 given, uint256 most);
    error DisputesPositionInvalid(Position position);
    error DisputesPathInvalid(Position position, bytes32 got, bytes32 expected);
    error DisputesPathLengthInvalid(Position position, uint256 given, uint256 expected);
    /// Already asked, answered or expired.
    error DisputesDemandKnown(ClaimId id, Position position, DemandStatus status);
    /// Never asked, or no longer in the state that the act needs.
    error DisputesNoDemand(ClaimId id, Position position, bytes32 target);
    error DisputesAlreadyOpened(ClaimId id);
    /// The opening is not the one on record (0: none yet, demand depth 0 first).
    error DisputesOpeningDiffers(ClaimId id, bytes32 given, bytes32 expected);
    /// The opening does not hash to the claim's input or output.
    error DisputesSideDiffers(bytes32 given, bytes32 expected);
    error DisputesNotOperator(address operator, address caller);
    error DisputesDataLengthInvalid(Position position, uint256 given, uint256 expected);
    error DisputesPastDue(ClaimId id, Position position, uint40 due);
    error DisputesNotDue(ClaimId id, Position position, uint40 due);
    error DisputesCommitmentKnown(ClaimId id, address prover, bytes32 commitment);
    error DisputesNoCommitment(ClaimId id, address prover, bytes32 commitment);
    error DisputesProofTooEarly(uint256 blockNumber, uint256 firstBlock);
    error DisputesProofTooLate(uint256 time, uint256 last);
    error DisputesBondNotDue(ClaimId id, uint256 burnableAfter);
    error DisputesNothingToWithdraw(address account);
    error DisputesTransferFailed(address account, uint256 amount);

    /// @notice Asks for the opening of a claim. Send at least `price(position 0, 0)`, in whole gwei; also takes
    /// `openingPrice(claim)` OPG from the caller's allowance. The coin goes to the operator that opens; for the OPG see
    /// `settleOpening`.
    function demandOpening(Claim calldata claim) external payable;

    /// @notice Asks for what hangs below a node of depth ≥ 1. Send at least `price(claim, position)`, in whole gwei; all of it goes to the operator's hot key.
    function demand(Claim calldata claim, Opening calldata opening, Position position, NodeProof calldata proof)
        external
        payable;

    /// @notice Answers a demand for the opening. Only the operator's owner, its hot key, and former ones that it lets.
    function open(Claim calldata claim, Opening calldata opening) external;

    /// @notice Pays the OPG of an opening that was demanded and answered, once the claim is decided. Anyone. Final: to the
    /// operator's payee. Void: back to the demander, so that no liar earns by the fee and coverage that it signed.
    function settleOpening(Claim calldata claim) external;

    /// @notice Answers a demand of depth ≥ 1 with hashes, tensorRoots or the 256 bytes of a leaf. Anyone may bring it; the operator is paid.
    function reveal(Claim calldata claim, Position position, bytes calldata data) external;

    /// @notice An unanswered demand past its due voids the claim, with its demander as the challenger. Anyone.
    /// @param target the hash that was demanded, as in the event; 0 at depth 0
    function expire(Claim calldata claim, Position position, bytes32 target) external;

    /// @notice Price back for a demand that is pending on a claim that fell otherwise. Anyone, to the demander.
    function reclaim(Claim calldata claim, Position position, bytes32 target) external;

    /// @notice Announces a proof; takes `bond` OPG from the caller's allowance. Extends nothing.
    function commit(ClaimId id, bytes32 commitment) external;

    /// @notice Proves one element or shape wrong: the claim is void, the bond comes back. ≥ 2 blocks and ≤ C after the commit, by its committer.
    /// @dev Reverts with the Arbiter's error when the witness does not prove it.
    function prove(Claim calldata claim, Opening calldata opening, Proof calldata proof) external;

    /// @notice Bond back when the claim is void, burnt when C has passed and it is not. Anyone.
    function settleBond(Claim calldata claim, address prover, bytes32 commitment) external;

    /// @notice Pays out the caller's native coin to `to`.
    function withdraw(address payable to) external;

    /// @notice Market: keeps the opening of a claim that is being posted.
    function openAtPost(ClaimId id, Claim calldata claim, Opening calldata opening) external;

    /// @notice Native coin, in wei, that a demand costs at the base fee of the current block: 2 × gas of the answer × base fee, at least
    /// the floor that the claim was made under, in whole gwei.
    function price(Claim calldata claim, Position position) external view returns (uint256);

    /// @notice OPG that a demand of the opening costs beside: 3 × fee, within ⌈coverage / 100⌉ … ⌈coverage / 10⌉.
    function openingPrice(Claim calldata claim) external pure returns (uint256);

    function depth(Claim calldata claim, Position position) external view returns (uint256);

    function demands(ClaimId id, Position position, bytes32 target) external view returns (Demand memory);

    function commitments(ClaimId id, address prover, bytes32 commitment) external view returns (Commitment memory);

    /// @notice keccak256(abi.encode(opening)), or 0.
    function openings(ClaimId id) external view returns (bytes32);

    /// @notice wei
    function credits(address account) external view returns (uint256);

    /// @notice Governance: the floor of claims made from now on, 1 wei … 100 gwei. One change until every claim of before the last is
    /// decided.
    function setBaseFeeFloor(uint256 floor) external;

    /// @notice A base fee, in wei, that is the floor of every open claim or above it: a chain with base fee 0 still charges.
    function baseFeeFloor() external view returns (uint256);

    /// @notice The Market's.
    function governance() external view returns (address);

    /// @notice OPG that `commit` takes.
    function bond() external view returns (uint128);
}
