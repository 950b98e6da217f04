// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Who may pause new work: one account, while it shows that it is there, once.
struct Guardian {
    address account;
    /// last second of its power, unless it beats before
    uint40 aliveUntil;
    /// it has paused since it was appointed
    bool spent;
}

/// @notice Which new work a Market takes. What was asked or signed before a stop goes on to its end. docs/governance.md
interface INewWork {
    event GuardianAppointed(address indexed guardian, uint40 aliveUntil);
    event GuardianBeat(uint40 aliveUntil);
    event Paused(address indexed by, uint40 until);
    event Resumed(address indexed by);
    event TierOpened(bytes32 indexed parametersHash);
    event TierClosed(bytes32 indexed parametersHash);

    error NewWorkNotGovernance(address caller);
    error NewWorkNotMarket(address caller);
    error NewWorkNotGuardian(address caller);
    /// No heartbeat in time: only a vote gives the power back.
    error NewWorkGuardianLapsed(uint40 aliveUntil);
    /// One pause an appointment.
    error NewWorkGuardianSpent();
    /// The last pause ended less than REST ago.
    error NewWorkPauseTooSoon(uint256 earliest);
    error NewWorkNotPaused();
    error NewWorkPaused(uint40 until);
    error NewWorkTierClosed(bytes32 parametersHash, uint40 closedAt);

    /// @notice Governance: names the guardian, or the same again; 0 for none. It may pause once from now on.
    function appoint(address guardian) external;

    /// @notice Guardian: keeps its power for HEARTBEAT more.
    function beat() external;

    /// @notice Guardian, once an appointment, or governance: no new work for LONGEST_PAUSE, and no other pause until REST
    /// after it.
    function pause() external;

    /// @notice Guardian while it keeps its power, or governance: ends a pause early.
    function resume() external;

    /// @notice Market: moves new work from one tier to another of the same clocks, so that each kind keeps one that is open.
    function move(bytes32 from, bytes32 to) external;

    /// @notice Reverts where new work of a tier is stopped.
    /// @param grace seconds after a stop in which what was signed before it may still come
    function check(bytes32 parametersHash, uint256 grace) external view;

    /// @notice The account to which alone a vote's acts belong: the Timelock.
    function governance() external view returns (address);

    function guardian() external view returns (Guardian memory);

    /// @notice When the last pause began, and its last second; both 0 before the first.
    function lastPause() external view returns (uint40 from, uint40 until);

    /// @notice Since when a tier takes no new work; 0 while it does.
    function closedAt(bytes32 parametersHash) external view returns (uint40);
}
