// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Tensor} from "../libraries/Tensors.sol";
import {Backing, Claim, ClaimStatus} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";
import {IMarket} from "./IMarket.sol";

/// @notice What a contract has been told of its request.
enum Told {
    Nothing,
    Result,
    /// a result, and then that it fell
    Revoked,
    /// nobody answered, or the answer fell before it was given
    Failed
}

/// @notice Bytes behind the output side of a claim.
struct Result {
    bytes32 salt;
    Tensor[] outputs;
}

/// @notice A contract that asks. Only Deliveries calls it; what it throws away or burns is its own.
interface IInferenceConsumer {
    /// The input of a request, under salt 0: operators need nothing else to answer, nor anyone to check.
    event InputShown(uint256 indexed requestId, Tensor[] inputs);

    function onResult(ClaimId id, uint256 requestId, Tensor[] calldata outputs) external;

    /// @notice The result given before was proven false.
    function onRevoked(ClaimId id, uint256 requestId) external;

    /// @notice No result will come; the fee is back.
    function onFailed(uint256 requestId) external;
}

/// @notice Brings results to contracts. Anyone may deliver; a callback that fails can be tried again, for ever.
/// @dev Holds nothing and is trusted by nobody but the contracts that ask through it.
interface IDeliveries {
    event Delivered(uint256 indexed requestId, address indexed consumer, Told told, bool taken);

    /// Only requests on chain are delivered: nobody else asked in the contract's name.
    error DeliveriesNotAsked(uint256 requestId);
    /// The requester's mode is to pull, or it waits for finality, or there is no result yet.
    error DeliveriesNotReady(ClaimId id, ClaimStatus status, uint8 mode);
    error DeliveriesKnown(uint256 requestId, Told told);
    error DeliveriesOutputDiffers(bytes32 given, bytes32 expected);
    error DeliveriesNotRefunded(uint256 requestId);
    error DeliveriesNotRequester(address caller, address requester);
    /// Less gas than the callback is owed, by the 63/64 rule.
    error DeliveriesGasTooLow(uint256 left, uint256 needed);

    /// @notice Anyone: gives the result of a claim that stands, by the mode of its tier.
    /// @return taken whether the callback went through; if not, it can be delivered again
    function deliver(Claim calldata claim, Result calldata result) external returns (bool taken);

    /// @notice Anyone: tells that a claim fell; `onRevoked` when its result was given, else `onFailed`.
    function deliverVoid(Claim calldata claim) external returns (bool taken);

    /// @notice Anyone: tells that a request was refunded.
    function deliverRefund(uint256 requestId) external returns (bool taken);

    /// @notice The requester itself takes the result, with as much gas as it likes. In mode final only once it is final.
    function pull(Claim calldata claim, Result calldata result) external returns (ClaimId);

    /// @notice Checks bytes against any claim, shown or posted, and says how it stands. Reverts when they differ.
    function check(Claim calldata claim, Result calldata result) external view returns (ClaimId, ClaimStatus, Backing);

    function told(uint256 requestId) external view returns (Told);

    function market() external view returns (IMarket);
}
