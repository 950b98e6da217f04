// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDelegation} from "../../src/interfaces/IDelegation.sol";
import {Claim} from "../../src/types/Claim.sol";
import {BatchWorld} from "../toys/BatchWorld.sol";
import {ToyCourt} from "../staking/ToyCourt.sol";
import {OwnCourt} from "./Attacks.t.sol";

/// @notice Attacks on stake and delegation. Each test says what the attacker gains (≤ 0) and what each victim loses (≤ its bound).
contract StakingAttacksTest is BatchWorld {
    uint128 private constant OWN = 50_000e18;
    IDelegation private delegation;
    OwnCourt private court;

    function setUp() public override {
        super.setUp();
        delegation = staking.delegation();
        court = new OwnCourt(staking);
        vm.prank(operator);
        staking.authorise(address(court));
        address[2] memory all = [stranger, challenger];
        for (uint256 i; i < 2; i++) {
            vm.prank(all[i]);
            opg.approve(address(delegation), type(uint256).max);
        }
    }

    function _delegate(address from, uint128 amount) private returns (uint128 shares) {
        vm.prank(from);
        return delegation.delegate(operator, amount, 0);
    }

    function _operatorAndFriend() private view returns (uint256) {
        return opg.balanceOf(operator) + opg.balanceOf(payee) + staking.operators(operator).staked
            + staking.operators(operator).thawing;
    }

    /// Through a court of its own, for a friend. Attacker: loses at least half of S, with delegation beside it or without.
    function testFuzz_selfSlashWithAndWithoutDelegation(uint128 coverage, uint128 delegated) external {
        coverage = uint128(bound(coverage, 1, (OWN - FAULT_BOND) / 3));
        delegated = uint128(bound(delegated, 0, 10 * OWN));
        if (delegated > 0) _delegate(stranger, delegated);
        uint256 before = _operatorAndFriend();
        court.slashFor(operator, coverage, payee);
        assertGe(2 * (before - _operatorAndFriend()), 3 * uint256(coverage) + FAULT_BOND);
    }

    /// The operator's friends get nothing of what delegators lose, and those lose what the operator loses in proportion.
    function testFuzz_delegatorsRobbedByTheirOperatorsFriends(uint128 coverage) external {
        coverage = uint128(bound(coverage, 1, (OWN - FAULT_BOND) / 3));
        _delegate(stranger, 10 * OWN);
        uint256 pool = delegation.stakeOf(operator, stranger);
        uint256 supply = opg.totalSupply();
        uint256 friend = opg.balanceOf(payee);
        court.slashFor(operator, coverage, payee);
        uint256 taken = 3 * uint256(coverage) + FAULT_BOND;
        uint256 lost = pool - delegation.stakeOf(operator, stranger);
        friend = opg.balanceOf(payee) - friend;
        assertLe(lost, pool * taken / OWN + 2);
        // All that is gone and is not in the friend's hands is burnt.
        assertApproxEqAbs(supply - opg.totalSupply(), taken - friend + lost, 2);
    }

    /// Who undelegates when the fault is seen burns as much as who stays, until its stake has thawed.
    function test_delegateAndRun() external {
        _delegate(challenger, 1000e18);
        uint128 shares = _delegate(stranger, 1000e18);
        vm.prank(stranger);
        delegation.undelegate(operator, shares);
        court.slashFor(operator, 5000e18, payee);
        assertApproxEqAbs(
            delegation.stakeOf(operator, stranger), delegation.stakeOf(operator, challenger), 2, "no better, no worse"
        );
        assertApproxEqAbs(delegation.stakeOf(operator, stranger), 500e18, 2);
    }

    /// The first delegator of a pool pumps its price up before a second. Attacker: loses half of what it put in. Victim:
    /// loses under a millionth of that.
    function testFuzz_firstDepositorShareInflation(uint128 pump, uint128 amount) external {
        pump = uint128(bound(pump, 1, 500_000e18));
        amount = uint128(bound(amount, 1e18, 400_000e18));
        uint128 attackers = _delegate(stranger, 1);
        vm.prank(stranger);
        delegation.reward(operator, pump);
        uint256 unit = delegation.stakeOf(operator, stranger);
        vm.assume(delegation.pools(operator).tokens + amount <= 10 * OWN);
        _delegate(challenger, amount);
        uint256 loss = amount - delegation.stakeOf(operator, challenger);
        assertLe(loss, uint256(pump) / 1e6 + 2);
        assertLe(delegation.stakeOf(operator, stranger), uint256(pump) / 2 + loss + 2);
        assertLe(unit, uint256(pump) / 2 + 2);
        assertEq(attackers, 1e6);
    }

    /// 10⁴ small moves in and out: what rounds stays in the pool. Attacker: never more than it brought. The other delegator:
    /// loses nothing.
    function test_roundingDrainByDustMoves() external {
        _delegate(challenger, 12_345e18 + 7);
        uint256 brought;
        for (uint256 moves; moves < 10_000; moves++) {
            uint128 amount = uint128(1 + moves % 200);
            uint128 shares = _delegate(stranger, amount);
            brought += amount;
            if (shares < 2e6) continue;
            vm.prank(stranger);
            delegation.undelegate(operator, shares / 2);
            moves++;
        }
        assertLe(delegation.stakeOf(operator, stranger), brought);
        assertGe(delegation.stakeOf(operator, challenger), 12_345e18 + 7);
        skip(staking.thawPeriod() + 1);
        uint256 before = opg.balanceOf(stranger);
        vm.prank(stranger);
        delegation.withdraw(operator);
        assertLe(opg.balanceOf(stranger) - before, brought);
        assertGe(delegation.stakeOf(operator, challenger), 12_345e18 + 7);
    }

    /// All own stake withdrawn, 3 units brought and slashed through a court of its own: the fraction that burns is of a tenth
    /// of what is delegated at least. Attacker: loses a twentieth of what it burns. Delegators, thawing or not: lose that.
    function test_delegatorsBurntForNothing() external {
        ToyCourt court = new ToyCourt(staking);
        vm.prank(operator);
        staking.authorise(address(court));
        uint128 shares = _delegate(challenger, 10 * OWN);
        vm.prank(operator);
        staking.thaw(OWN);
        skip(1);
        vm.prank(challenger);
        delegation.undelegate(operator, shares);
        skip(staking.thawPeriod());
        vm.startPrank(operator);
        staking.withdraw();
        staking.stake(operator, 3);
        vm.stopPrank();
        court.slashBond(operator, 1);
        assertApproxEqAbs(delegation.stakeOf(operator, challenger), 10 * OWN - 30, 1);
    }

    /// Stake thawed to below M, or to nothing, while something is owed: locks and M stay; without a lock what thaws pays.
    function test_slashDodgedBelowMinimumStake() external {
        (Claim memory claim,) = _posted(_lie(1, 2, 3));
        vm.startPrank(operator);
        vm.expectRevert();
        staking.thaw(OWN - FAULT_BOND - 3 * COVERAGE + 1);
        staking.thaw(OWN - FAULT_BOND - 3 * COVERAGE);
        vm.stopPrank();
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        skip(tier.answer + 1);
        uint256 victim = opg.balanceOf(requester);
        uint256 before = _operatorAndFriend();
        disputes.expire(claim, _claimPosition(), 0);
        assertEq(opg.balanceOf(requester), victim + COVERAGE + FEE);
        assertEq(_operatorAndFriend(), before - 3 * COVERAGE - FAULT_BOND);
    }

    /// A dust delegation does not take a part of the operator's fees: it earns by its weight.
    function testFuzz_dustDelegationEarnsDust(uint128 dust, uint128 fee) external {
        dust = uint128(bound(dust, 1, 1e18));
        fee = uint128(bound(fee, 1, 1e24));
        _delegate(stranger, dust);
        assertLe(delegation.shareOf(operator, fee, block.timestamp), uint256(fee) * dust / OWN);
    }

    /// Delegates ten times the operator's stake in the second in which a fee is paid, and leaves in the same: earns by its weight
    /// what others worked for, and stands a thaw for it. Attacker: gains 5/11 of the operator's part at most.
    function test_delegatedForOneSecond() external {
        (Claim memory claim,) = _posted(_run(1));
        skip(tier.window + tier.grace + 1);
        uint256 part = market.quote(_request(claim.input)).toOperator;
        uint128 shares = _delegate(stranger, 10 * OWN);
        market.finalise(claim);
        vm.startPrank(stranger);
        delegation.undelegate(operator, shares);
        skip(staking.thawPeriod());
        vm.expectRevert();
        delegation.withdraw(operator);
        skip(1);
        uint256 gain = delegation.withdraw(operator) - 10 * OWN;
        vm.stopPrank();
        assertGt(gain, 0);
        assertLe(gain, part * 5 / 11);
    }
}
