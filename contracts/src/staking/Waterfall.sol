// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Shares} from "../interfaces/IStaking.sol";

/// @notice Who gets what of a slash. All of it is the operator's own stake; at least half is burnt.
library Waterfall {
    /// @notice Stake locked for one unit of coverage.
    uint128 internal constant LOCK_MULTIPLE = 3;

    /// @param c coverage bought
    /// @param m the fault bond on the first fault since it was last made up, else 0
    /// @dev c, m < 2^128. The burn takes all rounding: S = 3c + m, v = c, r = ⌊c/2⌋ + ⌊m/4⌋, b = S − v − r ≥ S/2.
    function split(uint256 c, uint256 m) internal pure returns (Shares memory shares) {
        shares.total = LOCK_MULTIPLE * c + m;
        shares.victim = c;
        shares.challenger = c / 2 + m / 4;
        shares.burn = shares.total - shares.victim - shares.challenger;
    }

    /// @notice Of a lodged claim: S = min(3c, left), v = ⌊S/3⌋, r = ⌊S/6⌋, b = S − v − r ≥ S/2.
    /// @param left of the fault bond
    function lodged(uint256 c, uint256 left) internal pure returns (Shares memory shares) {
        uint256 asked = LOCK_MULTIPLE * c;
        shares.total = asked < left ? asked : left;
        shares.victim = shares.total / 3;
        shares.challenger = shares.total / 6;
        shares.burn = shares.total - shares.victim - shares.challenger;
    }
}
