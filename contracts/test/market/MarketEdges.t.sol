// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IBatches} from "../../src/interfaces/IBatches.sol";
import {IDelegation} from "../../src/interfaces/IDelegation.sol";
import {IDisputes} from "../../src/interfaces/IDisputes.sol";
import {IMarket, Standing} from "../../src/interfaces/IMarket.sol";
import {Channels} from "../../src/market/Channels.sol";
import {Market, Wiring} from "../../src/market/Market.sol";
import {Claim, ClaimRecord, ClaimStatus, Opening, Parameters, Request} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {BatchWorld, Posted} from "../toys/BatchWorld.sol";

/// @notice The last value that is still allowed and the last second that still counts.
contract MarketEdgesTest is BatchWorld {
    function _requestAs(Request memory terms) private returns (uint256) {
        vm.prank(requester);
        return market.request(terms);
    }

    function test_requestsAtTheirBounds() external {
        Request memory terms = _request("input");
        terms.deadline = uint64(block.timestamp);
        assertEq(_requestAs(terms), 1);
        terms.deadline = uint64(block.timestamp + 30 days);
        assertEq(_requestAs(terms), 2);
        (terms.fee, terms.coverage) = (1e18, 1e18);
        assertEq(_requestAs(terms), 3, "least coverage");
        terms.coverage = 10_000e18;
        assertEq(_requestAs(terms), 4, "most coverage");
        (terms.fee, terms.coverage) = (20e18, 20e18);
        assertEq(_requestAs(terms), 5, "coverage is the fee");
        assertEq(opg.balanceOf(address(market)), FEE + FEE + 1e18 + 1e18 + 20e18);
    }

    function test_postsAtTheirBounds() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(1));
        claim.postBy = uint64(block.timestamp + 1 hours + 24 hours);
        vm.warp(deadline);
        vm.prank(signer);
        ClaimId id = market.post(claim, deadline, "");
        (ClaimRecord memory record, uint40 quiet) = market.record(id);
        assertEq(record.windowEnd, deadline + tier.window);
        assertEq(quiet, deadline + tier.window);
        assertEq(market.waiting(claim.requestId), 0);

        (claim, deadline) = _asked(_run(2));
        claim.postBy = uint64(block.timestamp);
        vm.prank(signer);
        market.post(claim, deadline, "");
    }

    function test_mostTiers() external {
        Parameters[] memory tiers = new Parameters[](16);
        for (uint256 i; i < 16; i++) {
            tiers[i] = _parameters();
            tiers[i].window += uint32(15 - i);
        }
        Wiring memory w = _wiring(address(disputes));
        Market many = new Market(w, tiers);
        assertEq(many.longestExposure(), market.longestExposure() + 30);
        assertEq(many.freeze(), tier.freeze);
        Parameters[] memory more = new Parameters[](17);
        for (uint256 i; i < 17; i++) more[i] = _parameters();
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketParameterOutOfRange.selector, bytes32("tiers"), 17, 1, 16));
        new Market(w, more);
        w.disputes = IDisputes(address(0));
        vm.expectRevert(IMarket.MarketZeroAddress.selector);
        new Market(w, tiers);
        assertEq(new Channels(market, 1 minutes).thawPeriod(), 1 minutes);
        assertEq(new Channels(market, 30 days).thawPeriod(), 30 days);
    }

    /// A freeze in the window of a lodged claim does not move it, nor does it reach back to what is final.
    function test_freezeTouchesOnlyWhatIsOpenAndBacked() external {
        (Claim memory done,) = _posted(_run(1));
        vm.warp(START + tier.window + tier.grace + 1);
        market.finalise(done);
        uint256 asked = block.timestamp;
        (Claim memory silent,) = _posted(_run(2));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(silent);
        vm.warp(asked + tier.answer - 2 hours);
        Claim memory sold = _offChain(_run(3), 3);
        vm.warp(sold.postBy + 1);
        batches.lodge(sold, _sign(sold));
        uint256 lodgedAt = block.timestamp;
        vm.warp(asked + tier.answer + 1);
        disputes.expire(silent, _claimPosition(), 0);
        assertLt(block.timestamp, lodgedAt + tier.window);
        assertEq(staking.frozenAt(operator), block.timestamp);

        Standing memory s = market.standing(done);
        assertEq(uint8(s.status), uint8(ClaimStatus.Final));
        assertEq(s.windowEnd, START + tier.window);
        assertEq(s.quietAt, START + tier.window);
        s = market.standing(sold);
        assertEq(s.windowEnd, lodgedAt + tier.window);
        assertEq(s.quietAt, lodgedAt + tier.window);
    }

    /// A freeze in the window's last second opens it, one second later it does not.
    function test_freezeInTheLastSecond() external {
        (Claim memory silent,) = _posted(_run(1));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(silent);
        vm.warp(START + tier.answer + 1 - tier.window);
        (Claim memory claim, ClaimId inside) = _postedOpen(_run(2));
        vm.warp(START + tier.answer - tier.window);
        (, ClaimId outside) = _posted(_run(3));
        vm.warp(START + tier.answer + 1);
        disputes.expire(silent, _claimPosition(), 0);
        uint256 frozenAt = block.timestamp;
        (, uint40 quiet) = market.record(inside);
        assertEq(quiet, block.timestamp + tier.freeze);
        assertEq(market.quietAt(inside), block.timestamp);
        (, quiet) = market.record(outside);
        assertEq(quiet, block.timestamp - 1);
        skip(1);
        assertEq(market.quietAt(inside), block.timestamp - 1 + tier.freeze);
        assertEq(market.quietAt(outside), block.timestamp - 2);
        vm.warp(frozenAt + tier.freeze + 1);
        Opening memory opening = _opening(_run(2), claim);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.DisputesTooLate.selector, inside, block.timestamp - 1, block.timestamp)
        );
        disputes.demand{value: 1 ether}(claim, opening, _position(1, 0, 1, 0), _noProof());
    }

    /// The cut that counts is the one of the second in which a claim was made, whenever it becomes final.
    function test_cutOfTheSecondBefore() external {
        IDelegation delegation = staking.delegation();
        vm.startPrank(treasury);
        opg.approve(address(delegation), 50_000e18);
        delegation.delegate(operator, 50_000e18, 0);
        vm.stopPrank();
        vm.prank(operator);
        delegation.announceCut(8000);
        uint256[3] memory pool;
        pool[0] = delegation.pools(operator).tokens;
        for (uint256 i; i < 2; i++) {
            vm.warp(START + 7 days - 1 + i);
            (Claim memory claim,) = _posted(_run(uint8(i)));
            vm.warp(block.timestamp + tier.window + tier.grace + 1);
            market.finalise(claim);
            pool[i + 1] = delegation.pools(operator).tokens;
        }
        // the second fee is shared with the first one in the pool
        assertApproxEqRel((pool[1] - pool[0]) * 8, (pool[2] - pool[1]) * 5, 1e14);
    }

    function test_shownAtTheBoundsOfPostBy() external {
        Claim[] memory claims = _claims(2);
        claims[0].postBy = uint64(block.timestamp);
        claims[1].postBy = uint64(block.timestamp + 24 hours);
        Posted memory p = _post(claims);
        _show(p, 0);
        _show(p, 1);
        assertEq(batches.batches(keccak256(abi.encode(p.batch))).shown, 2 * COVERAGE);
        assertEq(staking.operators(operator).locked, 6 * COVERAGE);
        vm.warp(START + tier.window);
        vm.expectRevert(
            abi.encodeWithSelector(IBatches.BatchesNotQuiet.selector, keccak256(abi.encode(p.batch)), START + tier.window)
        );
        batches.release(p.batch);
        skip(1);
        batches.release(p.batch);
        assertEq(staking.operators(operator).locked, 6 * COVERAGE, "what was shown keeps its lock");
    }

    function test_potsAreEmptiedOnce() external {
        (Claim memory claim,) = _posted(_run(1));
        vm.warp(START + tier.window + tier.grace + 1);
        market.finalise(claim);
        uint256 supply = opg.totalSupply();
        market.burn();
        market.payAudits();
        assertEq(supply - opg.totalSupply(), 0.5e18);
        assertEq(opg.balanceOf(auditPool), 0.5e18);
        (uint96 burnable, uint96 audits) = market.pots();
        assertEq(uint256(burnable) + audits, 0);
        market.burn();
        market.payAudits();
        assertEq(opg.totalSupply(), supply - 0.5e18);
        assertEq(opg.balanceOf(auditPool), 0.5e18);
        assertEq(opg.balanceOf(address(market)), 0);
    }
}

