// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDelegation} from "../interfaces/IDelegation.sol";
import {IFees, Split} from "../interfaces/IFees.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {ModelId} from "../types/Identity.sol";
import {FeeSplit} from "./FeeSplit.sol";

/// @notice One fee that is due.
struct Due {
    ModelId model;
    address operator;
    /// OPG, < 2^96: there is no more
    uint256 fee;
    uint16 auditBps;
    uint16 burnBps;
    /// whose cut of the operator's delegators counts
    uint256 madeAt;
}

/// @notice Shares of fees that wait to be burnt or paid, and a serial number of the contract that has them: one slot, so that
/// the first fee finds it in use. Every amount of OPG fits in 96 bits.
struct Pots {
    uint64 serial;
    uint96 burnable;
    uint96 audits;
}

/// @notice Shares fees out.
abstract contract Fees is IFees {
    IOPG public immutable opg;
    IStaking public immutable staking;
    IModelRegistry public immutable registry;
    IDelegation internal immutable _delegation;
    address public immutable auditPool;

    Pots internal _pots;

    constructor(IOPG opg_, IStaking staking_, IModelRegistry registry_, address auditPool_) {
        (opg, staking, registry, auditPool) = (opg_, staking_, registry_, auditPool_);
        _delegation = staking_.delegation();
        // Delegation takes rewards only from who brings them.
        opg_.approve(address(_delegation), type(uint256).max);
    }

    /// @inheritdoc IFees
    function burn() external {
        uint256 amount = _pots.burnable;
        _pots.burnable = 0;
        emit Burnt(amount);
        opg.burn(amount);
    }

    /// @inheritdoc IFees
    function payAudits() external {
        uint256 amount = _pots.audits;
        _pots.audits = 0;
        emit AuditsPaid(amount);
        opg.transfer(auditPool, amount);
    }

    /// @inheritdoc IFees
    function pots() external view returns (uint96 burnable, uint96 audits) {
        return (_pots.burnable, _pots.audits);
    }

    /// @notice What each gets of a fee, and the author.
    function _split(Due memory due) internal view returns (Split memory s, address author) {
        uint16 royaltyBps;
        (author, royaltyBps) = registry.author(due.model);
        s = FeeSplit.split(due.fee, royaltyBps, due.auditBps, due.burnBps);
        s.toDelegators = _delegation.shareOf(due.operator, s.toOperator, due.madeAt);
        s.toOperator -= s.toDelegators;
    }

    /// @notice Pays author and pots; the caller pays the operator and its delegators, maybe for many fees at once.
    function _settle(Due memory due) internal returns (Split memory s) {
        address author;
        (s, author) = _split(due);
        _pots.burnable += uint96(s.burnt);
        _pots.audits += uint96(s.toAudits);
        if (s.toAuthor > 0) opg.transfer(author, s.toAuthor);
    }

    function _payOperator(address operator, address payee, uint256 own, uint256 delegators) internal {
        if (delegators > 0) _delegation.reward(operator, uint128(delegators));
        if (own > 0) opg.transfer(payee, own);
    }
}
