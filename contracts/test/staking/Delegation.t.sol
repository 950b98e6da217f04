// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Cut, Delegated, IDelegation, Pool} from "../../src/interfaces/IDelegation.sol";
import {IStakeVotes} from "../../src/interfaces/IStakeVotes.sol";
import {PoolShares} from "../../src/staking/PoolShares.sol";
import {StakeVotes} from "../../src/staking/StakeVotes.sol";
import {World} from "../toys/World.sol";
import {ToyCourt} from "./ToyCourt.sol";

/// @notice Calls for the TypeScript twin.
contract PoolSharesHarness {
    function toShares(uint256 amount, uint256 tokens, uint256 shares) external pure returns (uint256) {
        return PoolShares.toShares(amount, tokens, shares);
    }

    function toTokens(uint256 amount, uint256 tokens, uint256 shares) external pure returns (uint256) {
        return PoolShares.toTokens(amount, tokens, shares);
    }

    function wornOut(uint256 tokens, uint256 shares) external pure returns (bool) {
        return PoolShares.wornOut(tokens, shares);
    }

    function burnt(uint256 tokens, uint256 taken, uint256 own) external pure returns (uint256) {
        return PoolShares.burnt(tokens, taken, own);
    }
}

contract DelegationTest is World {
    uint128 private constant OWN = 50_000e18;
    ToyCourt private court;
    IDelegation private delegation;
    StakeVotes private votes;

    function setUp() public override {
        super.setUp();
        court = new ToyCourt(staking);
        delegation = staking.delegation();
        votes = StakeVotes(address(staking.votes()));
        vm.prank(operator);
        staking.authorise(address(court));
        address[2] memory all = [stranger, challenger];
        for (uint256 i; i < 2; i++) {
            vm.prank(all[i]);
            opg.approve(address(delegation), type(uint256).max);
        }
        opg.approve(address(delegation), type(uint256).max);
        vm.prank(treasury);
        opg.transfer(address(this), 1_000_000e18);
    }

    function _expect(bytes4 selector, bytes memory arguments) private {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _delegate(address from, uint128 amount) private returns (uint128 shares) {
        vm.prank(from);
        return delegation.delegate(operator, amount, 0);
    }

    function _undelegate(address from, uint128 shares) private returns (uint128) {
        vm.prank(from);
        return delegation.undelegate(operator, shares);
    }

    function test_delegateThawWithdraw() external {
        uint128 shares = _delegate(stranger, 1000e18);
        assertEq(shares, 1000e24);
        assertEq(delegation.stakeOf(operator, stranger), 1000e18);
        _expect(IDelegation.DelegationTooFewShares.selector, abi.encode(shares, shares + 1));
        _undelegate(stranger, shares + 1);
        _expect(IDelegation.DelegationZeroAmount.selector, "");
        _undelegate(stranger, 1);
        assertEq(_undelegate(stranger, shares / 2), 500e18);
        skip(10 days);
        assertEq(_undelegate(stranger, shares / 2), 500e18);
        uint256 thawedAt = block.timestamp + 30 days;
        vm.warp(thawedAt);
        vm.startPrank(stranger);
        _expect(IDelegation.DelegationNotThawed.selector, abi.encode(operator, stranger, thawedAt));
        delegation.withdraw(operator);
        skip(1);
        uint256 before = opg.balanceOf(stranger);
        assertEq(delegation.withdraw(operator), 1000e18);
        assertEq(opg.balanceOf(stranger), before + 1000e18);
        _expect(IDelegation.DelegationZeroAmount.selector, "");
        delegation.withdraw(operator);
        assertEq(opg.balanceOf(address(delegation)), 0);
    }

    /// What thaws has shares of its own, at the price of what thaws already.
    function test_thawingSharesAtTheirPrice() external {
        _delegate(stranger, 1001);
        assertEq(_undelegate(stranger, 1e6), 1);
        assertEq(_undelegate(stranger, 1000e6), 1000);
        assertEq(delegation.positions(operator, stranger).thawShares, 1001e6);
    }

    /// What rounding leaves in a pool that all have left is nobody's: a fee must not be shared with it.
    function test_leftPoolGetsNothing() external {
        uint128 shares = _delegate(stranger, 1000e18);
        delegation.reward(operator, 500e18);
        _undelegate(stranger, shares);
        assertEq(delegation.pools(operator).shares, 0);
        assertEq(delegation.pools(operator).tokens, 1);
        assertEq(delegation.shareOf(operator, 1_000_000e18, block.timestamp), 0);
    }

    function test_refusals() external {
        _expect(IDelegation.DelegationOperatorNotActive.selector, abi.encode(stranger));
        delegation.delegate(stranger, 1, 0);
        _expect(IDelegation.DelegationZeroAmount.selector, "");
        delegation.delegate(operator, 0, 0);
        _expect(IDelegation.DelegationOverRatio.selector, abi.encode(operator, 10 * OWN + 1, 10 * OWN));
        delegation.delegate(operator, 10 * OWN + 1, 0);
        _expect(IDelegation.DelegationTooFewShares.selector, abi.encode(1e24, 1e24 + 1));
        delegation.delegate(operator, 1e18, 1e24 + 1);
        _expect(IDelegation.DelegationNotStaking.selector, abi.encode(this));
        delegation.burnShare(operator, 1, 1);
        _expect(IDelegation.DelegationPoolEmpty.selector, abi.encode(operator));
        delegation.reward(operator, 1);
        delegation.delegate(operator, 10 * OWN, 0);
        court.lock(operator, 1e18);
        court.slash(operator, 1e18, requester, challenger);
        _expect(IDelegation.DelegationOperatorNotActive.selector, abi.encode(operator));
        delegation.delegate(operator, 1, 0);
    }

    function test_cutChangesAfterNoticeOneAtATime() external {
        _delegate(stranger, OWN);
        assertEq(delegation.shareOf(operator, 100e18, block.timestamp), 25e18);
        vm.startPrank(operator);
        _expect(IDelegation.DelegationCutOutOfRange.selector, abi.encode(4999, 5000, 10_000));
        delegation.announceCut(4999);
        _expect(IDelegation.DelegationCutOutOfRange.selector, abi.encode(10_001, 5000, 10_000));
        delegation.announceCut(10_001);
        delegation.announceCut(8000);
        uint256 from = block.timestamp + 7 days;
        assertEq(abi.encode(delegation.cutOf(operator)), abi.encode(Cut(5000, 8000, uint40(from))));
        assertEq(delegation.shareOf(operator, 100e18, from - 1), 25e18);
        assertEq(delegation.shareOf(operator, 100e18, from), 40e18);
        vm.warp(from + 30 days - 1);
        _expect(IDelegation.DelegationCutTooSoon.selector, abi.encode(operator, from + 30 days - 1, from + 30 days));
        delegation.announceCut(5000);
        skip(1);
        // What was made before the first change and what after it were all final by now.
        delegation.announceCut(5000);
        assertEq(delegation.shareOf(operator, 100e18, block.timestamp), 40e18);
        assertEq(delegation.shareOf(operator, 100e18, block.timestamp + 7 days), 25e18);
        assertEq(delegation.shareOf(stranger, 100e18, block.timestamp), 0);
    }

    function test_rewardsCompound() external {
        uint128 first = _delegate(stranger, 1000e18);
        delegation.reward(operator, 500e18);
        uint128 second = _delegate(challenger, 1500e18);
        assertApproxEqAbs(second, first, 1e6);
        delegation.reward(operator, 300e18);
        assertApproxEqAbs(delegation.stakeOf(operator, stranger), 1650e18, 10);
        assertApproxEqAbs(delegation.stakeOf(operator, challenger), 1650e18, 10);
        assertLe(delegation.stakeOf(operator, stranger) + delegation.stakeOf(operator, challenger), 3300e18);
    }

    /// A slash of S burns S / own of the pool, thawing or not, and pays nothing of it to anybody.
    function testFuzz_burntInProportion(uint128 active, uint128 thawing, uint128 coverage) external {
        active = uint128(bound(active, 1, 5 * OWN));
        thawing = uint128(bound(thawing, 1, 5 * OWN));
        coverage = uint128(bound(coverage, 1, (OWN - FAULT_BOND) / 3));
        _delegate(stranger, active);
        uint128 shares = _delegate(challenger, thawing);
        _undelegate(challenger, shares);
        court.lock(operator, coverage);
        uint256 supply = opg.totalSupply();
        uint256 friends = opg.balanceOf(author) + opg.balanceOf(payee);
        court.slash(operator, coverage, author, payee);
        uint256 taken = 3 * uint256(coverage) + FAULT_BOND;
        friends = opg.balanceOf(author) + opg.balanceOf(payee) - friends;
        Pool memory p = delegation.pools(operator);
        uint256 burnt = (uint256(active) + thawing) - p.tokens - p.thawing;
        assertApproxEqAbs(burnt, (uint256(active) + thawing) * taken / OWN, 2);
        assertEq(supply - opg.totalSupply(), taken - friends + burnt);
        assertLe(2 * friends, taken);
        assertEq(opg.balanceOf(address(delegation)), uint256(p.tokens) + p.thawing);
    }

    function testFuzz_nobodyGetsMoreThanThePool(uint128[6] memory amounts, uint256 acts) external {
        uint256 gone;
        for (uint256 i; i < 6; i++) {
            uint256 act = (acts >> (8 * i)) % 4;
            address who = (acts >> (8 * i)) & 64 == 0 ? stranger : challenger;
            Delegated memory d = delegation.positions(operator, who);
            if (act < 2) _delegate(who, uint128(bound(amounts[i], 1e18, OWN)));
            else if (act == 2 && d.shares > 0) {
                uint128 shares = uint128(bound(amounts[i], 1, d.shares));
                Pool memory now_ = delegation.pools(operator);
                if (PoolShares.toTokens(shares, now_.tokens, now_.shares) > 0) _undelegate(who, shares);
            } else if (act == 3 && delegation.pools(operator).shares > 0) delegation.reward(operator, uint128(bound(amounts[i], 1, OWN)));
        }
        skip(30 days + 1);
        address[2] memory all = [stranger, challenger];
        for (uint256 i; i < 2; i++) {
            if (delegation.positions(operator, all[i]).thawShares == 0) continue;
            vm.prank(all[i]);
            gone += delegation.withdraw(operator);
        }
        Pool memory p = delegation.pools(operator);
        assertEq(opg.balanceOf(address(delegation)), uint256(p.tokens) + p.thawing);
        uint256 owed = delegation.stakeOf(operator, stranger) + delegation.stakeOf(operator, challenger);
        assertLe(owed, uint256(p.tokens) + p.thawing);
    }

    /// Attack: a pool worn down to dust, so that later delegators' thawing shares overflow and they are locked in. A half that
    /// has lost nearly all begins anew; who comes later gets out what it brought.
    /// A slash of all own stake burns the last unit of a small pool too: what the operator is still owed can be shared out.
    function test_emptiedPoolGetsNothing() external {
        _delegate(stranger, 5);
        vm.prank(operator);
        staking.stake(operator, 2);
        uint128 coverage = (OWN + 2 - FAULT_BOND) / 3;
        court.lock(operator, coverage);
        court.slash(operator, coverage, requester, payee);
        (uint256 own,) = staking.stakeOf(operator);
        assertEq(own, 0);
        assertEq(delegation.pools(operator).tokens, 0);
        assertGt(delegation.pools(operator).shares, 0);
        assertEq(delegation.shareOf(operator, 1e18, block.timestamp), 0);
    }

    function test_wornOutPoolLocksNobodyIn() external {
        _delegate(stranger, 1000e18);
        uint128 thawed = _delegate(challenger, 1000e18);
        _undelegate(challenger, thawed);
        votes.sync(challenger, operator);
        uint256 counted = votes.getVotes(challenger);
        court.lock(operator, (OWN - FAULT_BOND) / 3);
        court.slash(operator, (OWN - FAULT_BOND) / 3, requester, payee);
        votes.sync(challenger, operator);
        assertEq(counted - votes.getVotes(challenger), 1000e18);
        assertLt(staking.activeStake(operator), 1e18);
        assertEq(delegation.stakeOf(operator, stranger) + delegation.stakeOf(operator, challenger), 0);
        assertEq(opg.balanceOf(address(delegation)), 0);
        vm.startPrank(operator);
        staking.stake(operator, OWN);
        staking.restore();
        vm.stopPrank();
        vm.prank(challenger);
        _expect(IDelegation.DelegationZeroAmount.selector, "");
        delegation.withdraw(operator);
        delegation.delegate(operator, 10 * OWN, 0);
        uint128 shares = delegation.positions(operator, address(this)).shares;
        assertEq(delegation.undelegate(operator, shares), 10 * OWN);
        skip(30 days + 1);
        assertEq(delegation.withdraw(operator), 10 * OWN);
        assertEq(delegation.positions(operator, stranger).shares, 0);
    }

    function test_votesFollowStake() external {
        vm.startPrank(stranger);
        opg.delegate(author);
        delegation.delegate(operator, 1000e18, 0);
        vm.stopPrank();
        uint256 held = opg.balanceOf(stranger);
        assertEq(votes.getVotes(author), held);
        votes.sync(stranger, operator);
        assertEq(votes.getVotes(author), held + 1000e18);
        votes.sync(operator, operator);
        assertEq(votes.getVotes(operator), OWN);
        _expect(IStakeVotes.StakeVotesNothing.selector, abi.encode(requester, operator));
        votes.sync(requester, operator);
        votes.left(requester, operator);
        // A reward and a slash count when anyone says so.
        delegation.reward(operator, 1000e18);
        votes.sync(stranger, operator);
        assertApproxEqAbs(votes.getVotes(author), held + 2000e18, 1);
        skip(1);
        assertApproxEqAbs(votes.getPastVotes(author, block.timestamp - 1), held + 2000e18, 1);
        assertEq(votes.getPastTotalSupply(block.timestamp - 1), opg.totalSupply());
        assertEq(votes.clock(), block.timestamp);
        assertEq(votes.CLOCK_MODE(), "mode=timestamp");
        vm.prank(stranger);
        votes.delegate(challenger);
        assertEq(votes.getVotes(author), held);
        assertApproxEqAbs(votes.getVotes(challenger), 2000e18, 1);
    }

    /// No OPG votes twice: what is withdrawn stops counting as staked in the same transaction.
    function test_withdrawnVotesLeave() external {
        vm.prank(stranger);
        opg.delegate(stranger);
        uint128 shares = _delegate(stranger, 1000e18);
        votes.sync(stranger, operator);
        uint256 all = votes.getVotes(stranger);
        _undelegate(stranger, shares / 2);
        skip(30 days + 1);
        vm.prank(stranger);
        delegation.withdraw(operator);
        assertEq(votes.getVotes(stranger), all);
        votes.sync(operator, operator);
        vm.startPrank(operator);
        opg.delegate(operator);
        all = votes.getVotes(operator);
        staking.thaw(OWN);
        assertEq(votes.getVotes(operator), all);
        skip(30 days + 1);
        staking.withdraw();
        assertEq(votes.getVotes(operator), all);
        assertEq(votes.counted(operator, operator), 0);
    }
}
