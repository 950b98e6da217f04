// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Timelock} from "../../src/governance/Timelock.sol";
import {Split} from "../../src/interfaces/IFees.sol";
import {INewWork} from "../../src/interfaces/INewWork.sol";
import {Operator} from "../../src/interfaces/IStaking.sol";
import {Backing, Claim, Request} from "../../src/types/Claim.sol";
import {GovernanceWorld} from "../toys/GovernanceWorld.sol";

/// @notice A majority of all OPG, a guardian, or votes that are not there, against everybody's money.
contract GovernanceAttacksTest is GovernanceWorld {
    struct Motion {
        address target;
        bytes call;
    }

    Motion[] private _motions;

    function _move(address target, bytes memory call) private {
        _motions.push(Motion(target, call));
    }

    function _stored() private view returns (bytes32) {
        Operator memory o = staking.operators(operator);
        (uint96 burnable, uint96 audits) = market.pots();
        uint256[5] memory opgs = [
            opg.balanceOf(address(staking)),
            opg.balanceOf(address(market)),
            opg.balanceOf(address(channels)),
            opg.balanceOf(requester),
            opg.balanceOf(governance)
        ];
        Timelock timelock = Timelock(payable(governance));
        bytes32 proposer = timelock.PROPOSER_ROLE();
        bool[2] memory roles = [timelock.hasRole(proposer, address(governor)), timelock.hasRole(proposer, treasury)];
        bytes memory rules =
            abi.encode(roles, timelock.getMinDelay(), governor.timelock(), governor.lateQuorumVoteExtension());
        bytes memory terms = abi.encode(market.newWork().closedAt(tierHash), disputes.baseFeeFloor());
        return keccak256(abi.encode(o, burnable, audits, opgs, channels.channels(_idOf(_parties())), rules, terms));
    }

    /// @dev 96 % of all OPG decide on whatever could move money or power, or leave the bounds: nothing changes.
    function test_voteThatTriesToConfiscate() external {
        (Claim memory claim,) = _posted(_run(1));
        address timelock = governance;
        bytes32 proposer = Timelock(payable(timelock)).PROPOSER_ROLE();
        _move(address(staking), abi.encodeCall(staking.slash, (operator, 1e18, treasury, treasury)));
        _move(address(staking), abi.encodeCall(staking.slashBond, (operator, 1e18, treasury, treasury)));
        _move(address(staking), abi.encodeCall(staking.unlock, (operator, COVERAGE)));
        _move(address(staking.delegation()), abi.encodeCall(staking.delegation().burnShare, (operator, 1, 1)));
        _move(address(market), abi.encodeCall(market.void, (claim, treasury)));
        _move(address(market), abi.encodeCall(market.open, (claim, Backing.Bond)));
        _move(address(market), abi.encodeCall(market.unlockBatch, (operator, 1)));
        _move(address(market), abi.encodeCall(market.resplit, (tierHash, 3001, 500)));
        _move(address(market), abi.encodeCall(market.resplit, (tierHash, 500, 3001)));
        _move(address(market), abi.encodeCall(market.resplit, (tierHash, 500, 99)));
        _move(address(disputes), abi.encodeCall(disputes.setBaseFeeFloor, (100 gwei + 1)));
        _move(address(disputes), abi.encodeCall(disputes.setBaseFeeFloor, (0)));
        _move(address(opg), abi.encodeCall(opg.transferFrom, (address(market), treasury, 1)));
        _move(address(channels), abi.encodeCall(channels.withdraw, (operator, session)));
        _move(address(market.newWork()), abi.encodeCall(INewWork.move, (tierHash, 0)));
        _move(timelock, abi.encodeCall(IAccessControl.grantRole, (proposer, treasury)));
        _move(timelock, abi.encodeCall(IAccessControl.revokeRole, (proposer, address(governor))));
        _move(timelock, abi.encodeCall(TimelockController.updateDelay, (0)));
        _move(address(governor), abi.encodeCall(governor.relay, (address(opg), 0, "")));
        _move(address(governor), abi.encodeCall(governor.setLateQuorumVoteExtension, (0)));
        _move(
            address(governor),
            abi.encodeCall(GovernorTimelockControl.updateTimelock, (TimelockController(payable(treasury))))
        );
        bytes32 before = _stored();
        for (uint256 i; i < _motions.length; i++) {
            _pass(_motions[i].target, _motions[i].call);
            try this.execute(_motions[i].target, _motions[i].call) {
                // A court that nobody let in takes nothing of a bond, and is not refused.
                assertEq(i, 1);
            } catch {}
            assertEq(_stored(), before);
        }
        market.finalise(claim);
    }

    function execute(address target, bytes calldata call) external {
        _execute(target, call);
    }

    /// @dev Whatever the vote does to prices and shares, a claim ends by those that it began with.
    function test_parameterChangeMidClaim() external {
        (Claim memory early,) = _posted(_run(1));
        Split memory promised = market.quote(_request(_inputSide(_run(2))));
        uint256 price = disputes.price(early, _claimPosition());
        _decide(address(disputes), abi.encodeCall(disputes.setBaseFeeFloor, (50 gwei)));
        // The first claim is long quiet by now; these two begin under the new floor.
        market.finalise(early);
        (Claim memory claim,) = _posted(_run(3));
        assertEq(disputes.price(early, _claimPosition()), price);
        assertEq(disputes.price(claim, _claimPosition()), 50 * price);
        assertEq(disputes.baseFeeFloor(), 50 gwei);

        bytes memory call = abi.encodeCall(market.resplit, (tierHash, 3000, 3000));
        _pass(address(market), call);
        (claim,) = _posted(_run(4));
        (Claim memory waiting, uint64 deadline) = _asked(_run(5));
        _execute(address(market), call);
        vm.prank(signer);
        market.post(waiting, deadline, "");
        vm.warp(block.timestamp + 10 days);
        uint256 had = opg.balanceOf(payee);
        market.finalise(claim);
        market.finalise(waiting);
        assertEq(opg.balanceOf(payee), had + 2 * promised.toOperator);
        assertEq(_pay(10e18), 10e18);
        assertEq(opg.balanceOf(payee), had + 3 * promised.toOperator);
    }

    /// @dev It pauses as soon as it can, beats for ever, and has the vote on its side: new work is open half of the time, and
    /// nothing that was begun waits for it.
    function test_guardianThatNeverLetsGo() external {
        INewWork newWork = market.newWork();
        (Claim memory claim,) = _posted(_run(1));
        (Claim memory asked, uint64 deadline) = _asked(_run(2));
        Request memory terms = _request(_inputSide(_run(3)));
        vm.prank(guardian);
        newWork.pause();
        (uint40 from, uint40 until) = newWork.lastPause();
        assertEq(until - from, 14 days);
        vm.prank(requester);
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkPaused.selector, until));
        market.request(terms);

        // What was begun goes on.
        vm.prank(signer);
        market.post(asked, deadline, "");
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(asked);
        vm.prank(operator);
        staking.thaw(1e18);
        assertEq(_pay(10e18), 10e18);
        vm.prank(requester);
        channels.setEnd(operator, session, uint40(block.timestamp) + CHANNEL_THAW);
        vm.warp(block.timestamp + 3 days);
        vm.prank(requester);
        channels.withdraw(operator, session);
        market.finalise(claim);
        disputes.expire(asked, _claimPosition(), 0);

        // Neither again nor longer.
        vm.startPrank(guardian);
        vm.expectRevert(INewWork.NewWorkGuardianSpent.selector);
        newWork.pause();
        newWork.beat();
        vm.stopPrank();
        vm.warp(uint256(until) + 1);
        vm.prank(guardian);
        vm.expectRevert(INewWork.NewWorkGuardianSpent.selector);
        newWork.pause();
        terms.deadline = uint64(block.timestamp + 1 hours);
        vm.prank(requester);
        market.request(terms);

        // Not even with the vote's help.
        _decide(address(newWork), abi.encodeCall(newWork.appoint, (guardian)));
        vm.prank(guardian);
        newWork.pause();
        (, until) = newWork.lastPause();
        bytes memory pause = abi.encodeCall(newWork.pause, ());
        _pass(address(newWork), pause);
        vm.warp(uint256(until) + 14 days - 1);
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkPauseTooSoon.selector, uint256(until) + 14 days));
        this.execute(address(newWork), pause);
        vm.warp(uint256(until) + 14 days);
        _execute(address(newWork), pause);
    }

    /// @dev Votes count as of two days after the proposal: what is borrowed at the vote, or within that second, votes for nothing.
    function test_loanedVotes() external {
        vm.startPrank(stranger);
        opg.delegate(stranger);
        vm.expectRevert();
        governor.castVote(1, 1);
        vm.stopPrank();
        bytes memory call = abi.encodeCall(market.resplit, (tierHash, 0, 100));
        vm.warp(block.timestamp + 1);
        uint256 proposal = _propose(stranger, address(market), call);
        uint256 own = opg.balanceOf(stranger);
        vm.warp(governor.proposalSnapshot(proposal));
        vm.prank(treasury);
        opg.transfer(stranger, 500_000_000e18);
        assertEq(opg.getVotes(stranger), own + 500_000_000e18);
        vm.prank(stranger);
        opg.transfer(treasury, 500_000_000e18);
        vm.warp(block.timestamp + 1);
        vm.prank(treasury);
        opg.transfer(stranger, 500_000_000e18);
        vm.prank(stranger);
        assertEq(governor.castVote(proposal, 1), own);
        vm.warp(governor.proposalDeadline(proposal) + 1);
        assertEq(uint8(governor.state(proposal)), uint8(IGovernor.ProposalState.Defeated));
    }

    /// @dev Who waits for the last second gives everybody else two days to answer.
    function test_lateVotes() external {
        vm.prank(treasury);
        opg.transfer(stranger, 300_000_000e18);
        vm.prank(stranger);
        opg.delegate(stranger);
        vm.warp(block.timestamp + 1);
        uint256 proposal = _propose(stranger, address(market), abi.encodeCall(market.resplit, (tierHash, 0, 100)));
        uint256 end = governor.proposalDeadline(proposal);
        assertEq(end, block.timestamp + 9 days);
        vm.warp(end);
        vm.prank(stranger);
        governor.castVote(proposal, 1);
        assertEq(governor.proposalDeadline(proposal), end + 2 days);
        vm.warp(end + 1 days);
        vm.prank(treasury);
        governor.castVote(proposal, 0);
        vm.warp(end + 2 days + 1);
        assertEq(uint8(governor.state(proposal)), uint8(IGovernor.ProposalState.Defeated));
    }
}
