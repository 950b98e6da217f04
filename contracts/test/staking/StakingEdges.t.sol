// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDelegation, Pool} from "../../src/interfaces/IDelegation.sol";
import {IOPG} from "../../src/interfaces/IOPG.sol";
import {IStaking, Key, Operator} from "../../src/interfaces/IStaking.sol";
import {Staking} from "../../src/staking/Staking.sol";
import {World} from "../toys/World.sol";
import {ToyCourt} from "./ToyCourt.sol";

/// @notice The last value that is still allowed, the last second that still counts, and what stays untouched beside it.
contract StakingEdgesTest is World {
    ToyCourt private court;

    function setUp() public override {
        super.setUp();
        court = new ToyCourt(staking);
        vm.prank(operator);
        staking.authorise(address(court));
    }

    function test_boundsOfTheConstructorAreInside() external {
        IOPG token = IOPG(address(opg));
        assertEq(new Staking(token, 4, 1 minutes).faultBond(), 4);
        assertEq(new Staking(token, 1e27, 180 days).thawPeriod(), 180 days);
    }

    function test_longestEndpoint() external {
        string memory endpoint = string(new bytes(256));
        vm.startPrank(operator);
        staking.update(payee, endpoint);
        assertEq(staking.operators(operator).endpoint, endpoint);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingEndpointTooLong.selector, 257, 256));
        staking.update(payee, string(new bytes(257)));
        vm.stopPrank();
    }

    function test_roomIsWhatStakeStillCovers() external {
        assertEq(staking.room(operator), (50_000e18 - FAULT_BOND) / 3);
        court.lock(operator, 1000e18);
        assertEq(staking.room(operator), (50_000e18 - FAULT_BOND) / 3 - 1000e18);
        _enrol(stranger, makeAddr("hot"), payee, 0);
        assertEq(staking.room(stranger), 0, "less than the bond");
        court.slash(operator, 1e18, requester, challenger);
        assertEq(staking.room(operator), 0, "jailed");
    }

    function test_activeStakeNeedsTheBond() external {
        assertEq(staking.activeStake(operator), 50_000e18);
        vm.startPrank(operator);
        staking.thaw(40_000e18);
        assertEq(staking.activeStake(operator), FAULT_BOND);
        staking.thaw(1);
        vm.stopPrank();
        assertEq(staking.activeStake(operator), 0);
    }

    /// All that is free may be locked and all that is free may thaw, to the last unit.
    function test_lockAndThawToTheLastUnit() external {
        uint128 most = staking.room(operator);
        court.lock(operator, most);
        assertEq(staking.operators(operator).locked, 3 * most);
        court.unlock(operator, most - 100e18);
        vm.prank(operator);
        staking.thaw(50_000e18 - 300e18 - FAULT_BOND);
        assertEq(staking.operators(operator).staked, 300e18 + FAULT_BOND);
    }

    function test_keysHoldFromTheirFirstToTheirLastSecond() external {
        (uint40 from,, uint40 defends) = staking.keys(operator, signer);
        assertEq(from, START);
        assertEq(defends, type(uint40).max);
        assertFalse(staking.heldKey(operator, signer, START - 10, START - 1));
        assertTrue(staking.heldKey(operator, signer, START - 10, START));
        skip(100);
        vm.prank(operator);
        staking.rotate(makeAddr("next"), uint40(block.timestamp) + 50);
        assertTrue(staking.heldKey(operator, signer, START + 100, START + 200));
        assertFalse(staking.heldKey(operator, signer, START + 101, START + 200));
        assertFalse(staking.heldKey(operator, stranger, 0, START + 200));
        skip(50);
        assertTrue(staking.mayDefend(operator, signer));
        assertTrue(staking.mayDefend(operator, operator));
        skip(1);
        assertFalse(staking.mayDefend(operator, signer));
    }

    function test_whatASlashMoves() external {
        court.lock(operator, 100e18);
        court.lock(operator, 50e18);
        uint256 supply = opg.totalSupply();
        uint256 victim = opg.balanceOf(requester);
        uint256 finder = opg.balanceOf(challenger);
        court.slash(operator, 100e18, requester, challenger);
        Operator memory o = staking.operators(operator);
        assertEq(o.staked, 50_000e18 - 300e18 - FAULT_BOND);
        assertEq(o.locked, 150e18);
        assertEq(o.bondLeft, 0);
        assertEq(o.frozenAt, block.timestamp);
        assertEq(opg.balanceOf(requester) - victim, 100e18);
        assertEq(opg.balanceOf(challenger) - finder, 50e18 + FAULT_BOND / 4);
        assertEq(supply - opg.totalSupply(), 300e18 + FAULT_BOND - 100e18 - 50e18 - FAULT_BOND / 4);
        (bool authorised, uint128 locked,) = staking.courtLocks(operator, address(court));
        assertTrue(authorised);
        assertEq(locked, 150e18);
    }

    /// One unit delegated burns whole, by the rounding up.
    function test_lastUnitOfAPoolBurns() external {
        IDelegation delegation = staking.delegation();
        vm.startPrank(stranger);
        opg.approve(address(delegation), 1);
        delegation.delegate(operator, 1, 0);
        vm.stopPrank();
        court.lock(operator, 1e18);
        court.slash(operator, 1e18, requester, challenger);
        Pool memory p = delegation.pools(operator);
        assertEq(p.tokens, 0);
        assertEq(opg.balanceOf(address(delegation)), 0);
    }

    function test_delegationToTheRatio() external {
        IDelegation delegation = staking.delegation();
        vm.startPrank(treasury);
        opg.approve(address(delegation), type(uint256).max);
        delegation.delegate(operator, 500_000e18, 500_000e24);
        vm.expectRevert(
            abi.encodeWithSelector(IDelegation.DelegationOverRatio.selector, operator, 500_000e18 + 1, 500_000e18)
        );
        delegation.delegate(operator, 1, 0);
        assertEq(delegation.undelegate(operator, 500_000e24), 500_000e18, "all of one's shares");
        vm.stopPrank();
    }
}
