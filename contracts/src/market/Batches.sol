// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Batch, BatchRecord, IBatches, SumNode} from "../interfaces/IBatches.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {Backing, Claim} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";
import {SumTree} from "./SumTree.sol";

/// @notice Batches of claims, and claims that were never posted. Created by the Market, which trusts nobody else but its court.
contract Batches is IBatches {
    uint256 private constant DAY = 24 hours;

    IMarket public immutable market;
    IStaking public immutable staking;
    /// F of the Market
    uint32 private immutable _freeze;

    mapping(bytes32 batch => BatchRecord) private _batches;

    /// @dev Called while the Market is being made: it has no code to ask yet.
    constructor(IStaking staking_, uint32 freeze) {
        (market, staking, _freeze) = (IMarket(msg.sender), staking_, freeze);
    }

    /// @inheritdoc IBatches
    function post(address operator, bytes32 root, uint128 coverage, uint32 count, bytes32 parameters)
        external
        returns (bytes32 id)
    {
        require(count > 0, BatchesEmpty());
        Batch memory batch = Batch(operator, root, coverage, count, parameters, uint40(block.timestamp));
        id = keccak256(abi.encode(batch));
        require(_batches[id].windowEnd == 0, BatchesKnown(id));
        (address signer, uint32 window) = market.lockBatch(operator, coverage, parameters);
        require(msg.sender == signer || msg.sender == operator, BatchesNotOperator(operator, msg.sender));
        uint40 windowEnd = uint40(block.timestamp) + window;
        _batches[id].windowEnd = windowEnd;
        emit BatchPosted(id, operator, batch, windowEnd);
    }

    /// @inheritdoc IBatches
    function show(Batch calldata batch, Claim calldata claim, uint32 index, SumNode[] calldata path)
        external
        returns (ClaimId id)
    {
        (bytes32 batchId, BatchRecord storage b) = _open(batch);
        require(index < batch.count, BatchesIndexOutOfRange(index, batch.count));
        id = market.open(claim, Backing.Batch);
        require(
            claim.operator == batch.operator && claim.parameters == batch.parameters
                && claim.postBy >= batch.postedAt && claim.postBy <= batch.postedAt + DAY,
            BatchesClaimForeign(id)
        );
        SumNode memory root = SumTree.climb(SumNode(SumTree.leaf(id), claim.coverage), index, batch.count, path);
        require(root.hash == batch.root && root.sum == batch.coverage, BatchesRootDiffers(root.hash, root.sum));
        b.shown += claim.coverage;
        emit Shown(batchId, id, index);
    }

    /// @inheritdoc IBatches
    function release(Batch calldata batch) external {
        (bytes32 id, BatchRecord storage b) = _open(batch);
        uint256 releasedAfter = b.windowEnd;
        uint256 frozenAt = staking.frozenAt(batch.operator);
        if (frozenAt != 0 && frozenAt + _freeze > releasedAfter) releasedAfter = frozenAt + _freeze;
        require(block.timestamp > releasedAfter, BatchesNotQuiet(id, releasedAfter));
        b.released = true;
        uint128 rest = batch.coverage - b.shown;
        emit Released(id, rest);
        if (rest > 0) market.unlockBatch(batch.operator, rest);
    }

    /// @inheritdoc IBatches
    function lodge(Claim calldata claim, bytes calldata signature) external returns (ClaimId id) {
        require(
            block.timestamp > claim.postBy && block.timestamp <= claim.postBy + DAY,
            BatchesNotLodgeable(claim.postBy, block.timestamp)
        );
        require(staking.answers(claim.operator, address(market)), BatchesNotAnswered(claim.operator));
        id = market.open(claim, Backing.Bond);
        (address given,,) = ECDSA.tryRecoverCalldata(ClaimId.unwrap(id), signature);
        require(
            staking.heldKey(claim.operator, given, claim.postBy - DAY, claim.postBy),
            BatchesSignerUnknown(claim.operator, given)
        );
        emit Lodged(id, msg.sender);
    }

    /// @inheritdoc IBatches
    function batches(bytes32 batch) external view returns (BatchRecord memory) {
        return _batches[batch];
    }

    function _open(Batch calldata batch) private view returns (bytes32 id, BatchRecord storage b) {
        id = keccak256(abi.encode(batch));
        b = _batches[id];
        require(b.windowEnd != 0 && !b.released, BatchesNotOpen(id));
    }
}
