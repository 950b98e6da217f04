// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batch, IBatches, SumNode} from "../../src/interfaces/IBatches.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IStaking} from "../../src/interfaces/IStaking.sol";
import {SumTree} from "../../src/market/SumTree.sol";
import {Backing, Claim, ClaimRecord, ClaimStatus} from "../../src/types/Claim.sol";
import {ClaimId, ModelId} from "../../src/types/Identity.sol";
import {BatchWorld, Posted} from "../toys/BatchWorld.sol";

/// @notice Calls for the TypeScript twin.
contract SumTreeHarness {
    function climb(ClaimId id, uint128 coverage, uint256 index, uint256 count, SumNode[] calldata path)
        external
        pure
        returns (SumNode memory)
    {
        return SumTree.climb(SumNode(SumTree.leaf(id), coverage), index, count, path);
    }
}

contract BatchesTest is BatchWorld {
    function _expect(bytes4 selector, bytes memory arguments) internal {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _locked() private view returns (uint128) {
        return staking.operators(operator).locked;
    }

    function _recordOf(ClaimId id) private view returns (ClaimRecord memory record) {
        (record,) = market.record(id);
    }

    function test_postShowRelease() external {
        Posted memory p = _post(_claims(5));
        assertEq(_locked(), 5 * 3 * COVERAGE);
        bytes32 id = keccak256(abi.encode(p.batch));
        assertEq(batches.batches(id).windowEnd, block.timestamp + tier.window);
        skip(tier.window);
        vm.prank(stranger);
        ClaimId shown = _show(p, 4);
        ClaimRecord memory r = _recordOf(shown);
        assertEq(uint8(r.status), uint8(ClaimStatus.Open));
        assertEq(uint8(r.backing), uint8(Backing.Batch));
        assertEq(r.windowEnd, block.timestamp + tier.window);
        assertEq(batches.batches(id).shown, COVERAGE);
        _expect(IBatches.BatchesNotQuiet.selector, abi.encode(id, block.timestamp));
        batches.release(p.batch);
        skip(1);
        batches.release(p.batch);
        // What was shown stays covered.
        assertEq(_locked(), 3 * COVERAGE);
        skip(tier.window + tier.grace);
        uint256 before = opg.balanceOf(payee);
        market.finalise(p.claims[4]);
        assertEq(_locked(), 0);
        assertEq(opg.balanceOf(payee), before, "its fee was paid elsewhere");
    }

    function test_allShownLeavesNothingToRelease() external {
        Posted memory p = _post(_claims(2));
        _show(p, 0);
        _show(p, 1);
        skip(tier.window + 1);
        batches.release(p.batch);
        assertEq(_locked(), 6 * COVERAGE);
        bytes32 id = keccak256(abi.encode(p.batch));
        _expect(IBatches.BatchesNotOpen.selector, abi.encode(id));
        batches.release(p.batch);
    }

    function test_postRefusals() external {
        _expect(IBatches.BatchesEmpty.selector, "");
        batches.post(operator, "root", COVERAGE, 0, tierHash);
        _expect(IMarket.MarketTierUnknown.selector, abi.encode(bytes32("tier")));
        batches.post(operator, "root", COVERAGE, 1, "tier");
        vm.prank(stranger);
        _expect(IBatches.BatchesNotOperator.selector, abi.encode(operator, stranger));
        batches.post(operator, "root", COVERAGE, 1, tierHash);
        vm.startPrank(operator);
        bytes32 id = batches.post(operator, "root", COVERAGE, 1, tierHash);
        _expect(IBatches.BatchesKnown.selector, abi.encode(id));
        batches.post(operator, "root", COVERAGE, 1, tierHash);
        vm.expectPartialRevert(IStaking.StakingInsufficient.selector);
        batches.post(operator, "root", 50_000e18, 1, tierHash);
        vm.stopPrank();
        _expect(IMarket.MarketNotBatches.selector, abi.encode(this));
        market.lockBatch(operator, 1, tierHash);
        _expect(IMarket.MarketNotBatches.selector, abi.encode(this));
        market.unlockBatch(operator, 1);
        Claim memory claim = _offChain(_run(1), 1);
        _expect(IMarket.MarketNotBatches.selector, abi.encode(this));
        market.open(claim, Backing.Bond);
    }

    /// What Market and tier would not take of a request they do not take of a leaf.
    function test_neverPosted() external {
        Posted memory p = _post(_claims(1));
        p.batch.coverage += 1;
        bytes32 id = keccak256(abi.encode(p.batch));
        skip(tier.window + 1);
        _expect(IBatches.BatchesNotOpen.selector, abi.encode(id));
        batches.release(p.batch);
        SumNode[] memory path = _path(p, 0);
        _expect(IBatches.BatchesNotOpen.selector, abi.encode(id));
        batches.show(p.batch, p.claims[0], 0, path);
    }

    function test_claimsThatAreNone() external {
        Claim[] memory claims = _claims(7);
        claims[0].requestId = type(uint64).max;
        claims[1].level = 1;
        claims[2].parameters = "tier";
        claims[3].coverage = uint128(FEE) - 1;
        claims[4].coverage = tier.maxCoverage + 1;
        claims[5].modelRoot = ModelId.wrap("model");
        claims[6].fee = 0;
        Posted memory p = _post(claims);
        SumNode[] memory path = _path(p, 0);
        _expect(IMarket.MarketNumberReserved.selector, abi.encode(type(uint64).max));
        batches.show(p.batch, claims[0], 0, path);
        _expect(IMarket.MarketLevelNotBuilt.selector, abi.encode(1));
        batches.show(p.batch, claims[1], 1, path);
        _expect(IMarket.MarketTierUnknown.selector, abi.encode(bytes32("tier")));
        batches.show(p.batch, claims[2], 2, path);
        _expect(IMarket.MarketCoverageOutOfRange.selector, abi.encode(FEE - 1, FEE, tier.maxCoverage));
        batches.show(p.batch, claims[3], 3, path);
        _expect(
            IMarket.MarketCoverageOutOfRange.selector, abi.encode(tier.maxCoverage + 1, FEE, tier.maxCoverage)
        );
        batches.show(p.batch, claims[4], 4, path);
        _expect(IModelRegistry.RegistryModelUnknown.selector, abi.encode(bytes32("model")));
        batches.show(p.batch, claims[5], 5, path);
        _show(p, 6);
    }

    function test_foreignClaims() external {
        Claim[] memory claims = _claims(3);
        claims[0].operator = stranger;
        claims[1].postBy = uint64(block.timestamp - 1);
        claims[2].postBy = uint64(block.timestamp + 24 hours + 1);
        Posted memory p = _post(claims);
        for (uint32 i; i < 3; i++) {
            SumNode[] memory path = _path(p, i);
            _expect(IBatches.BatchesClaimForeign.selector, abi.encode(p.ids[i]));
            batches.show(p.batch, claims[i], i, path);
        }
    }

    /// A fault elsewhere keeps a batch from its release for F, and its leaves open as long.
    function test_faultFreezesBatches() external {
        Posted memory p = _post(_claims(2));
        Posted memory other = _post(_claims(1));
        ClaimId id = _show(p, 0);
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(p.claims[0]);
        skip(tier.answer + 1);
        disputes.expire(p.claims[0], _claimPosition(), 0);
        assertEq(uint8(_recordOf(id).status), uint8(ClaimStatus.Void));
        uint256 frozenAt = block.timestamp;
        vm.warp(frozenAt + tier.freeze);
        bytes32 otherId = keccak256(abi.encode(other.batch));
        _expect(IBatches.BatchesNotQuiet.selector, abi.encode(otherId, frozenAt + tier.freeze));
        batches.release(other.batch);
        skip(1);
        batches.release(other.batch);
        batches.release(p.batch);
        assertEq(_locked(), 0);
    }

    function test_everyLeafOfEveryTree() external {
        for (uint256 count = 1; count < 8; count++) {
            Claim[] memory claims = new Claim[](count);
            for (uint256 i; i < count; i++) {
                claims[i] = _offChain(_run(1), 100 * count + i);
                claims[i].coverage = uint128(FEE + uint256(keccak256(abi.encode(count, i))) % 100e18);
            }
            Posted memory p = _post(claims);
            for (uint32 i; i < count; i++) _show(p, i);
            assertEq(batches.batches(keccak256(abi.encode(p.batch))).shown, p.batch.coverage);
        }
    }

    function test_lodgeThenShow() external {
        Claim[] memory claims = _claims(3);
        Posted memory p = _post(claims);
        vm.warp(claims[1].postBy + 1);
        ClaimId id = batches.lodge(claims[1], _sign(claims[1]));
        uint256 windowEnd = block.timestamp + tier.window;
        assertEq(uint8(_recordOf(id).backing), uint8(Backing.Bond));
        skip(10);
        _show(p, 1);
        assertEq(uint8(_recordOf(id).backing), uint8(Backing.Batch));
        assertEq(_recordOf(id).windowEnd, windowEnd);
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claims[1]);
        skip(tier.answer + 1);
        uint256 before = opg.balanceOf(requester);
        disputes.expire(claims[1], _claimPosition(), 0);
        assertEq(opg.balanceOf(requester), before + COVERAGE);
        uint256 taken = 3 * COVERAGE + FAULT_BOND;
        assertEq(staking.operators(operator).staked, 50_000e18 - taken, "as of any posted claim");
    }

    function test_lodgeRefusals() external {
        Claim memory claim = _offChain(_run(1), 1);
        bytes memory signature = _sign(claim);
        vm.warp(claim.postBy);
        _expect(IBatches.BatchesNotLodgeable.selector, abi.encode(claim.postBy, claim.postBy));
        batches.lodge(claim, signature);
        vm.warp(claim.postBy + 24 hours + 1);
        _expect(IBatches.BatchesNotLodgeable.selector, abi.encode(claim.postBy, block.timestamp));
        batches.lodge(claim, signature);
        vm.warp(claim.postBy + 24 hours);
        claim.coverage++;
        vm.expectPartialRevert(IBatches.BatchesSignerUnknown.selector);
        batches.lodge(claim, signature);
        claim.coverage--;
        _expect(IBatches.BatchesSignerUnknown.selector, abi.encode(operator, address(0)));
        batches.lodge(claim, "");
        batches.lodge(claim, signature);
    }

    /// A lodged claim that nobody challenges becomes final and moves no money.
    function test_lodgedAndRight() external {
        Claim memory claim = _offChain(_run(1), 1);
        bytes memory signature = _sign(claim);
        vm.warp(claim.postBy + 1);
        ClaimId id = batches.lodge(claim, signature);
        skip(tier.window + tier.grace + 1);
        uint256 held = opg.balanceOf(address(market)) + opg.balanceOf(address(staking));
        market.finalise(claim);
        assertEq(uint8(_recordOf(id).status), uint8(ClaimStatus.Final));
        assertEq(opg.balanceOf(address(market)) + opg.balanceOf(address(staking)), held);
    }

    /// A freeze does not move a lodged claim's window, which `restore` could move back.
    function test_lodgedIsNotFrozen() external {
        (Claim memory silent,) = _posted(_run(7));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(silent);
        Claim memory claim = _offChain(_run(1), 1);
        bytes memory signature = _sign(claim);
        skip(tier.answer + 1 - tier.window);
        vm.warp(claim.postBy + 24 hours);
        ClaimId id = batches.lodge(claim, signature);
        vm.warp(START + tier.answer + 1);
        disputes.expire(silent, _claimPosition(), 0);
        (ClaimRecord memory r, uint40 quiet) = market.record(id);
        assertEq(quiet, r.windowEnd);
    }
}
