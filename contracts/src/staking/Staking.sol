// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDelegation} from "../interfaces/IDelegation.sol";
import {CourtLock, ICourt, IStaking, Key, Offer, Operator, Shares} from "../interfaces/IStaking.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";
import {ModelId} from "../types/Identity.sol";
import {Delegation} from "./Delegation.sol";
import {Waterfall} from "./Waterfall.sol";

/// @notice Operators, their own stake, what courts have locked of it, and the fault bond.
contract Staking is IStaking {
    uint256 private constant LEAST_THAW = 1 minutes;
    uint256 private constant MOST_THAW = 180 days;
    uint256 private constant MOST_BOND = 1e27;
    uint256 private constant MOST_ENDPOINT = 256;
    uint40 private constant NEVER = type(uint40).max;

    IOPG public immutable opg;
    /// @inheritdoc IStaking
    uint128 public immutable faultBond;
    /// @inheritdoc IStaking
    uint40 public immutable thawPeriod;
    /// @inheritdoc IStaking
    IDelegation public immutable delegation;
    /// @inheritdoc IStaking
    IStakeVotes public immutable votes;

    mapping(address operator => Operator) private _operators;
    mapping(address operator => mapping(ModelId model => Offer)) private _offers;
    mapping(address operator => mapping(address court => CourtLock)) public courtLocks;
    mapping(address operator => mapping(address key => Key)) public keys;

    constructor(IOPG opg_, uint128 faultBond_, uint40 thawPeriod_) {
        require(address(opg_) != address(0), StakingZeroAddress());
        require(
            faultBond_ >= 4 && faultBond_ <= MOST_BOND,
            StakingParameterOutOfRange("faultBond", faultBond_, 4, MOST_BOND)
        );
        require(
            thawPeriod_ >= LEAST_THAW && thawPeriod_ <= MOST_THAW,
            StakingParameterOutOfRange("thawPeriod", thawPeriod_, LEAST_THAW, MOST_THAW)
        );
        opg = opg_;
        faultBond = faultBond_;
        thawPeriod = thawPeriod_;
        delegation = new Delegation(opg_, thawPeriod_);
        votes = delegation.votes();
    }

    modifier onlyOperator() {
        require(_operators[msg.sender].signer != address(0), StakingNotRegistered(msg.sender));
        _;
    }

    /// @inheritdoc IStaking
    function register(address signer, address payee, string calldata endpoint, Offer[] calldata offers_) external {
        require(_operators[msg.sender].signer == address(0), StakingAlreadyRegistered(msg.sender));
        _beginKey(signer);
        _setContact(payee, endpoint);
        _operators[msg.sender].bondLeft = faultBond;
        emit Registered(msg.sender, signer, payee, endpoint);
        _offer(offers_);
    }

    /// @inheritdoc IStaking
    function update(address payee, string calldata endpoint) external onlyOperator {
        _setContact(payee, endpoint);
        emit Updated(msg.sender, payee, endpoint);
    }

    /// @inheritdoc IStaking
    function rotate(address signer, uint40 defendsUntil) external onlyOperator {
        address former = _operators[msg.sender].signer;
        Key storage k = keys[msg.sender][former];
        (k.until, k.defendsUntil) = (uint40(block.timestamp), defendsUntil);
        emit Rotated(msg.sender, former, signer, defendsUntil);
        _beginKey(signer);
    }

    /// @inheritdoc IStaking
    function offer(Offer[] calldata offers_) external onlyOperator {
        _offer(offers_);
    }

    /// @inheritdoc IStaking
    function stake(address operator, uint128 amount) external {
        Operator storage o = _operators[operator];
        require(o.signer != address(0), StakingNotRegistered(operator));
        require(amount > 0, StakingZeroAmount());
        o.staked += amount;
        emit Staked(operator, msg.sender, amount);
        opg.transferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IStaking
    function thaw(uint128 amount) external onlyOperator {
        Operator storage o = _operators[msg.sender];
        require(amount > 0, StakingZeroAmount());
        uint256 free = _free(o);
        require(amount <= free, StakingNotFree(msg.sender, amount, free));
        o.staked -= amount;
        o.thawing += amount;
        o.thawedAt = uint40(block.timestamp) + thawPeriod;
        emit Thawing(msg.sender, o.thawing, o.thawedAt);
    }

    /// @inheritdoc IStaking
    function withdraw() external {
        Operator storage o = _operators[msg.sender];
        uint128 amount = o.thawing;
        require(amount > 0, StakingNothingThawing(msg.sender));
        require(block.timestamp > o.thawedAt, StakingThawing(msg.sender, o.thawedAt));
        o.thawing = 0;
        emit Withdrawn(msg.sender, amount);
        votes.left(msg.sender, msg.sender);
        opg.transfer(msg.sender, amount);
    }

    /// @inheritdoc IStaking
    function authorise(address court) external onlyOperator {
        CourtLock storage held = courtLocks[msg.sender][court];
        require(!held.authorised, StakingAlreadyAuthorised(msg.sender, court));
        uint256 exposure = ICourt(court).longestExposure();
        require(exposure <= thawPeriod, StakingExposureTooLong(court, exposure, thawPeriod));
        held.authorised = true;
        emit Authorised(msg.sender, court);
    }

    /// @inheritdoc IStaking
    function revoke(address court) external {
        CourtLock storage held = courtLocks[msg.sender][court];
        require(held.authorised, StakingNotAuthorised(msg.sender, court));
        require(held.locked == 0, StakingCourtHoldsLock(msg.sender, court, held.locked));
        (held.authorised, held.answersUntil) = (false, uint40(block.timestamp) + thawPeriod);
        emit Revoked(msg.sender, court);
    }

    /// @inheritdoc IStaking
    function restore() external {
        Operator storage o = _operators[msg.sender];
        require(o.frozenAt != 0, StakingNotJailed(msg.sender));
        require(o.locked == 0, StakingStillLocked(msg.sender, o.locked));
        require(o.staked >= faultBond, StakingInsufficient(msg.sender, faultBond, o.staked));
        (o.frozenAt, o.bondLeft) = (0, faultBond);
        emit Returned(msg.sender);
    }

    /// @inheritdoc IStaking
    function lock(address operator, uint128 coverage) external returns (address signer) {
        Operator storage o = _operators[operator];
        CourtLock storage held = courtLocks[operator][msg.sender];
        require(held.authorised, StakingNotAuthorised(operator, msg.sender));
        require(o.frozenAt == 0, StakingJailed(operator, o.frozenAt));
        require(coverage > 0, StakingZeroAmount());
        uint128 amount = Waterfall.LOCK_MULTIPLE * coverage;
        uint256 needed = uint256(o.locked) + amount + faultBond;
        require(needed <= o.staked, StakingInsufficient(operator, needed, o.staked));
        o.locked += amount;
        held.locked += amount;
        emit Locked(operator, msg.sender, amount);
        return o.signer;
    }

    /// @inheritdoc IStaking
    function unlock(address operator, uint128 coverage) external returns (address payee) {
        uint128 amount = _takeLock(operator, coverage);
        emit Unlocked(operator, msg.sender, amount);
        return _operators[operator].payee;
    }

    /// @inheritdoc IStaking
    function slash(address operator, uint128 coverage, address victim, address challenger)
        external
        returns (Shares memory shares)
    {
        _takeLock(operator, coverage);
        uint128 left = bondLeft(operator);
        shares = Waterfall.split(coverage, left);
        // Total ≤ what the lock and the bond held (law 2), so `staked` can not run short.
        _take(operator, shares, left, victim, challenger);
    }

    /// @inheritdoc IStaking
    function slashBond(address operator, uint128 coverage, address victim, address challenger)
        external
        returns (Shares memory shares)
    {
        require(coverage > 0, StakingZeroAmount());
        // No revert: what nobody answers for any more must still be able to fall.
        if (!answers(operator, msg.sender)) return shares;
        Operator storage o = _operators[operator];
        // Law 2: with a lock open at least bondLeft is free; without one there may be less stake than bond.
        uint256 free = uint256(o.staked) + o.thawing - o.locked;
        uint256 left = bondLeft(operator);
        shares = Waterfall.lodged(coverage, left < free ? left : free);
        _take(operator, shares, uint128(shares.total), victim, challenger);
    }

    /// @inheritdoc IStaking
    function operators(address operator) external view returns (Operator memory) {
        return _operators[operator];
    }

    /// @inheritdoc IStaking
    function signerOf(address operator) external view returns (address) {
        return _operators[operator].signer;
    }

    /// @inheritdoc IStaking
    function heldKey(address operator, address key, uint256 from, uint256 to) external view returns (bool) {
        Key storage k = keys[operator][key];
        return k.from != 0 && k.from <= to && from <= k.until;
    }

    /// @inheritdoc IStaking
    function mayDefend(address operator, address account) external view returns (bool) {
        return account == operator || block.timestamp <= keys[operator][account].defendsUntil;
    }

    /// @inheritdoc IStaking
    function payeeOf(address operator) external view returns (address) {
        return _operators[operator].payee;
    }

    /// @inheritdoc IStaking
    function stakeOf(address operator) external view returns (uint256 staked, uint256 thawing) {
        Operator storage o = _operators[operator];
        return (o.staked, o.thawing);
    }

    /// @inheritdoc IStaking
    function activeStake(address operator) external view returns (uint256) {
        Operator storage o = _operators[operator];
        return o.frozenAt != 0 || o.staked < faultBond ? 0 : o.staked;
    }

    /// @inheritdoc IStaking
    function bondLeft(address operator) public view returns (uint128) {
        return _operators[operator].bondLeft;
    }

    /// @inheritdoc IStaking
    function answers(address operator, address court) public view returns (bool) {
        CourtLock storage held = courtLocks[operator][court];
        return held.authorised || block.timestamp <= held.answersUntil;
    }

    /// @inheritdoc IStaking
    function frozenAt(address operator) external view returns (uint40) {
        return _operators[operator].frozenAt;
    }

    /// @inheritdoc IStaking
    function offers(address operator, ModelId model) external view returns (uint128 fee, uint128 maxCoverage) {
        Offer storage o = _offers[operator][model];
        return (o.fee, o.maxCoverage);
    }

    /// @inheritdoc IStaking
    function room(address operator) external view returns (uint128 coverage) {
        Operator storage o = _operators[operator];
        uint256 used = uint256(o.locked) + faultBond;
        if (o.frozenAt != 0 || used > o.staked) return 0;
        return uint128((o.staked - used) / Waterfall.LOCK_MULTIPLE);
    }

    /// @dev All of it from the operator's own stake, thawing first; the same fraction of what is delegated burns beside it.
    function _take(address operator, Shares memory shares, uint128 fromBond, address victim, address challenger) private {
        Operator storage o = _operators[operator];
        uint128 total = uint128(shares.total);
        uint256 own = uint256(o.staked) + o.thawing;
        uint128 fromThawing = o.thawing < total ? o.thawing : total;
        o.thawing -= fromThawing;
        o.staked -= total - fromThawing;
        o.bondLeft -= fromBond;
        emit Slashed(operator, victim, challenger, shares.victim, shares.challenger, shares.burn);
        if (o.frozenAt == 0) {
            o.frozenAt = uint40(block.timestamp);
            emit Jailed(operator, uint40(block.timestamp));
        }
        if (total == 0) return;
        delegation.burnShare(operator, total, own);
        opg.transfer(victim, shares.victim);
        opg.transfer(challenger, shares.challenger);
        opg.burn(shares.burn);
    }

    function _beginKey(address signer) private {
        require(signer != address(0), StakingZeroAddress());
        Key storage k = keys[msg.sender][signer];
        require(k.from == 0, StakingKeyUsed(msg.sender, signer));
        (k.from, k.until, k.defendsUntil) = (uint40(block.timestamp), NEVER, NEVER);
        _operators[msg.sender].signer = signer;
    }

    function _setContact(address payee, string calldata endpoint) private {
        require(payee != address(0), StakingZeroAddress());
        uint256 length = bytes(endpoint).length;
        require(length <= MOST_ENDPOINT, StakingEndpointTooLong(length, MOST_ENDPOINT));
        Operator storage o = _operators[msg.sender];
        o.payee = payee;
        o.endpoint = endpoint;
    }

    function _offer(Offer[] calldata offers_) private {
        for (uint256 i; i < offers_.length; i++) {
            Offer calldata o = offers_[i];
            _offers[msg.sender][o.modelRoot] = o;
            emit Offered(msg.sender, o.modelRoot, o.fee, o.maxCoverage);
        }
    }

    function _takeLock(address operator, uint128 coverage) private returns (uint128 amount) {
        CourtLock storage held = courtLocks[operator][msg.sender];
        require(coverage > 0, StakingZeroAmount());
        amount = Waterfall.LOCK_MULTIPLE * coverage;
        require(held.locked >= amount, StakingLockTooSmall(operator, msg.sender, amount, held.locked));
        held.locked -= amount;
        _operators[operator].locked -= amount;
    }

    /// @dev While claims are open the fault bond that backs them stays too, unless it is already gone.
    function _free(Operator storage o) private view returns (uint256) {
        if (o.locked == 0) return o.staked;
        uint256 bound = uint256(o.locked) + o.bondLeft;
        return o.staked - bound;
    }
}
