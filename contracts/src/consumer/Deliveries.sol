// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDeliveries, IInferenceConsumer, Result, Told} from "../interfaces/IDeliveries.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Backing, Claim, ClaimStatus, Delivery} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";
import {Results} from "./Results.sol";

/// @notice Callbacks, each at most once taken, bounded in gas, blocking nothing.
contract Deliveries is IDeliveries {
    /// @notice Gas that every callback gets; what needs more pulls.
    uint256 public constant CALLBACK_GAS = 300_000;
    /// @dev For what comes after the call.
    uint256 private constant RESERVE = 20_000;

    /// @inheritdoc IDeliveries
    IMarket public immutable market;
    /// @inheritdoc IDeliveries
    mapping(uint256 requestId => Told) public told;

    constructor(IMarket market_) {
        market = market_;
    }

    /// @inheritdoc IDeliveries
    function deliver(Claim calldata claim, Result calldata result) external returns (bool) {
        _checkAsked(claim.requestId, Told.Nothing);
        (ClaimId id, ClaimStatus status,) = check(claim, result);
        uint8 mode = market.tier(claim.parameters).delivery;
        require(mode != Delivery.PULL && _ready(status, mode), DeliveriesNotReady(id, status, mode));
        bytes memory data = abi.encodeCall(IInferenceConsumer.onResult, (id, claim.requestId, result.outputs));
        return _tell(claim.requestId, claim.requester, Told.Result, data);
    }

    /// @inheritdoc IDeliveries
    function deliverVoid(Claim calldata claim) external returns (bool) {
        uint256 requestId = claim.requestId;
        Told before = told[requestId];
        _checkAsked(requestId, before == Told.Result ? before : Told.Nothing);
        (ClaimId id, ClaimStatus status,) = market.statusOf(claim);
        require(status == ClaimStatus.Void, DeliveriesNotReady(id, status, 0));
        return before == Told.Result
            ? _tell(requestId, claim.requester, Told.Revoked, abi.encodeCall(IInferenceConsumer.onRevoked, (id, requestId)))
            : _tell(requestId, claim.requester, Told.Failed, abi.encodeCall(IInferenceConsumer.onFailed, (requestId)));
    }

    /// @inheritdoc IDeliveries
    function deliverRefund(uint256 requestId) external returns (bool) {
        _checkAsked(requestId, Told.Nothing);
        uint256 left = uint256(market.waiting(requestId));
        // A hash of terms has more than 160 bits; a refunded request leaves its requester.
        require(left != 0 && left <= type(uint160).max, DeliveriesNotRefunded(requestId));
        bytes memory data = abi.encodeCall(IInferenceConsumer.onFailed, (requestId));
        return _tell(requestId, address(uint160(left)), Told.Failed, data);
    }

    /// @inheritdoc IDeliveries
    function pull(Claim calldata claim, Result calldata result) external returns (ClaimId id) {
        require(msg.sender == claim.requester, DeliveriesNotRequester(msg.sender, claim.requester));
        _checkAsked(claim.requestId, Told.Nothing);
        ClaimStatus status;
        (id, status,) = check(claim, result);
        uint8 mode = market.tier(claim.parameters).delivery;
        require(_ready(status, mode), DeliveriesNotReady(id, status, mode));
        told[claim.requestId] = Told.Result;
        emit Delivered(claim.requestId, msg.sender, Told.Result, true);
    }

    /// @inheritdoc IDeliveries
    function check(Claim calldata claim, Result calldata result)
        public
        view
        returns (ClaimId id, ClaimStatus status, Backing backing)
    {
        Results.check(claim, result);
        return market.statusOf(claim);
    }

    function _checkAsked(uint256 requestId, Told expected) private view {
        require(requestId <= type(uint64).max, DeliveriesNotAsked(requestId));
        require(told[requestId] == expected, DeliveriesKnown(requestId, told[requestId]));
    }

    function _ready(ClaimStatus status, uint8 mode) private pure returns (bool) {
        return status == ClaimStatus.Final || (status == ClaimStatus.Open && mode != Delivery.FINAL);
    }

    /// @dev Told first, so that a consumer that comes back finds it done; taken back when it threw.
    function _tell(uint256 requestId, address consumer, Told what, bytes memory data) private returns (bool taken) {
        Told before = told[requestId];
        told[requestId] = what;
        uint256 needed = CALLBACK_GAS * 64 / 63 + RESERVE;
        require(gasleft() >= needed, DeliveriesGasTooLow(gasleft(), needed));
        uint256 gas_ = CALLBACK_GAS;
        // Nothing of what it returns is copied: a bomb of return data costs the consumer's own gas only.
        assembly ("memory-safe") {
            taken := call(gas_, consumer, 0, add(data, 32), mload(data), 0, 0)
        }
        if (!taken) told[requestId] = before;
        emit Delivered(requestId, consumer, what, taken);
    }
}
