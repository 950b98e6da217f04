// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IInferenceConsumer, Result, Told} from "../interfaces/IDeliveries.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {Tensor} from "../libraries/Tensors.sol";
import {
    Backing,
    Claim,
    ClaimRecord,
    ClaimStatus,
    Delivery,
    Levels,
    Parameters,
    Request
} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";

/// @notice Market and Deliveries in one, for unit tests of a consumer: the test says what comes back, and when. A request's
/// digest is its number.
/// @dev Pass it as IDeliveries. It refuses what the Market would refuse whatever the chain, holds the fees that it is paid,
/// and calls back with the gas that Deliveries gives; other than there, a callback that reverts reverts the test. Give it the
/// OPG that it is to pay as coverage.
contract MockMarket {
    /// @notice As `Deliveries.CALLBACK_GAS`.
    uint256 public constant CALLBACK_GAS = 300_000;

    IOPG public immutable opg;
    /// @notice one of Delivery, of every tier
    uint8 public immutable mode;
    uint256 public requests;
    mapping(uint256 requestId => address) public requesters;
    mapping(uint256 requestId => Told) public told;
    mapping(uint256 requestId => Request) private _terms;
    mapping(uint256 requestId => ClaimStatus) private _status;
    mapping(uint256 requestId => Tensor[]) private _outputs;

    error MockRequestRefused(Request terms);
    error MockNotReady(uint256 requestId, ClaimStatus status, Told told);

    constructor(IOPG opg_, uint8 mode_) {
        (opg, mode) = (opg_, mode_);
    }

    function market() external view returns (MockMarket) {
        return this;
    }

    function tier(bytes32) external view returns (Parameters memory p) {
        (p.delivery, p.minCoverage, p.maxCoverage) = (mode, 1, type(uint128).max);
    }

    function request(Request calldata terms) external returns (uint256 requestId) {
        bool sound = terms.level == Levels.BUILT && terms.fee > 0 && terms.coverage >= terms.fee;
        require(sound && block.timestamp <= terms.deadline, MockRequestRefused(terms));
        requestId = ++requests;
        (requesters[requestId], _terms[requestId]) = (msg.sender, terms);
        opg.transferFrom(msg.sender, address(this), terms.fee);
    }

    function termsOf(uint256 requestId) external view returns (Request memory) {
        return _terms[requestId];
    }

    function record(ClaimId digest) external view returns (ClaimRecord memory stored, uint40) {
        stored.status = _status[uint256(ClaimId.unwrap(digest))];
        return (stored, 0);
    }

    /// @notice The operator posts these outputs; in mode fast they are delivered at once.
    function answer(uint256 requestId, Tensor[] memory outputs) external {
        _expect(requestId, ClaimStatus.None);
        _status[requestId] = ClaimStatus.Open;
        for (uint256 i; i < outputs.length; i++) _outputs[requestId].push(outputs[i]);
        if (mode == Delivery.FAST) deliver(requestId);
    }

    /// @notice Nobody challenged the answer; in mode final it is delivered now.
    function finalise(uint256 requestId) external {
        _expect(requestId, ClaimStatus.Open);
        _status[requestId] = ClaimStatus.Final;
        if (mode == Delivery.FINAL) deliver(requestId);
    }

    /// @notice Calls back with the answer, where that was not done yet.
    function deliver(uint256 requestId) public {
        _give(requestId);
        IInferenceConsumer(requesters[requestId]).onResult{gas: CALLBACK_GAS}(
            _digest(requestId), requestId, _outputs[requestId]
        );
    }

    /// @notice The answer is proven false: fee and coverage are paid, and the consumer is told.
    function revoke(uint256 requestId) external {
        _expect(requestId, ClaimStatus.Open);
        _status[requestId] = ClaimStatus.Void;
        _pay(requestId, _terms[requestId].fee + _terms[requestId].coverage);
        bool given = told[requestId] == Told.Result;
        told[requestId] = given ? Told.Revoked : Told.Failed;
        IInferenceConsumer consumer = IInferenceConsumer(requesters[requestId]);
        if (given) consumer.onRevoked{gas: CALLBACK_GAS}(_digest(requestId), requestId);
        else consumer.onFailed{gas: CALLBACK_GAS}(requestId);
    }

    /// @notice Nobody answered: the fee is back, and the consumer is told.
    function fail(uint256 requestId) external {
        _expect(requestId, ClaimStatus.None);
        require(told[requestId] == Told.Nothing, MockNotReady(requestId, ClaimStatus.None, told[requestId]));
        told[requestId] = Told.Failed;
        _pay(requestId, _terms[requestId].fee);
        IInferenceConsumer(requesters[requestId]).onFailed{gas: CALLBACK_GAS}(requestId);
    }

    /// @notice As `Deliveries.pull`; of the claim only its requestId counts, of the result nothing is checked.
    function pull(Claim calldata claim, Result calldata) external returns (ClaimId) {
        require(msg.sender == requesters[claim.requestId]);
        _give(claim.requestId);
        return _digest(claim.requestId);
    }

    /// @notice As `Market.statusOf`; of the claim only its requestId counts.
    function statusOf(Claim calldata claim) external view returns (ClaimId, ClaimStatus, Backing) {
        return (_digest(claim.requestId), _status[claim.requestId], Backing.Request);
    }

    function _give(uint256 requestId) private {
        ClaimStatus status = _status[requestId];
        bool ready = status == ClaimStatus.Final || (status == ClaimStatus.Open && mode != Delivery.FINAL);
        require(ready && told[requestId] == Told.Nothing, MockNotReady(requestId, status, told[requestId]));
        told[requestId] = Told.Result;
    }

    function _expect(uint256 requestId, ClaimStatus status) private view {
        bool asked = requestId > 0 && requestId <= requests;
        require(asked && _status[requestId] == status, MockNotReady(requestId, _status[requestId], told[requestId]));
    }

    function _pay(uint256 requestId, uint256 amount) private {
        opg.transfer(requesters[requestId], amount);
    }

    function _digest(uint256 requestId) private pure returns (ClaimId) {
        return ClaimId.wrap(bytes32(requestId));
    }
}
