// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry} from "./IModelRegistry.sol";
import {IOPG} from "./IOPG.sol";
import {IStaking} from "./IStaking.sol";

/// @notice How a fee is shared. toOperator + toDelegators + toAuthor + toAudits + burnt = fee.
struct Split {
    uint256 toOperator;
    uint256 toDelegators;
    uint256 toAuthor;
    uint256 toAudits;
    uint256 burnt;
}

/// @notice Where fees are shared out: what is to be burnt and what is for audits waits here until anyone moves it on.
interface IFees {
    event Burnt(uint256 amount);
    event AuditsPaid(uint256 amount);

    /// @notice Burns what fees have set aside for it. Anyone may call.
    function burn() external;

    /// @notice Pays what fees have set aside for audits to the audit pool. Anyone may call.
    function payAudits() external;

    /// @notice OPG set aside to be burnt, and for audits.
    function pots() external view returns (uint96 burnable, uint96 audits);

    function opg() external view returns (IOPG);

    function staking() external view returns (IStaking);

    function registry() external view returns (IModelRegistry);

    /// @notice where the audit share of fees goes
    function auditPool() external view returns (address);
}
