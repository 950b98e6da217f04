// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ModelId} from "../types/Identity.sol";
import {IDelegation} from "./IDelegation.sol";
import {IStakeVotes} from "./IStakeVotes.sol";

/// @notice An operator, keyed by its owner (the cold key). Amounts in OPG, 18 decimals.
struct Operator {
    /// hot key: signs claims and answers demands
    address signer;
    /// when it first faulted, 0 unless jailed
    uint40 frozenAt;
    /// where fees go
    address payee;
    uint40 thawedAt;
    /// own stake that is not thawing
    uint128 staked;
    /// Σ 3 × coverage of open claims, over all courts
    uint128 locked;
    /// own stake on its way out, still slashable
    uint128 thawing;
    /// m: what faults have left of the fault bond since it was last made up; all of it unless jailed
    uint128 bondLeft;
    string endpoint;
}

/// @notice What an operator's hot key may do: sign in [from, until], answer demands to defendsUntil. 2⁴⁰ − 1: no end.
struct Key {
    uint40 from;
    uint40 until;
    uint40 defendsUntil;
}

/// @notice What a court may do with an operator's stake. One slot.
struct CourtLock {
    bool authorised;
    uint128 locked;
    /// until when a lodged claim may still take from the fault bond after the operator left
    uint40 answersUntil;
}

/// @notice What an operator asks for a model; fee 0 and maxCoverage 0: not offered.
struct Offer {
    ModelId modelRoot;
    uint128 fee;
    uint128 maxCoverage;
}

/// @notice Who gets what when a claim falls (docs/spec/claim.md, Waterfall). total = victim + challenger + burn.
struct Shares {
    uint256 total;
    uint256 victim;
    uint256 challenger;
    uint256 burn;
}

/// @notice What Staking asks of a court before an operator may opt in.
interface ICourt {
    /// @notice Longest time, in seconds, from a signature to the last moment at which its claim can be found false.
    function longestExposure() external view returns (uint256);
}

/// @notice Operators, their own stake and their fault bond. No key can move what is not its own.
/// @dev Law 2: locked + bondLeft ≤ staked while locked > 0. Law 3: thawPeriod ≥ every opted-in court's exposure.
interface IStaking {
    event Registered(address indexed operator, address signer, address payee, string endpoint);
    event Updated(address indexed operator, address payee, string endpoint);
    event Rotated(address indexed operator, address indexed from, address indexed to, uint40 defendsUntil);
    event Offered(address indexed operator, ModelId indexed model, uint128 fee, uint128 maxCoverage);
    event Staked(address indexed operator, address indexed from, uint128 amount);
    event Thawing(address indexed operator, uint128 thawing, uint40 thawedAt);
    event Withdrawn(address indexed operator, uint128 amount);
    event Authorised(address indexed operator, address indexed court);
    event Revoked(address indexed operator, address indexed court);
    event Locked(address indexed operator, address indexed court, uint128 amount);
    event Unlocked(address indexed operator, address indexed court, uint128 amount);
    event Slashed(
        address indexed operator,
        address indexed victim,
        address indexed challenger,
        uint256 victimShare,
        uint256 challengerShare,
        uint256 burnt
    );
    event Jailed(address indexed operator, uint40 frozenAt);
    event Returned(address indexed operator);

    error StakingParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    error StakingZeroAddress();
    error StakingZeroAmount();
    error StakingAlreadyRegistered(address operator);
    error StakingNotRegistered(address operator);
    /// An operator uses a key once.
    error StakingKeyUsed(address operator, address key);
    error StakingEndpointTooLong(uint256 length, uint256 most);
    /// Less than `amount` is free of locks and of the fault bond that backs them.
    error StakingNotFree(address operator, uint256 amount, uint256 free);
    error StakingThawing(address operator, uint40 thawedAt);
    error StakingNothingThawing(address operator);
    /// The court's claims may stay open longer than stake thaws.
    error StakingExposureTooLong(address court, uint256 exposure, uint256 thawPeriod);
    error StakingAlreadyAuthorised(address operator, address court);
    error StakingNotAuthorised(address operator, address court);
    error StakingCourtHoldsLock(address operator, address court, uint256 locked);
    /// Law 2: the stake does not cover the new exposure and the fault bond.
    error StakingInsufficient(address operator, uint256 needed, uint256 staked);
    error StakingLockTooSmall(address operator, address court, uint256 amount, uint256 locked);
    error StakingJailed(address operator, uint40 frozenAt);
    error StakingNotJailed(address operator);
    /// Claims are still open.
    error StakingStillLocked(address operator, uint256 locked);

