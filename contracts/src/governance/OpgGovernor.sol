// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Timelock} from "./Timelock.sol";

/// @notice Votes of OPG, held, staked or delegated, over what the Timelock may change: docs/governance.md.
/// @dev Its own rules are constants: nothing in it can be voted on.
contract OpgGovernor is
    Governor,
    GovernorCountingSimple,
    GovernorVotes,
    GovernorPreventLateQuorum,
    GovernorTimelockControl
{
    /// @notice Seconds from a decision to its earliest execution.
    uint256 public constant EXECUTION_DELAY = 7 days;
    uint48 private constant LATE_QUORUM_EXTENSION = 2 days;

    error GovernorFixed();

    constructor(IVotes votes)
        Governor("OpenGradient")
        GovernorVotes(votes)
        GovernorPreventLateQuorum(LATE_QUORUM_EXTENSION)
        GovernorTimelockControl(new Timelock(EXECUTION_DELAY))
    {}

    /// @notice Seconds from a proposal to the moment whose votes count: time to count stake (`sync`), to call votes back,
    /// and too long for a loan.
    function votingDelay() public pure override returns (uint256) {
        return 2 days;
    }

    function votingPeriod() public pure override returns (uint256) {
        return 7 days;
    }

    /// @notice Votes that a proposer needs.
    function proposalThreshold() public pure override returns (uint256) {
        return 100_000e18;
    }

    /// @notice For and abstaining: 4 % of all OPG there was.
    function quorum(uint256 time) public view override returns (uint256) {
        return token().getPastTotalSupply(time) * 4 / 100;
    }

    /// @dev Every function of its bases that changes its own rules asks this first.
    function _checkGovernance() internal pure override {
        revert GovernorFixed();
    }

    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
