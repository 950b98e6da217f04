// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStakeVotes} from "./IStakeVotes.sol";

/// @notice What is delegated to one operator, OPG. Shares of the two halves are counted apart.
struct Pool {
    /// what earns
    uint128 tokens;
    uint128 shares;
    /// what is on its way out; earns nothing, is burnt like the rest
    uint128 thawing;
    uint128 thawShares;
    /// how often each half was worn out: shares of an earlier epoch are worth nothing
    uint32 epoch;
    uint32 thawEpoch;
}

/// @notice One delegator's part of a pool.
struct Delegated {
    uint128 shares;
    uint128 thawShares;
    uint40 thawedAt;
    /// of the pool when the shares were bought
    uint32 epoch;
    uint32 thawEpoch;
}

/// @notice What delegators get of what their OPG earned, basis points: `bps` before `from`, `nextBps` from then on.
struct Cut {
    uint16 bps;
    uint16 nextBps;
    uint40 from;
}

/// @notice OPG that stands beside an operator's own: it earns its weight of its fees, but for the operator's cut,, burns with its stake, and pays nobody.
/// @dev Every conversion rounds down for who acts, every burn up. Amounts in OPG, 18 decimals; shares have six decimals more.
interface IDelegation {
    event DelegatedTo(address indexed operator, address indexed delegator, uint128 amount, uint128 shares);
    event Undelegated(address indexed operator, address indexed delegator, uint128 amount, uint40 thawedAt);
    event DelegationWithdrawn(address indexed operator, address indexed delegator, uint128 amount);
    event Rewarded(address indexed operator, address indexed from, uint128 amount);
    event DelegationBurnt(address indexed operator, uint256 amount);
    event CutAnnounced(address indexed operator, uint16 bps, uint40 from);

    error DelegationNotStaking(address caller);
    error DelegationZeroAmount();
    /// Jailed, or with less own stake than the fault bond.
    error DelegationOperatorNotActive(address operator);
    /// At most MOST_RATIO times the operator's own stake.
    error DelegationOverRatio(address operator, uint256 delegated, uint256 most);
    /// Fewer shares than the caller would take: the pool earned or burnt in between.
    error DelegationTooFewShares(uint256 shares, uint256 least);
    error DelegationNotThawed(address operator, address delegator, uint40 thawedAt);
    error DelegationPoolEmpty(address operator);
    error DelegationCutOutOfRange(uint16 bps, uint16 least, uint16 most);
    /// The last change has not settled yet.
    error DelegationCutTooSoon(address operator, uint256 time, uint256 earliest);

    /// @notice Delegates from the caller's allowance.
    /// @param leastShares the call reverts when it would give fewer
    function delegate(address operator, uint128 amount, uint128 leastShares) external returns (uint128 shares);

    /// @notice Takes shares out; what they are worth can be withdrawn after thawPeriod and burns with the operator's stake
    /// until then. A second call before a withdrawal starts the clock anew for all of it.
    function undelegate(address operator, uint128 shares) external returns (uint128 amount);

    /// @notice Pays out what has thawed, to its delegator.
    function withdraw(address operator) external returns (uint128 amount);

    /// @notice Announces what the caller's delegators get of what their OPG earned, NOTICE ahead. One change at a time.
    function announceCut(uint16 bps) external;

    /// @notice Adds OPG of the caller's allowance to what is delegated: all delegators' shares are worth more.
    function reward(address operator, uint128 amount) external;

    /// @notice Staking: burns the fraction taken / own of the pool, rounded up; and all of a half that has then lost all but a
    /// hundred-thousandth of what its shares once cost, since its shares would soon fit no number.
    function burnShare(address operator, uint256 taken, uint256 own) external;

    /// @notice Delegators' part of `amount`, the operator's part of a fee, for a claim made at `time`, rounded down:
    /// amount × delegated / (delegated + own stake not thawing) × their share at that time.
    /// @dev By weight, so that a dust delegation earns dust.
    function shareOf(address operator, uint256 amount, uint256 time) external view returns (uint256);

    /// @notice What a delegator would get for all its shares, thawing ones included.
    function stakeOf(address operator, address delegator) external view returns (uint256);

    function pools(address operator) external view returns (Pool memory);

    function positions(address operator, address delegator) external view returns (Delegated memory);

    function cutOf(address operator) external view returns (Cut memory);

    function votes() external view returns (IStakeVotes);
}
