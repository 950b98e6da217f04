// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Cut, Delegated, IDelegation, Pool} from "../interfaces/IDelegation.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {PoolShares} from "./PoolShares.sol";
import {StakeVotes} from "./StakeVotes.sol";

/// @notice Delegated OPG. Created by Staking, whose slashes are the only thing that takes from it.
contract Delegation is IDelegation {
    using SafeCast for uint256;

    uint256 private constant BPS = 10_000;
    /// @notice What delegators get of what their OPG earned: at first and at least, and at most. The rest is the operator's cut.
    uint16 public constant LEAST_BPS = 5000;
    uint16 public constant MOST_BPS = 10_000;
    uint256 public constant NOTICE = 7 days;
    uint256 public constant MOST_RATIO = 10;

    IOPG public immutable opg;
    IStaking public immutable staking;
    /// @inheritdoc IDelegation
    IStakeVotes public immutable votes;
    uint40 public immutable thawPeriod;

    mapping(address operator => Pool) private _pools;
    mapping(address operator => mapping(address delegator => Delegated)) private _positions;
    mapping(address operator => Cut) private _cuts;

    /// @dev Called while Staking is being made: it has no code to ask yet.
    constructor(IOPG opg_, uint40 thawPeriod_) {
        (opg, staking, thawPeriod) = (opg_, IStaking(msg.sender), thawPeriod_);
        votes = new StakeVotes(opg_, IStaking(msg.sender));
    }

    /// @inheritdoc IDelegation
    function delegate(address operator, uint128 amount, uint128 leastShares) external returns (uint128 shares) {
        uint256 own = staking.activeStake(operator);
        require(own > 0, DelegationOperatorNotActive(operator));
        Pool storage p = _pools[operator];
        uint256 tokens = uint256(p.tokens) + amount;
        require(tokens <= MOST_RATIO * own, DelegationOverRatio(operator, tokens, MOST_RATIO * own));
        shares = PoolShares.toShares(amount, p.tokens, p.shares).toUint128();
        require(shares > 0, DelegationZeroAmount());
        require(shares >= leastShares, DelegationTooFewShares(shares, leastShares));
        p.tokens = uint128(tokens);
        p.shares += shares;
        _own(operator, p).shares += shares;
        emit DelegatedTo(operator, msg.sender, amount, shares);
        opg.transferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IDelegation
    function undelegate(address operator, uint128 shares) external returns (uint128 amount) {
        Pool storage p = _pools[operator];
        Delegated storage d = _own(operator, p);
        require(shares <= d.shares, DelegationTooFewShares(d.shares, shares));
        amount = PoolShares.toTokens(shares, p.tokens, p.shares).toUint128();
        require(amount > 0, DelegationZeroAmount());
        uint128 thawShares = PoolShares.toShares(amount, p.thawing, p.thawShares).toUint128();
        p.tokens -= amount;
        p.shares -= shares;
        p.thawing += amount;
        p.thawShares += thawShares;
        d.shares -= shares;
        d.thawShares += thawShares;
        d.thawedAt = uint40(block.timestamp) + thawPeriod;
        emit Undelegated(operator, msg.sender, amount, d.thawedAt);
    }

    /// @inheritdoc IDelegation
    function withdraw(address operator) external returns (uint128 amount) {
        Pool storage p = _pools[operator];
        Delegated storage d = _own(operator, p);
        uint128 thawShares = d.thawShares;
        require(thawShares > 0, DelegationZeroAmount());
        require(block.timestamp > d.thawedAt, DelegationNotThawed(operator, msg.sender, d.thawedAt));
        amount = uint128(PoolShares.toTokens(thawShares, p.thawing, p.thawShares));
        p.thawing -= amount;
        p.thawShares -= thawShares;
        d.thawShares = 0;
        emit DelegationWithdrawn(operator, msg.sender, amount);
        votes.left(msg.sender, operator);
        opg.transfer(msg.sender, amount);
    }

    /// @inheritdoc IDelegation
    function announceCut(uint16 bps) external {
        require(bps >= LEAST_BPS && bps <= MOST_BPS, DelegationCutOutOfRange(bps, LEAST_BPS, MOST_BPS));
        Cut memory c = cutOf(msg.sender);
        // By then no claim is open that was made before the last change.
        uint256 earliest = c.from == 0 ? 0 : uint256(c.from) + thawPeriod;
        require(block.timestamp >= earliest, DelegationCutTooSoon(msg.sender, block.timestamp, earliest));
        uint40 from = uint40(block.timestamp + NOTICE);
        _cuts[msg.sender] = Cut({bps: c.nextBps, nextBps: bps, from: from});
        emit CutAnnounced(msg.sender, bps, from);
    }

    /// @inheritdoc IDelegation
    function reward(address operator, uint128 amount) external {
        Pool storage p = _pools[operator];
        require(p.shares > 0, DelegationPoolEmpty(operator));
        p.tokens += amount;
        emit Rewarded(operator, msg.sender, amount);
        opg.transferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IDelegation
    function burnShare(address operator, uint256 taken, uint256 own) external {
        require(msg.sender == address(staking), DelegationNotStaking(msg.sender));
        Pool storage p = _pools[operator];
        uint256 active = p.tokens;
        uint256 thawing = p.thawing;
        if (active + thawing == 0) return;
        // At most MOST_RATIO for one unit of its own: who has withdrawn can not burn its delegators' for nothing.
        uint256 least = Math.ceilDiv(active + thawing, MOST_RATIO);
        if (own < least) own = least;
        p.tokens -= uint128(PoolShares.burnt(active, taken, own));
        p.thawing -= uint128(PoolShares.burnt(thawing, taken, own));
        if (PoolShares.wornOut(p.tokens, p.shares)) (p.tokens, p.shares, p.epoch) = (0, 0, p.epoch + 1);
        if (PoolShares.wornOut(p.thawing, p.thawShares)) {
            (p.thawing, p.thawShares, p.thawEpoch) = (0, 0, p.thawEpoch + 1);
        }
        uint256 burnt = active + thawing - p.tokens - p.thawing;
        emit DelegationBurnt(operator, burnt);
        opg.burn(burnt);
    }

    /// @inheritdoc IDelegation
    function shareOf(address operator, uint256 amount, uint256 time) external view returns (uint256) {
        Pool storage p = _pools[operator];
        if (p.shares == 0 || p.tokens == 0) return 0;
        (uint256 own,) = staking.stakeOf(operator);
        uint256 tokens = p.tokens;
        Cut memory c = cutOf(operator);
        return Math.mulDiv(amount * (time < c.from ? c.bps : c.nextBps), tokens, (tokens + own) * BPS);
    }

    /// @inheritdoc IDelegation
    function stakeOf(address operator, address delegator) external view returns (uint256) {
        Pool storage p = _pools[operator];
        Delegated memory d = positions(operator, delegator);
        return PoolShares.toTokens(d.shares, p.tokens, p.shares)
            + PoolShares.toTokens(d.thawShares, p.thawing, p.thawShares);
    }

    /// @inheritdoc IDelegation
    function pools(address operator) external view returns (Pool memory) {
        return _pools[operator];
    }

    /// @inheritdoc IDelegation
    function positions(address operator, address delegator) public view returns (Delegated memory d) {
        Pool storage p = _pools[operator];
        d = _positions[operator][delegator];
        if (d.epoch != p.epoch) (d.shares, d.epoch) = (0, p.epoch);
        if (d.thawEpoch != p.thawEpoch) (d.thawShares, d.thawEpoch) = (0, p.thawEpoch);
    }

    /// @inheritdoc IDelegation
    function cutOf(address operator) public view returns (Cut memory c) {
        c = _cuts[operator];
        if (c.from == 0) (c.bps, c.nextBps) = (LEAST_BPS, LEAST_BPS);
    }

    /// @dev The caller's position, with what was worn out struck.
    function _own(address operator, Pool storage p) private returns (Delegated storage d) {
        d = _positions[operator][msg.sender];
        if (d.epoch != p.epoch) (d.shares, d.epoch) = (0, p.epoch);
        if (d.thawEpoch != p.thawEpoch) (d.thawShares, d.thawEpoch) = (0, p.thawEpoch);
    }
}
