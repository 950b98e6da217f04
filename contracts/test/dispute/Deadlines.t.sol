// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Deadlines} from "../../src/dispute/Deadlines.sol";
import {Tiers} from "../../src/market/Tiers.sol";

/// @notice Laws 3 and 5 for the clocks alone: random schedules of demands and answers by anybody.
contract DeadlinesTest is Test {
    uint256 private constant DEPTHS = Tiers.MAX_DEPTH;
    uint256 private constant EVENTS = 24;
    /// 256 fuzz runs × 40 schedules > 10^4.
    uint256 private constant SCHEDULES = 40;

    struct Clock {
        uint256 windowEnd;
        uint256 answer;
        uint256 reaction;
        uint256 quietAt;
        uint256 time;
    }

    uint256 private _random;

    function _next(uint256 below) private returns (uint256) {
        _random = uint256(keccak256(abi.encode(_random)));
        return _random % below;
    }

    function _start() private returns (Clock memory c) {
        c.windowEnd = 1 + _next(3 days);
        c.answer = 1 + _next(7 days);
        c.reaction = 1 + _next(2 days);
        c.quietAt = c.windowEnd;
    }

    function _accepts(Clock memory c, uint256 depth) private pure returns (bool) {
        return c.time <= Deadlines.lastDemand(c.windowEnd, c.quietAt, depth, c.answer + c.reaction);
    }

    function _answered(Clock memory c) private pure {
        c.quietAt = Deadlines.quietAfter(c.quietAt, c.time, c.reaction);
    }

    /// quietAt ≤ windowEnd + D·(A+R) whoever demands and answers what, when and in what order.
    function testFuzz_boundHoldsForEverySchedule(uint256 seed) external {
        _random = seed;
        for (uint256 run; run < SCHEDULES; run++) {
            Clock memory c = _start();
            uint256 most = c.windowEnd + DEPTHS * (c.answer + c.reaction);
            uint256[] memory due = new uint256[](EVENTS);
            uint256 pending;
            for (uint256 i; i < EVENTS; i++) {
                // Adversaries like the last moment: jump to quietAt or to a due as often as anywhere.
                uint256 how = _next(3);
                uint256 to = how == 0 ? c.quietAt : how == 1 && pending > 0 ? due[pending - 1] : c.time + _next(4 days);
                if (to > c.time) c.time = to;
                if (_next(2) == 0) {
                    if (_accepts(c, _next(DEPTHS))) due[pending++] = Deadlines.due(c.time, c.answer);
                } else if (pending > 0 && c.time <= due[pending - 1]) {
                    pending--;
                    _answered(c);
                }
                assertLe(c.quietAt, most);
            }
        }
    }

    /// Who starts by windowEnd and asks within R of each answer is never refused, and never waits for others.
    function testFuzz_honestChainIsAlwaysAccepted(uint256 seed) external {
        _random = seed;
        for (uint256 run; run < SCHEDULES; run++) {
            Clock memory c = _start();
            c.time = _next(2) == 0 ? c.windowEnd : _next(c.windowEnd + 1);
            for (uint256 depth; depth < DEPTHS; depth++) {
                assertTrue(_accepts(c, depth));
                uint256 due = Deadlines.due(c.time, c.answer);
                // Meanwhile others ask and answer, which can only move quietAt up.
                if (_next(2) == 0) c.quietAt = Deadlines.quietAfter(c.quietAt, c.time + _next(c.answer), c.reaction);
                c.time = _next(2) == 0 ? due : c.time + _next(due - c.time + 1);
                _answered(c);
                c.time += _next(2) == 0 ? c.reaction : _next(c.reaction + 1);
            }
            assertLe(c.time, c.quietAt);
        }
    }
}
