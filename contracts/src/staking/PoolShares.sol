// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Tokens and shares of a pool, both rounded down.
/// @dev Virtual shares and one virtual unit keep the price defined when the pool is empty, and make pumping it up before
/// somebody else's deposit cost about VIRTUAL times what the depositor loses to rounding. Σ toTokens(shares) ≤ tokens.
library PoolShares {
    uint256 internal constant VIRTUAL = 1e6;
    /// @dev Shares a unit above which a pool is worn out. All OPG there is (1e27) then buys shares that fit 128 bits.
    uint256 private constant MOST_A_UNIT = VIRTUAL * 1e5;

    function toShares(uint256 amount, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return Math.mulDiv(amount, shares + VIRTUAL, tokens + 1);
    }

    function toTokens(uint256 amount, uint256 tokens, uint256 shares) internal pure returns (uint256) {
        return Math.mulDiv(amount, tokens + 1, shares + VIRTUAL);
    }

    function wornOut(uint256 tokens, uint256 shares) internal pure returns (bool) {
        return shares > (tokens + 1) * MOST_A_UNIT;
    }

    /// @notice The part of `tokens` that burns with taken / own of an operator's stake, rounded up. taken ≤ own, own > 0.
    function burnt(uint256 tokens, uint256 taken, uint256 own) internal pure returns (uint256) {
        return Math.mulDiv(tokens, taken, own, Math.Rounding.Ceil);
    }
}
