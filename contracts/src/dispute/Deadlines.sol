// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice The deadline rule. All times in seconds; A answer, R reaction.
/// @dev Bound: quietAt ≤ windowEnd + D·(A+R) for demands of depth < D, whoever asks and answers what, when and in what order.
library Deadlines {
    /// @notice The last second in which a demand at `depth` is accepted: windowEnd + depth·(A+R), but not after quietAt.
    function lastDemand(uint256 windowEnd, uint256 quietAt, uint256 depth, uint256 round)
        internal
        pure
        returns (uint256 last)
    {
        last = windowEnd + depth * round;
        if (quietAt < last) last = quietAt;
    }

    /// @notice The last second in which it may be answered.
    function due(uint256 time, uint256 answer) internal pure returns (uint256) {
        return time + answer;
    }

    /// @notice Everyone has R after an answer, and nobody has less for what others do.
    function quietAfter(uint256 quietAt, uint256 time, uint256 reaction) internal pure returns (uint256) {
        return time + reaction > quietAt ? time + reaction : quietAt;
    }
}
