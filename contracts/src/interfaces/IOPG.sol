// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @notice OPG as the other contracts use it. transfer and transferFrom return true or revert, and call nobody;
/// receiveWithAuthorization may ask a wallet contract for its signature before anything moves.
interface IOPG is IERC20, IERC20Permit {
    /// @notice Destroys the caller's tokens.
    function burn(uint256 amount) external;

    /// @notice ERC-3009, signature in one piece; only `to` may send it.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}
