// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDeliveries, IInferenceConsumer, Result} from "../interfaces/IDeliveries.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Hashes} from "../libraries/Hashes.sol";
import {Tensor, Tensors} from "../libraries/Tensors.sol";
import {Backing, Claim, ClaimRecord, ClaimStatus, Levels, Request} from "../types/Claim.sol";
import {ClaimId, ModelId} from "../types/Identity.sol";
import {Results} from "./Results.sol";

/// @notice Base of a contract that asks models. It holds the OPG that it pays with.
/// @dev Results come for its own requests only: the Market lets nobody else answer numbers below 2^64, and posts what the
/// request asked for. The tier says when: in mode final once nobody can challenge it, in mode fast as soon as it is posted, and
/// then it may be revoked until it is final: let go of no more than the coverage, or of what can be taken back.
abstract contract InferenceConsumer is IInferenceConsumer {
    /// @dev Nothing that stands on chain can be hidden.
    bytes32 internal constant PUBLIC_SALT = 0;

    IDeliveries public immutable deliveries;
    IMarket public immutable market;
    /// @notice Levels that a claim must have at least, asked for or consumed.
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

    /// @notice Takes a result with as much gas as the caller gives, where the callback's does not do or the tier's mode is to
    /// pull. Anyone; once, as `onResult`.
    function takeResult(Claim calldata claim, Result calldata result) external {
        ClaimId id = deliveries.pull(claim, result);
        _onResult(id, claim.requestId, result.outputs);
    }

    /// @notice How a claim stands, by its digest: the `id` that `onResult` got.
    function status(ClaimId digest) public view returns (ClaimStatus) {
        (ClaimRecord memory stored,) = market.record(digest);
        return stored.status;
    }

    /// @dev Asks about an input that somebody hands to the operator off chain; `terms.input` is its salted hash. Pays the fee
    /// from this contract's OPG.
    function _ask(Request memory terms) internal returns (uint256 requestId) {
        require(Levels.meets(terms.level, requiredLevel), ConsumerLevelTooLow(terms.level, requiredLevel));
        market.opg().approve(address(market), terms.fee);
        return market.request(terms);
    }

    /// @dev Asks about an input that is public: it is in the event, where operators read it, and hidden by no salt.
    /// @param terms without `input`
    function _ask(Request memory terms, Tensor[] memory inputs) internal returns (uint256 requestId) {
        terms.input = Hashes.claimSide(PUBLIC_SALT, 0, Tensors.listRoot(inputs));
        requestId = _ask(terms);
        emit InputShown(requestId, inputs);
    }

    /// @dev A claim of anybody's that stands final, posted by itself or shown of a batch: its bytes are what `model` gave.
    function _consume(ModelId model, Claim calldata claim, Result calldata result) internal view returns (ClaimId id) {
        require(
            ModelId.unwrap(claim.modelRoot) == ModelId.unwrap(model), ConsumerModelDiffers(claim.modelRoot, model)
        );
        require(Levels.meets(claim.level, requiredLevel), ConsumerLevelTooLow(claim.level, requiredLevel));
        ClaimStatus stands;
        Backing backing;
        // Here and not through Deliveries.check, which would be one more call with all of it as calldata.
        Results.check(claim, result);
        (id, stands, backing) = market.statusOf(claim);
        require(stands == ClaimStatus.Final, ConsumerNotFinal(id, stands));
        // Nobody need have looked at a lodged claim: its operator may have had nothing left to lose.
        require(backing != Backing.Bond, ConsumerNotCovered(id));
    }

    function _onResult(ClaimId id, uint256 requestId, Tensor[] calldata outputs) internal virtual;

    function _onRevoked(ClaimId id, uint256 requestId) internal virtual;

    function _onFailed(uint256 requestId) internal virtual;
}
