// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice OPG as the other contracts use it. transfer and transferFrom return true or revert, and call nobody.
interface IOPG is IERC20 {
    /// @notice Destroys the caller's tokens.
    function burn(uint256 amount) external;
}
