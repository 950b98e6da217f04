// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Guardian, INewWork} from "../interfaces/INewWork.sol";

/// @notice Stops for new work. Created by the Market, which asks it before a request and a batch, and nowhere else.
contract NewWork is INewWork {
    uint40 public constant LONGEST_PAUSE = 14 days;
    /// @notice Between two pauses, whoever asks for them: a vote can not stop new work for good either.
    uint40 public constant REST = 14 days;
    uint40 public constant HEARTBEAT = 30 days;

    struct Pause {
        uint40 from;
        uint40 until;
    }

    address public immutable market;
    /// @inheritdoc INewWork
    address public immutable governance;

    Guardian private _guardian;
    /// @inheritdoc INewWork
    Pause public lastPause;
    /// @inheritdoc INewWork
    mapping(bytes32 parametersHash => uint40) public closedAt;

    constructor(address governance_, address guardian_) {
        (market, governance) = (msg.sender, governance_);
        _appoint(guardian_);
    }

    /// @inheritdoc INewWork
    function appoint(address guardian_) external {
        require(msg.sender == governance, NewWorkNotGovernance(msg.sender));
        _appoint(guardian_);
    }

    /// @inheritdoc INewWork
    function beat() external {
        Guardian storage g = _living();
        g.aliveUntil = uint40(block.timestamp) + HEARTBEAT;
        emit GuardianBeat(g.aliveUntil);
    }

    /// @inheritdoc INewWork
    function pause() external {
        if (msg.sender != governance) {
            Guardian storage g = _living();
            require(!g.spent, NewWorkGuardianSpent());
            g.spent = true;
        }
        uint256 earliest = uint256(lastPause.until) + REST;
        require(block.timestamp >= earliest, NewWorkPauseTooSoon(earliest));
        uint40 until = uint40(block.timestamp) + LONGEST_PAUSE;
        lastPause = Pause(uint40(block.timestamp), until);
        emit Paused(msg.sender, until);
    }

    /// @inheritdoc INewWork
    function resume() external {
        if (msg.sender != governance) _living();
        require(block.timestamp <= lastPause.until, NewWorkNotPaused());
        lastPause.until = uint40(block.timestamp) - 1;
        emit Resumed(msg.sender);
    }

    /// @inheritdoc INewWork
    function move(bytes32 from, bytes32 to) external {
        require(msg.sender == market, NewWorkNotMarket(msg.sender));
        closedAt[from] = uint40(block.timestamp);
        emit TierClosed(from);
        delete closedAt[to];
        emit TierOpened(to);
    }

    /// @inheritdoc INewWork
    function check(bytes32 parametersHash, uint256 grace) external view {
        Pause memory p = lastPause;
        require(block.timestamp > p.until || block.timestamp < p.from + grace, NewWorkPaused(p.until));
        uint40 closed = closedAt[parametersHash];
        require(closed == 0 || block.timestamp < closed + grace, NewWorkTierClosed(parametersHash, closed));
    }

    /// @inheritdoc INewWork
    function guardian() external view returns (Guardian memory) {
        return _guardian;
    }

    function _appoint(address account) private {
        uint40 aliveUntil = uint40(block.timestamp) + HEARTBEAT;
        _guardian = Guardian(account, aliveUntil, false);
        emit GuardianAppointed(account, aliveUntil);
    }

    function _living() private view returns (Guardian storage g) {
        g = _guardian;
        require(msg.sender == g.account, NewWorkNotGuardian(msg.sender));
        require(block.timestamp <= g.aliveUntil, NewWorkGuardianLapsed(g.aliveUntil));
    }
}
