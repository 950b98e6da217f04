// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {OpgGovernor} from "../../src/governance/OpgGovernor.sol";
import {Timelock} from "../../src/governance/Timelock.sol";
import {IStakeVotes} from "../../src/interfaces/IStakeVotes.sol";
import {GovernanceWorld} from "../toys/GovernanceWorld.sol";

/// @notice The Governor and its Timelock, for good as they were made.
contract GovernanceTest is GovernanceWorld {
    function _timelock() private view returns (Timelock) {
        return Timelock(payable(governor.timelock()));
    }

    function test_rolesAreTheGovernorsAndNobodysElse() external {
        Timelock timelock = _timelock();
        assertEq(market.governance(), address(timelock));
        assertEq(disputes.governance(), address(timelock));
        assertEq(market.newWork().governance(), address(timelock));
        assertEq(timelock.getMinDelay(), 7 days);
        bytes32[2] memory own = [timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE()];
        for (uint256 i; i < 2; i++) {
            assertTrue(timelock.hasRole(own[i], address(governor)));
            assertFalse(timelock.hasRole(own[i], address(this)));
        }
        assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)));
        assertTrue(timelock.hasRole(bytes32(0), address(timelock)));
        assertFalse(timelock.hasRole(bytes32(0), address(this)));
    }

    function test_rolesAndDelayAreForGood() external {
        Timelock timelock = _timelock();
        bytes32 proposer = timelock.PROPOSER_ROLE();
        vm.startPrank(address(timelock));
        vm.expectRevert(Timelock.TimelockFixed.selector);
        timelock.grantRole(proposer, stranger);
        vm.expectRevert(Timelock.TimelockFixed.selector);
        timelock.revokeRole(proposer, address(governor));
        vm.expectRevert(Timelock.TimelockFixed.selector);
        timelock.updateDelay(0);
        vm.expectRevert(OpgGovernor.GovernorFixed.selector);
        governor.setLateQuorumVoteExtension(0);
        vm.expectRevert(OpgGovernor.GovernorFixed.selector);
        governor.relay(address(opg), 0, "");
        vm.stopPrank();
        vm.prank(address(governor));
        vm.expectRevert(Timelock.TimelockFixed.selector);
        timelock.renounceRole(proposer, address(governor));
    }

    function test_rulesOfTheVote() external view {
        assertEq(governor.votingDelay(), 2 days);
        assertEq(governor.votingPeriod(), 7 days);
        assertEq(governor.proposalThreshold(), 100_000e18);
        assertEq(governor.quorum(block.timestamp - 1), opg.totalSupply() * 4 / 100);
        assertEq(governor.CLOCK_MODE(), "mode=timestamp");
        assertEq(address(governor.token()), address(staking.votes()));
    }

    function test_proposalsNeedVotesAndQuorum() external {
        bytes memory call = abi.encodeCall(market.resplit, (tierHash, 600, 400));
        vm.prank(payee);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, payee, 0, 100_000e18)
        );
        this.propose(payee, call);
        // 39.9 million of a thousand: one too few.
        vm.prank(treasury);
        opg.transfer(payee, 39_900_000e18);
        vm.prank(payee);
        opg.delegate(payee);
        vm.warp(block.timestamp + 1);
        uint256 proposal = _propose(payee, address(market), call);
        vm.warp(governor.proposalSnapshot(proposal) + 1);
        vm.prank(payee);
        governor.castVote(proposal, 1);
        vm.warp(governor.proposalDeadline(proposal) + 1);
        assertEq(uint8(governor.state(proposal)), uint8(IGovernor.ProposalState.Defeated));
    }

    function propose(address proposer, bytes calldata call) external {
        _propose(proposer, address(market), call);
    }

    function test_stakeVotes() external {
        IStakeVotes votes = staking.votes();
        votes.sync(operator, operator);
        vm.warp(block.timestamp + 1);
        uint256 proposal = _propose(treasury, address(market), abi.encodeCall(market.resplit, (tierHash, 600, 400)));
        vm.warp(governor.proposalSnapshot(proposal) + 1);
        vm.prank(operator);
        // Its OPG at hand was never delegated, what it staked votes for itself.
        assertEq(governor.castVote(proposal, 1), 50_000e18);
    }

    /// @dev Nobody but a vote, not even who could before it was queued, carries anything out.
    function test_onlyWhatWasVotedAndWaitedIsCarriedOut() external {
        Timelock timelock = _timelock();
        bytes memory call = abi.encodeCall(market.resplit, (tierHash, 600, 400));
        bytes32 role = timelock.PROPOSER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), role)
        );
        timelock.schedule(address(market), 0, call, 0, 0, 7 days);
        uint256 proposal = _propose(treasury, address(market), call);
        vm.warp(governor.proposalSnapshot(proposal) + 1);
        vm.prank(treasury);
        governor.castVote(proposal, 1);
        vm.warp(governor.proposalDeadline(proposal) + 1);
        _queue(address(market), call);
        vm.warp(block.timestamp + 7 days - 1);
        vm.expectRevert();
        this.execute(call);
        vm.warp(block.timestamp + 1);
        _execute(address(market), call);
        assertEq(market.newWork().closedAt(tierHash), block.timestamp);
    }

    function execute(bytes calldata call) external {
        _execute(address(market), call);
    }
}
