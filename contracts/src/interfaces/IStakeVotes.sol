// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Votes of OPG, held or staked or delegated: the token of a Governor (IERC5805, clock in seconds).
interface IStakeVotes {
    event Counted(address indexed account, address indexed operator, uint256 before, uint256 units);

    error StakeVotesNothing(address account, address operator);

    /// @notice Counts what `account` has at stake with `operator` (its own stake where it is the operator, and what it
    /// delegated). Anyone may call. The first time its votes go where its OPG's votes go, or else to itself.
    function sync(address account, address operator) external;

    /// @notice As `sync`, but only where something is counted already.
    function left(address account, address operator) external;

    /// @notice Units counted last.
    function counted(address account, address operator) external view returns (uint256);
}
