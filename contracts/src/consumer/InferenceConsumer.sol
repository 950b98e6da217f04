// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDeliveries, IInferenceConsumer, Result} from "../interfaces/IDeliveries.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Tensor} from "../libraries/Tensors.sol";
import {Backing, Claim, ClaimStatus, Levels, Request} from "../types/Claim.sol";
import {ClaimId, ModelId} from "../types/Identity.sol";

/// @notice Base of a contract that asks models. It holds the OPG that it pays with.
/// @dev Results come for its own requests only: the Market lets nobody else answer numbers below 2^64, and posts what the
/// request asked for. In a tier of mode fast a result may be revoked until it is final; never let go of money on it.
abstract contract InferenceConsumer is IInferenceConsumer {
    IDeliveries public immutable deliveries;
    IMarket public immutable market;
    /// @notice Levels that a consumed claim must have at least.
    uint32 public immutable requiredLevel;

    error ConsumerNotDeliveries(address caller);
    error ConsumerModelDiffers(ModelId given, ModelId expected);
    error ConsumerLevelTooLow(uint32 level, uint32 required);
    error ConsumerNotFinal(ClaimId id, ClaimStatus status);
    /// It was lodged: no stake was locked behind it.
    error ConsumerNotCovered(ClaimId id);

    constructor(IDeliveries deliveries_, uint32 requiredLevel_) {
        (deliveries, market, requiredLevel) = (deliveries_, deliveries_.market(), requiredLevel_);
    }

    modifier onlyDeliveries() {
        require(msg.sender == address(deliveries), ConsumerNotDeliveries(msg.sender));
        _;
    }

    /// @inheritdoc IInferenceConsumer
    function onResult(ClaimId id, uint256 requestId, Tensor[] calldata outputs) external onlyDeliveries {
        _onResult(id, requestId, outputs);
    }

    /// @inheritdoc IInferenceConsumer
    function onRevoked(ClaimId id, uint256 requestId) external onlyDeliveries {
        _onRevoked(id, requestId);
    }

    /// @inheritdoc IInferenceConsumer
    function onFailed(uint256 requestId) external onlyDeliveries {
        _onFailed(requestId);
    }

    /// @dev Pays the fee from this contract's OPG.
    function _ask(Request memory terms) internal returns (uint256 requestId) {
        market.opg().approve(address(market), terms.fee);
        return market.request(terms);
    }

    /// @dev A claim of anybody's that stands final, posted by itself or shown of a batch: its bytes are what `model` gave.
    function _consume(ModelId model, Claim calldata claim, Result calldata result) internal view returns (ClaimId id) {
        require(
            ModelId.unwrap(claim.modelRoot) == ModelId.unwrap(model), ConsumerModelDiffers(claim.modelRoot, model)
        );
        require(Levels.meets(claim.level, requiredLevel), ConsumerLevelTooLow(claim.level, requiredLevel));
        ClaimStatus status;
        Backing backing;
        (id, status, backing) = deliveries.check(claim, result);
        require(status == ClaimStatus.Final, ConsumerNotFinal(id, status));
        // Nobody need have looked at a lodged claim: its operator may have had nothing left to lose.
        require(backing != Backing.Bond, ConsumerNotCovered(id));
    }

    function _onResult(ClaimId id, uint256 requestId, Tensor[] calldata outputs) internal virtual;

    function _onRevoked(ClaimId id, uint256 requestId) internal virtual;

    function _onFailed(uint256 requestId) internal virtual;
}
