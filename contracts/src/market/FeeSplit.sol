// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice How the fee of a final claim is shared. toOperator + toAuthor + toAudits + burnt = fee.
struct Split {
    uint256 toOperator;
    uint256 toAuthor;
    uint256 toAudits;
    uint256 burnt;
}

library FeeSplit {
    uint256 internal constant BPS = 10_000;

    /// @param fee < 2^128. The burn takes all rounding.
    /// @dev royaltyBps + auditBps + burnBps ≤ BPS
    function split(uint256 fee, uint256 royaltyBps, uint256 auditBps, uint256 burnBps)
        internal
        pure
        returns (Split memory s)
    {
        s.toAuthor = fee * royaltyBps / BPS;
        s.toAudits = fee * auditBps / BPS;
        s.toOperator = fee * (BPS - royaltyBps - auditBps - burnBps) / BPS;
        s.burnt = fee - s.toAuthor - s.toAudits - s.toOperator;
    }
}
