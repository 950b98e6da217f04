// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMarket} from "../interfaces/IMarket.sol";
import {Delivery, Parameters} from "../types/Claim.sol";

/// @notice What a tier may be. A tier outside is refused at construction, so no court can hold one.
library Tiers {
    /// @dev How long after its postBy a signed claim may still be brought to the Market, validity included.
    uint256 internal constant POST_GRACE = 48 hours;
    /// @dev Depths of a dispute: the opening, 5 for the inputs, then max(1, ⌈log256 kernels⌉) + ⌈log256 leaves⌉ + 1 ≤ 6.
    uint256 internal constant MAX_DEPTH = 12;

    function check(Parameters memory p) internal pure {
        _within("window", p.window, 1, 7 days);
        _within("reaction", p.reaction, 1, 2 days);
        _within("answer", p.answer, 1, 7 days);
        _within("freeze", p.freeze, 1, 7 days);
        _within("grace", p.grace, 1, 7 days);
        _within("auditBps", p.auditBps, 0, 3000);
        _within("burnBps", p.burnBps, 100, 3000);
        _within("delivery", p.delivery, Delivery.PULL, Delivery.FINAL);
        _within("minCoverage", p.minCoverage, 1, 1e27);
        _within("maxCoverage", p.maxCoverage, p.minCoverage, 1e27);
    }

    function hash(Parameters memory p) internal pure returns (bytes32) {
        return keccak256(abi.encode(p));
    }

    /// @notice Seconds from a signature to the last moment at which its claim may fall: 48 h + 2W + F + D(A+R) + C.
    function exposure(Parameters memory p) internal pure returns (uint256) {
        return POST_GRACE + 2 * uint256(p.window) + p.freeze + MAX_DEPTH * (uint256(p.answer) + p.reaction) + p.grace;
    }

    function _within(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        require(value >= least && value <= most, IMarket.MarketParameterOutOfRange(name, value, least, most));
    }
}
