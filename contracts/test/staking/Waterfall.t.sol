// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Shares} from "../../src/interfaces/IStaking.sol";
import {Waterfall} from "../../src/staking/Waterfall.sol";

/// @notice Calls for the TypeScript twin (test/contracts/waterfall.test.ts).
contract WaterfallHarness {
    function split(uint256 c, uint256 m) external pure returns (Shares memory) {
        return Waterfall.split(c, m);
    }

    function lodged(uint256 c, uint256 left) external pure returns (Shares memory) {
        return Waterfall.lodged(c, left);
    }
}

contract WaterfallTest is Test {
    /// Law 6: with operator, requester, challenger and author in one hand, what comes back is at most half.
    function testFuzz_atLeastHalfIsBurnt(uint128 c, uint128 m) external pure {
        Shares memory s = Waterfall.split(c, m);
        assertEq(s.total, 3 * uint256(c) + m);
        assertEq(s.victim + s.challenger + s.burn, s.total);
        assertEq(s.victim, c);
        assertGe(2 * s.burn, s.total);
        assertLe(2 * (s.victim + s.challenger), s.total);
    }

    function testFuzz_lodgedNeverExceedsTheBond(uint128 c, uint128 left) external pure {
        Shares memory s = Waterfall.lodged(c, left);
        assertEq(s.victim + s.challenger + s.burn, s.total);
        assertLe(s.total, left);
        assertLe(s.total, 3 * uint256(c));
        assertGe(2 * s.burn, s.total);
        if (left >= 3 * uint256(c)) assertEq(s.victim, c);
    }

    function test_exampleOfTheProtocol() external pure {
        Shares memory s = Waterfall.split(100, 10_000);
        assertEq(abi.encode(s), abi.encode(Shares(10_300, 100, 2550, 7650)));
        assertEq(abi.encode(Waterfall.split(100, 0)), abi.encode(Shares(300, 100, 50, 150)));
    }
}
