// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IOPG} from "../../src/interfaces/IOPG.sol";
import {IStaking, Offer, Operator, Shares} from "../../src/interfaces/IStaking.sol";
import {Staking} from "../../src/staking/Staking.sol";
import {Waterfall} from "../../src/staking/Waterfall.sol";
import {World} from "../toys/World.sol";
import {ToyCourt} from "./ToyCourt.sol";

contract StakingTest is World {
    uint128 private constant STAKE = 50_000e18;
    ToyCourt private court;

    function setUp() public override {
        super.setUp();
        court = new ToyCourt(staking);
        vm.prank(operator);
        staking.authorise(address(court));
    }

    function _expect(bytes4 selector, bytes memory arguments) internal {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _record() private view returns (Operator memory) {
        return staking.operators(operator);
    }

    function test_constructorBounds() external {
        IOPG token = IOPG(address(opg));
        _expect(IStaking.StakingZeroAddress.selector, "");
        new Staking(IOPG(address(0)), 4, 1 days);
        _expect(IStaking.StakingParameterOutOfRange.selector, abi.encode(bytes32("faultBond"), 3, 4, 1e27));
        new Staking(token, 3, 1 days);
        _expect(IStaking.StakingParameterOutOfRange.selector, abi.encode(bytes32("faultBond"), 1e27 + 1, 4, 1e27));
        new Staking(token, 1e27 + 1, 1 days);
        _expect(IStaking.StakingParameterOutOfRange.selector, abi.encode(bytes32("thawPeriod"), 59, 60, 180 days));
        new Staking(token, 4, 59);
        _expect(
            IStaking.StakingParameterOutOfRange.selector, abi.encode(bytes32("thawPeriod"), 180 days + 1, 60, 180 days)
        );
        new Staking(token, 4, 180 days + 1);
    }

    function test_registerUpdateOffer() external {
        Offer[] memory list = new Offer[](1);
        list[0] = Offer(model, 5e18, 900e18);
        vm.startPrank(stranger);
        staking.register(signer, payee, "https://a", list);
        (uint128 fee, uint128 most) = staking.offers(stranger, model);
        assertEq(fee, 5e18);
        assertEq(most, 900e18);
        _expect(IStaking.StakingAlreadyRegistered.selector, abi.encode(stranger));
        staking.register(signer, payee, "https://a", list);
        staking.update(author, "https://b");
        assertEq(staking.operators(stranger).payee, author);
        assertEq(staking.operators(stranger).endpoint, "https://b");
        list[0].fee = 0;
        staking.offer(list);
        (fee,) = staking.offers(stranger, model);
        assertEq(fee, 0);

        _expect(IStaking.StakingZeroAddress.selector, "");
        staking.rotate(address(0), 0);
        _expect(IStaking.StakingZeroAddress.selector, "");
        staking.update(address(0), "");
        _expect(IStaking.StakingEndpointTooLong.selector, abi.encode(257, 256));
        staking.update(author, string(new bytes(257)));
    }

    /// The old key stops signing at once; how long it defends is its owner's choice; it never comes back.
    function test_rotateKeys() external {
        uint40 start = uint40(block.timestamp);
        skip(100);
        vm.startPrank(operator);
        staking.rotate(challenger, start + 150);
        assertEq(staking.signerOf(operator), challenger);
        assertTrue(staking.mayDefend(operator, signer));
        assertTrue(staking.mayDefend(operator, operator));
        assertTrue(staking.mayDefend(operator, challenger));
        assertFalse(staking.mayDefend(operator, stranger));
        assertTrue(staking.heldKey(operator, signer, start, start));
        assertTrue(staking.heldKey(operator, signer, start + 100, start + 1000));
        assertFalse(staking.heldKey(operator, signer, start + 101, start + 1000));
        assertFalse(staking.heldKey(operator, signer, start - 10, start - 1));
        assertTrue(staking.heldKey(operator, challenger, start, start + 100));
        assertFalse(staking.heldKey(operator, challenger, start, start + 99));
        assertFalse(staking.heldKey(operator, stranger, 0, type(uint40).max));
        _expect(IStaking.StakingKeyUsed.selector, abi.encode(operator, signer));
        staking.rotate(signer, 0);
        _expect(IStaking.StakingKeyUsed.selector, abi.encode(operator, challenger));
        staking.rotate(challenger, 0);
        skip(51);
        assertFalse(staking.mayDefend(operator, signer));
        staking.rotate(author, 0);
        assertFalse(staking.mayDefend(operator, challenger));
    }

    function test_strangersAreNotOperators() external {
        vm.startPrank(stranger);
        _expect(IStaking.StakingNotRegistered.selector, abi.encode(stranger));
        staking.update(payee, "");
        _expect(IStaking.StakingNotRegistered.selector, abi.encode(stranger));
        staking.rotate(signer, 0);
        _expect(IStaking.StakingNotRegistered.selector, abi.encode(stranger));
        staking.offer(_noOffers());
        _expect(IStaking.StakingNotRegistered.selector, abi.encode(stranger));
        staking.stake(stranger, 1);
        _expect(IStaking.StakingNotRegistered.selector, abi.encode(stranger));
        staking.thaw(1);
        _expect(IStaking.StakingNotRegistered.selector, abi.encode(stranger));
        staking.authorise(address(court));
        _expect(IStaking.StakingNotAuthorised.selector, abi.encode(stranger, court));
        staking.revoke(address(court));
        _expect(IStaking.StakingNothingThawing.selector, abi.encode(stranger));
        staking.withdraw();
        _expect(IStaking.StakingNotJailed.selector, abi.encode(stranger));
        staking.restore();
    }

    function test_stakeThawWithdraw() external {
        _expect(IStaking.StakingZeroAmount.selector, "");
        vm.prank(stranger);
        staking.stake(operator, 0);
        vm.prank(stranger);
        opg.approve(address(staking), 4);
        _expect(IERC20Errors.ERC20InsufficientAllowance.selector, abi.encode(staking, 4, 5));
        vm.prank(stranger);
        staking.stake(operator, 5);
        vm.prank(stranger);
        staking.stake(operator, 4);
        assertEq(_record().staked, STAKE + 4);

        vm.startPrank(operator);
        _expect(IStaking.StakingZeroAmount.selector, "");
        staking.thaw(0);
        _expect(IStaking.StakingNotFree.selector, abi.encode(operator, STAKE + 5, STAKE + 4));
        staking.thaw(STAKE + 5);
        staking.thaw(10);
        skip(30 days);
        // A second thaw starts the clock anew for all of it.
        staking.thaw(STAKE - 6);
        uint256 thawedAt = block.timestamp + 30 days;
        vm.warp(thawedAt);
        _expect(IStaking.StakingThawing.selector, abi.encode(operator, thawedAt));
        staking.withdraw();
        vm.warp(thawedAt + 1);
        uint256 before = opg.balanceOf(operator);
        staking.withdraw();
        assertEq(opg.balanceOf(operator), before + STAKE + 4);
        _expect(IStaking.StakingNothingThawing.selector, abi.encode(operator));
        staking.withdraw();
        assertEq(opg.balanceOf(address(staking)), 0);
    }

    function test_optInAndOut() external {
        vm.startPrank(operator);
        _expect(IStaking.StakingAlreadyAuthorised.selector, abi.encode(operator, court));
        staking.authorise(address(court));
        vm.stopPrank();
        assertEq(court.lock(operator, 1e18), signer);
        _expect(IStaking.StakingCourtHoldsLock.selector, abi.encode(operator, court, 3e18));
        vm.prank(operator);
        staking.revoke(address(court));
        assertEq(court.unlock(operator, 1e18), payee);
        vm.prank(operator);
        staking.revoke(address(court));
        _expect(IStaking.StakingNotAuthorised.selector, abi.encode(operator, court));
        court.lock(operator, 1);
    }

    /// Law 2
    function test_lockNeedsCoverAndFaultBond() external {
        uint128 most = staking.room(operator);
        assertEq(most, (STAKE - FAULT_BOND) / 3);
        uint256 needed = uint256(3 * (most + 1)) + FAULT_BOND;
        _expect(IStaking.StakingInsufficient.selector, abi.encode(operator, needed, STAKE));
        court.lock(operator, most + 1);
        court.lock(operator, most);
        assertEq(staking.room(operator), 0);
        _expect(IStaking.StakingZeroAmount.selector, "");
        court.lock(operator, 0);
        uint256 free = STAKE - FAULT_BOND - 3 * most;
        _expect(IStaking.StakingNotFree.selector, abi.encode(operator, free + 1, free));
        vm.prank(operator);
        staking.thaw(uint128(free) + 1);
    }

    /// Law 4: a court slashes only within its own locks.
    function test_courtsTouchOnlyTheirOwnLocks() external {
        ToyCourt other = new ToyCourt(staking);
        vm.prank(operator);
        staking.authorise(address(other));
        court.lock(operator, 10e18);
        other.lock(operator, 1e18);
        _expect(IStaking.StakingLockTooSmall.selector, abi.encode(operator, other, 30e18, 3e18));
        other.slash(operator, 10e18, requester, challenger);
        _expect(IStaking.StakingLockTooSmall.selector, abi.encode(operator, other, 30e18, 3e18));
        other.unlock(operator, 10e18);
        _expect(IStaking.StakingZeroAmount.selector, "");
        other.slash(operator, 0, requester, challenger);
        _expect(IStaking.StakingLockTooSmall.selector, abi.encode(operator, address(this), 3, 0));
        staking.slash(operator, 1, requester, challenger);
        (bool authorised, uint128 locked,) = staking.courtLocks(operator, address(court));
        assertTrue(authorised);
        assertEq(locked, 30e18);
    }

    function test_firstFaultTakesTheBondAndJailsOnce() external {
        court.lock(operator, 100e18);
        court.lock(operator, 100e18);
        court.slash(operator, 100e18, requester, challenger);
        assertEq(_record().staked, STAKE - 300e18 - FAULT_BOND);
        assertEq(_record().locked, 300e18);
        uint40 frozenAt = staking.frozenAt(operator);
        assertEq(frozenAt, block.timestamp);
        assertEq(staking.room(operator), 0);
        _expect(IStaking.StakingJailed.selector, abi.encode(operator, frozenAt));
        court.lock(operator, 1);
        _expect(IStaking.StakingStillLocked.selector, abi.encode(operator, 300e18));
        vm.prank(operator);
        staking.restore();
        skip(100);
        court.slash(operator, 100e18, requester, challenger);
        assertEq(staking.frozenAt(operator), frozenAt);
        assertEq(_record().staked, STAKE - 600e18 - FAULT_BOND);
        vm.prank(operator);
        staking.restore();
        assertEq(staking.frozenAt(operator), 0);
        court.lock(operator, 1e18);
    }

    function test_returnNeedsTheBondMadeUp() external {
        vm.prank(operator);
        staking.thaw(STAKE - FAULT_BOND - 300e18);
        court.lock(operator, 100e18);
        court.slash(operator, 100e18, requester, challenger);
        vm.startPrank(operator);
        // Thawing stake paid first, so the bond is there unless the operator lets it go.
        assertEq(_record().staked, FAULT_BOND + 300e18);
        staking.thaw(301e18);
        _expect(
            IStaking.StakingInsufficient.selector, abi.encode(operator, FAULT_BOND, uint256(FAULT_BOND) - 1e18)
        );
        staking.restore();
        staking.stake(operator, 1e18);
        staking.restore();
    }

    /// Law 3: thawing stake is still slashable, and goes first.
    function testFuzz_thawingStakePaysFirst(uint128 thawing, uint128 coverage) external {
        thawing = uint128(bound(thawing, 1, STAKE - FAULT_BOND - 3));
        coverage = uint128(bound(coverage, 1, (STAKE - FAULT_BOND - thawing) / 3));
        vm.prank(operator);
        staking.thaw(thawing);
        court.lock(operator, coverage);
        court.slash(operator, coverage, requester, challenger);
        uint128 total = 3 * coverage + FAULT_BOND;
        uint128 fromThawing = thawing < total ? thawing : total;
        assertEq(_record().thawing, thawing - fromThawing);
        assertEq(_record().staked, STAKE - thawing - (total - fromThawing));
        assertEq(opg.balanceOf(address(staking)), STAKE - total);
    }

    /// Lodged claims take what is left of the bond and no more; the first posted fault takes the rest of it.
    function test_lodgedTakesOnlyTheBond() external {
        court.lock(operator, 100e18);
        _expect(IStaking.StakingZeroAmount.selector, "");
        court.slashBond(operator, 0);
        Shares memory s = court.slashBond(operator, 1000e18);
        assertEq(abi.encode(s), abi.encode(Waterfall.lodged(1000e18, FAULT_BOND)));
        assertEq(s.total, 3000e18);
        assertEq(staking.bondLeft(operator), FAULT_BOND - 3000e18);
        assertGt(staking.frozenAt(operator), 0);
        court.slash(operator, 100e18, requester, challenger);
        assertEq(staking.bondLeft(operator), 0);
        assertEq(_record().staked, STAKE - 300e18 - FAULT_BOND);
        assertEq(court.slashBond(operator, 1000e18).total, 0);
        vm.prank(operator);
        staking.restore();
        assertEq(staking.bondLeft(operator), FAULT_BOND);
        assertEq(court.slashBond(operator, 1e30).total, FAULT_BOND);
    }

    /// Stake that backs a lock never pays for a lodged claim.
    function testFuzz_lodgedLeavesWhatCovers(uint128 thawing, uint128 covered, uint128 asked) external {
        thawing = uint128(bound(thawing, 1, STAKE - FAULT_BOND - 3));
        covered = uint128(bound(covered, 1, (STAKE - FAULT_BOND - thawing) / 3));
        asked = uint128(bound(asked, 1, type(uint128).max));
        vm.prank(operator);
        staking.thaw(thawing);
        court.lock(operator, covered);
        court.slashBond(operator, asked);
        assertGe(_record().staked, uint256(_record().locked) + staking.bondLeft(operator));
        court.slash(operator, covered, requester, challenger);
    }

    /// Leaving the court does not void what was sold: the bond answers until stake could have thawed.
    function test_bondAnswersAfterLeaving() external {
        vm.prank(operator);
        staking.revoke(address(court));
        _expect(IStaking.StakingNotAuthorised.selector, abi.encode(operator, court));
        court.lock(operator, 1);
        skip(30 days);
        assertEq(court.slashBond(operator, 10e18).total, 30e18);
        skip(1);
        Operator memory before = _record();
        assertEq(court.slashBond(operator, 10e18).total, 0);
        assertEq(staking.slashBond(operator, 10e18, requester, challenger).total, 0);
        assertEq(abi.encode(_record()), abi.encode(before), "who has left answers for nothing");
    }

    function test_strangersTakeNoBond() external {
        Operator memory before = _record();
        assertEq(staking.slashBond(operator, 10e18, requester, challenger).total, 0);
        assertEq(abi.encode(_record()), abi.encode(before));
    }

    /// With all stake gone a lodged claim still jails, and takes nothing.
    function test_lodgedAgainstNothing() external {
        vm.startPrank(operator);
        staking.thaw(STAKE);
        skip(30 days + 1);
        staking.withdraw();
        vm.stopPrank();
        assertEq(court.slashBond(operator, 10e18).total, 0);
        assertGt(staking.frozenAt(operator), 0);
    }
}
