// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IDelegation} from "../interfaces/IDelegation.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";
import {IStaking} from "../interfaces/IStaking.sol";

/// @notice Votes of OPG wherever it is: its own, and those of what Staking and Delegation hold, for whom it belongs to.
/// @dev Those contracts never choose a delegate for the OPG that they hold, so no unit counts in both.
contract StakeVotes is IStakeVotes, Votes {
    IVotes public immutable opg;
    IStaking public immutable staking;
    IDelegation public immutable delegation;

    /// @inheritdoc IStakeVotes
    mapping(address account => mapping(address operator => uint256)) public counted;
    mapping(address account => uint256) private _units;

    constructor(IOPG opg_, IStaking staking_) EIP712("OpenGradient stake votes", "1") {
        (opg, staking, delegation) = (IVotes(address(opg_)), staking_, IDelegation(msg.sender));
    }

    /// @inheritdoc IStakeVotes
    function sync(address account, address operator) external {
        uint256 units = _atStake(account, operator);
        require(units > 0 || counted[account][operator] > 0, StakeVotesNothing(account, operator));
        _count(account, operator, units);
    }

    /// @inheritdoc IStakeVotes
    function left(address account, address operator) external {
        if (counted[account][operator] > 0) _count(account, operator, _atStake(account, operator));
    }

    /// @notice Votes of OPG held and of OPG at stake.
    function getVotes(address account) public view override returns (uint256) {
        return super.getVotes(account) + opg.getVotes(account);
    }

    function getPastVotes(address account, uint256 time) public view override returns (uint256) {
        return super.getPastVotes(account, time) + opg.getPastVotes(account, time);
    }

    /// @notice All OPG there was; what is at stake is part of it.
    function getPastTotalSupply(uint256 time) public view override returns (uint256) {
        return opg.getPastTotalSupply(time);
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _count(address account, address operator, uint256 units) private {
        uint256 before = counted[account][operator];
        if (delegates(account) == address(0)) {
            address chosen = opg.delegates(account);
            _delegate(account, chosen == address(0) ? account : chosen);
        }
        counted[account][operator] = units;
        _units[account] = _units[account] - before + units;
        emit Counted(account, operator, before, units);
        if (units > before) _moveDelegateVotes(address(0), delegates(account), units - before);
        else _moveDelegateVotes(delegates(account), address(0), before - units);
    }

    function _atStake(address account, address operator) private view returns (uint256 units) {
        units = delegation.stakeOf(operator, account);
        if (account == operator) {
            (uint256 staked, uint256 thawing) = staking.stakeOf(operator);
            units += staked + thawing;
        }
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return _units[account];
    }
}
