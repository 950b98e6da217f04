// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Split} from "../interfaces/IFees.sol";

library FeeSplit {
    uint256 internal constant BPS = 10_000;

    /// @notice Everything but the delegators' part, which is of the operator's.
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
