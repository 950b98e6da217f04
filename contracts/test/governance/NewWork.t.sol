// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisputes} from "../../src/interfaces/IDisputes.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {Guardian, INewWork} from "../../src/interfaces/INewWork.sol";
import {Claim, Parameters, Request} from "../../src/types/Claim.sol";
import {BatchWorld, Posted} from "../toys/BatchWorld.sol";

/// @notice What governance and guardian may do to new work and to prices, and what they may not.
contract NewWorkTest is BatchWorld {
    INewWork private newWork;

    function setUp() public override {
        super.setUp();
        newWork = market.newWork();
    }

    function _terms() private view returns (Request memory) {
        return _request(_inputSide(_run(9)));
    }

    function _resplit(bytes32 from, uint16 auditBps, uint16 burnBps) private returns (bytes32) {
        vm.prank(governance);
        return market.resplit(from, auditBps, burnBps);
    }

    function test_othersAreRefused() external {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketNotGovernance.selector, stranger));
        market.resplit(tierHash, 500, 500);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesNotGovernance.selector, stranger));
        disputes.setBaseFeeFloor(1 gwei);
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkNotGovernance.selector, stranger));
        newWork.appoint(stranger);
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkNotMarket.selector, stranger));
        newWork.move(tierHash, tierHash);
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkNotGuardian.selector, stranger));
        newWork.pause();
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkNotGuardian.selector, stranger));
        newWork.beat();
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkNotGuardian.selector, stranger));
        newWork.resume();
    }

    function test_resplitMovesNewWork() external {
        vm.expectEmit(address(newWork));
        emit INewWork.TierClosed(tierHash);
        bytes32 to = _resplit(tierHash, 3000, 100);
        assertEq(to, keccak256(abi.encode(market.tier(to))));
        Parameters memory p = market.tier(to);
        assertEq(p.auditBps, 3000);
        assertEq(p.burnBps, 100);
        (p.auditBps, p.burnBps) = (tier.auditBps, tier.burnBps);
        assertEq(keccak256(abi.encode(p)), tierHash);
        Request memory terms = _terms();
        vm.prank(requester);
        vm.expectRevert(
            abi.encodeWithSelector(INewWork.NewWorkTierClosed.selector, tierHash, uint40(block.timestamp))
        );
        market.request(terms);
        terms.parameters = to;
        vm.prank(requester);
        market.request(terms);
        // And back.
        assertEq(_resplit(to, tier.auditBps, tier.burnBps), tierHash);
        assertEq(newWork.closedAt(tierHash), 0);
        assertEq(newWork.closedAt(to), block.timestamp);
        // To itself: it is open.
        _resplit(tierHash, tier.auditBps, tier.burnBps);
        assertEq(newWork.closedAt(tierHash), 0);
    }

    function test_unknownTierAndBoundsAreRefused() external {
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketTierUnknown.selector, bytes32(uint256(1))));
        market.resplit(bytes32(uint256(1)), 500, 500);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.MarketParameterOutOfRange.selector, bytes32("burnBps"), 99, 100, 3000)
        );
        market.resplit(tierHash, 500, 99);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.MarketParameterOutOfRange.selector, bytes32("auditBps"), 3001, 0, 3000)
        );
        market.resplit(tierHash, 3001, 500);
    }

    /// @dev What was signed before a tier closed has its 24 hours; after them new batches are new work.
    function test_batchesOfClaimsSignedBeforeAreTaken() external {
        Claim[] memory claims = _claims(4);
        for (uint256 i; i < 4; i++) claims[i].postBy = uint64(block.timestamp + 1 days);
        _resplit(tierHash, 600, 500);
        vm.warp(block.timestamp + 1 days - 1);
        Posted memory p = _post(claims);
        vm.warp(block.timestamp + 1);
        vm.prank(signer);
        vm.expectRevert(
            abi.encodeWithSelector(INewWork.NewWorkTierClosed.selector, tierHash, uint40(block.timestamp - 1 days))
        );
        batches.post(operator, "other", 1e18, 1, tierHash);
        _show(p, 2);
        vm.warp(block.timestamp + 8 days);
        batches.release(p.batch);
        market.finalise(p.claims[2]);
    }

    function test_pauseLetsSignedClaimsIn() external {
        Claim memory lost = _offChain(_run(7), 7);
        bytes memory signature = _sign(lost);
        Claim[] memory claims = _claims(2);
        vm.prank(guardian);
        newWork.pause();
        Posted memory p = _post(claims);
        vm.warp(uint256(lost.postBy) + 1);
        batches.lodge(lost, signature);
        _show(p, 1);
        vm.warp(block.timestamp + 1 days);
        (, uint40 until) = newWork.lastPause();
        vm.prank(signer);
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkPaused.selector, until));
        batches.post(operator, "other", 1e18, 1, tierHash);
    }

    function test_guardianLapsesWithoutABeat() external {
        assertEq(newWork.guardian().aliveUntil, block.timestamp + 30 days);
        vm.warp(block.timestamp + 30 days);
        vm.prank(guardian);
        newWork.beat();
        vm.warp(block.timestamp + 30 days + 1);
        vm.startPrank(guardian);
        bytes memory lapsed =
            abi.encodeWithSelector(INewWork.NewWorkGuardianLapsed.selector, uint40(block.timestamp - 1));
        vm.expectRevert(lapsed);
        newWork.beat();
        vm.expectRevert(lapsed);
        newWork.pause();
        vm.stopPrank();
        vm.prank(governance);
        newWork.pause();
        vm.prank(guardian);
        vm.expectRevert(lapsed);
        newWork.resume();
        vm.startPrank(governance);
        newWork.resume();
        skip(14 days);
        newWork.appoint(guardian);
        vm.stopPrank();
        vm.prank(guardian);
        newWork.pause();
        Guardian memory g = newWork.guardian();
        assertEq(g.account, guardian);
        assertTrue(g.spent);
    }

    function test_pauseEndsEarly() external {
        vm.prank(guardian);
        vm.expectRevert(INewWork.NewWorkNotPaused.selector);
        newWork.resume();
        vm.prank(guardian);
        newWork.pause();
        vm.warp(block.timestamp + 1 hours);
        vm.prank(governance);
        newWork.resume();
        vm.prank(requester);
        market.request(_terms());
        vm.prank(governance);
        vm.expectRevert(
            abi.encodeWithSelector(INewWork.NewWorkPauseTooSoon.selector, block.timestamp - 1 + 14 days)
        );
        newWork.pause();
    }

    function test_noGuardian() external {
        vm.prank(governance);
        newWork.appoint(address(0));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(INewWork.NewWorkNotGuardian.selector, guardian));
        newWork.pause();
    }

    function test_floorIsOfTheClaim() external {
        (Claim memory early,) = _posted(_run(1));
        uint256 old = disputes.price(early, _claimPosition());
        vm.warp(block.timestamp + 1);
        vm.prank(governance);
        disputes.setBaseFeeFloor(3 gwei);
        (Claim memory late,) = _posted(_run(2));
        assertEq(disputes.price(early, _claimPosition()), old);
        assertEq(disputes.price(late, _claimPosition()), 3 * old);
        vm.startPrank(challenger);
        disputes.demandOpening{value: old}(early);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesPriceTooLow.selector, old, 3 * old));
        disputes.demandOpening{value: old}(late);
        disputes.demandOpening{value: 3 * old}(late);
        vm.stopPrank();
        vm.startPrank(governance);
        uint256 earliest = block.timestamp + market.longestExposure();
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesFloorTooSoon.selector, earliest));
        disputes.setBaseFeeFloor(1 gwei);
        vm.warp(earliest);
        disputes.setBaseFeeFloor(1 gwei);
        // A price that every open claim takes.
        assertEq(disputes.baseFeeFloor(), 3 gwei);
        vm.warp(block.timestamp + market.longestExposure());
        assertEq(disputes.baseFeeFloor(), 1 gwei);
    }

    function test_floorBounds() external {
        vm.startPrank(governance);
        bytes32 name = "baseFeeFloor";
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesParameterOutOfRange.selector, name, 0, 1, 100 gwei));
        disputes.setBaseFeeFloor(0);
        uint256 most = 100 gwei;
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.DisputesParameterOutOfRange.selector, name, most + 1, 1, most)
        );
        disputes.setBaseFeeFloor(most + 1);
        disputes.setBaseFeeFloor(most);
    }
}
