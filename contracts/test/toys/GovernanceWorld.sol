// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {OpgGovernor} from "../../src/governance/OpgGovernor.sol";
import {ChannelWorld} from "./ChannelWorld.sol";

/// @notice World whose governance is real, with a majority that votes for anything: the treasury.
abstract contract GovernanceWorld is ChannelWorld {
    OpgGovernor internal governor;

    function setUp() public virtual override {
        super.setUp();
        vm.prank(treasury);
        opg.delegate(treasury);
        vm.warp(block.timestamp + 1);
    }

    function _governance() internal override returns (address) {
        governor = new OpgGovernor(IVotes(address(staking.votes())));
        return governor.timelock();
    }

    function _propose(address proposer, address target, bytes memory call) internal returns (uint256 proposal) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _one(target, call);
        vm.prank(proposer);
        proposal = governor.propose(targets, values, calls, "");
    }

    function _queue(address target, bytes memory call) internal {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _one(target, call);
        governor.queue(targets, values, calls, keccak256(""));
    }

    function _execute(address target, bytes memory call) internal {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = _one(target, call);
        governor.execute(targets, values, calls, keccak256(""));
    }

    /// @notice Proposed, voted for and queued; its delay is over.
    function _pass(address target, bytes memory call) internal {
        uint256 proposal = _propose(treasury, target, call);
        vm.warp(governor.proposalSnapshot(proposal) + 1);
        vm.prank(treasury);
        governor.castVote(proposal, 1);
        vm.warp(governor.proposalDeadline(proposal) + 1);
        _queue(target, call);
        vm.warp(block.timestamp + governor.EXECUTION_DELAY());
    }

    function _decide(address target, bytes memory call) internal {
        _pass(target, call);
        _execute(target, call);
    }

    function _one(address target, bytes memory call)
        private
        pure
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        (targets, values, calls) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], calls[0]) = (target, call);
    }
}