    /// @notice Makes the caller an operator. `endpoint` is a URL of at most 256 bytes.
    function register(address signer, address payee, string calldata endpoint, Offer[] calldata offers) external;

    /// @notice Changes where fees go and where the operator is reached.
    function update(address payee, string calldata endpoint) external;

    /// @notice Owner: from now on `signer` is the hot key. What the former one signed and nobody posted can only be lodged.
    /// @param defendsUntil until when the former key may still open claims; 0 for a key in wrong hands
    function rotate(address signer, uint40 defendsUntil) external;

    /// @notice Sets the prices that requesters find; the Market does not enforce them.
    function offer(Offer[] calldata offers) external;

    /// @notice Adds to an operator's own stake, from the caller's allowance. What is added belongs to the operator.
    function stake(address operator, uint128 amount) external;

    /// @notice Takes stake out of cover; it can be withdrawn after thawPeriod and is slashable until then.
    /// A second thaw before a withdrawal starts the clock anew for all of it.
    function thaw(uint128 amount) external;

    /// @notice Pays out all thawed stake to the owner.
    function withdraw() external;

    /// @notice Lets a court lock and slash the caller's stake.
    function authorise(address court) external;

    /// @notice Takes that back; only when the court holds no lock. Claims signed before can be lodged for thawPeriod more.
    function revoke(address court) external;

    /// @notice Ends jail once every claim is closed and the stake covers the fault bond again.
    function restore() external;

    /// @notice Court: locks 3 × coverage. Refused for a jailed operator.
    /// @return signer the operator's hot key
    function lock(address operator, uint128 coverage) external returns (address signer);

    /// @notice Court: frees 3 × coverage of its own locks.
    /// @return payee where the operator's fees go
    function unlock(address operator, uint128 coverage) external returns (address payee);

    /// @notice Court: takes 3 × coverage of its own locks, and the fault bond on the first fault, by the waterfall; jails.
    /// @dev Thawing stake is taken first, so that what still covers other claims stays.
    function slash(address operator, uint128 coverage, address victim, address challenger)
        external
        returns (Shares memory);

    /// @notice Court: takes min(3 × coverage, what is left of the fault bond, stake that backs no lock) for a lodged claim;
    /// jails. Needs no lock. Takes and does nothing where the bond does not answer to the court.
    function slashBond(address operator, uint128 coverage, address victim, address challenger)
        external
        returns (Shares memory);

    function operators(address operator) external view returns (Operator memory);

    function signerOf(address operator) external view returns (address);

    /// @notice Where an operator's fees go.
    function payeeOf(address operator) external view returns (address);

    function keys(address operator, address key) external view returns (uint40 from, uint40 until, uint40 defendsUntil);

    /// @notice Whether `key` signed for the operator at some moment of [from, to].
    function heldKey(address operator, address key, uint256 from, uint256 to) external view returns (bool);

    /// @notice Whether `account` may answer demands to the operator: its owner, its hot key, and former ones that it lets.
    function mayDefend(address operator, address account) external view returns (bool);

    /// @notice Own stake.
    function stakeOf(address operator) external view returns (uint256 staked, uint256 thawing);

    /// @notice Own stake that is not thawing, 0 when jailed or below the fault bond.
    function activeStake(address operator) external view returns (uint256);

    /// @notice m: what a fault in a posted claim takes of the fault bond beside 3 × coverage.
    function bondLeft(address operator) external view returns (uint128);

    /// @notice Whether the fault bond answers for lodged claims to `court`: let in, or left at most thawPeriod ago.
    function answers(address operator, address court) external view returns (bool);

    /// @notice 0 unless jailed.
    function frozenAt(address operator) external view returns (uint40);

    function offers(address operator, ModelId model) external view returns (uint128 fee, uint128 maxCoverage);

    function courtLocks(address operator, address court)
        external
        view
        returns (bool authorised, uint128 locked, uint40 answersUntil);

    function delegation() external view returns (IDelegation);

    function votes() external view returns (IStakeVotes);

    /// @notice Coverage that a new claim of the operator could have at most.
    function room(address operator) external view returns (uint128 coverage);

    /// @notice M
    function faultBond() external view returns (uint128);

    /// @notice seconds
    function thawPeriod() external view returns (uint40);
}
