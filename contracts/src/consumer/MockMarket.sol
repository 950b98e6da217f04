// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IInferenceConsumer} from "../interfaces/IDeliveries.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {Tensor} from "../libraries/Tensors.sol";
import {Request} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";

/// @notice Market and Deliveries in one, for unit tests of a consumer: the test says what comes back. Checks nothing.
/// @dev Pass it as IDeliveries. It keeps the fees that it is paid, and gives them back when a request fails.
contract MockMarket {
    IOPG public immutable opg;
    uint256 public requests;
    mapping(uint256 requestId => address) public requesters;
    mapping(uint256 requestId => Request) private _terms;

    constructor(IOPG opg_) {
        opg = opg_;
    }

    function market() external view returns (MockMarket) {
        return this;
    }

    function request(Request calldata terms) external returns (uint256 requestId) {
        requestId = ++requests;
        (requesters[requestId], _terms[requestId]) = (msg.sender, terms);
        opg.transferFrom(msg.sender, address(this), terms.fee);
    }

    function termsOf(uint256 requestId) external view returns (Request memory) {
        return _terms[requestId];
    }

    function answer(uint256 requestId, Tensor[] calldata outputs) external {
        IInferenceConsumer(requesters[requestId]).onResult(ClaimId.wrap(bytes32(requestId)), requestId, outputs);
    }

    function revoke(uint256 requestId) external {
        _giveBack(requestId);
        IInferenceConsumer(requesters[requestId]).onRevoked(ClaimId.wrap(bytes32(requestId)), requestId);
    }

    function fail(uint256 requestId) external {
        _giveBack(requestId);
        IInferenceConsumer(requesters[requestId]).onFailed(requestId);
    }

    function _giveBack(uint256 requestId) private {
        opg.transfer(requesters[requestId], _terms[requestId].fee);
    }
}
