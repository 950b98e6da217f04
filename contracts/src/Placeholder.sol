// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

contract Placeholder {
    function larger(uint256 a, uint256 b) external pure returns (uint256) {
        return Math.max(a, b);
    }
}