/// @notice Where F is shorter than W, a freeze brings no end nearer.
contract ShortFreezeTest is BatchWorld {
    function _parameters() internal pure override returns (Parameters memory p) {
        p = super._parameters();
        p.freeze = 30 minutes;
    }

    function test_shortFreezeBringsNoEndNearer() external {
        (Claim memory silent,) = _posted(_run(1));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(silent);
        vm.warp(START + tier.answer - 9);
        (Claim memory other, ClaimId id) = _posted(_run(2));
        Posted memory p = _post(_claims(2));
        uint256 windowEnd = block.timestamp + tier.window;
        vm.warp(START + tier.answer + 1);
        disputes.expire(silent, _claimPosition(), 0);
        (, uint40 quiet) = market.record(id);
        assertEq(quiet, windowEnd);
        assertEq(market.standing(other).windowEnd, windowEnd);
        vm.warp(windowEnd);
        vm.expectPartialRevert(IBatches.BatchesNotQuiet.selector);
        batches.release(p.batch);
        vm.warp(windowEnd + 1);
        batches.release(p.batch);
        vm.warp(windowEnd + tier.grace);
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketNotQuiet.selector, id, windowEnd + tier.grace));
        market.finalise(other);
        vm.warp(windowEnd + tier.grace + 1);
        market.finalise(other);
    }
}
