// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Placeholder} from "../src/Placeholder.sol";

contract PlaceholderTest is Test {
    function testFuzz_larger(uint256 a, uint256 b) external {
        uint256 c = new Placeholder().larger(a, b);
        assertTrue(c == a || c == b);
    }
}
