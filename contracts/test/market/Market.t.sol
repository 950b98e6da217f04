// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Split} from "../../src/interfaces/IFees.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IStaking} from "../../src/interfaces/IStaking.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Market} from "../../src/market/Market.sol";
import {Claim, ClaimRecord, ClaimStatus, Parameters, Request} from "../../src/types/Claim.sol";
import {ClaimId, ModelId} from "../../src/types/Identity.sol";
import {World} from "../toys/World.sol";

contract MarketTest is World {
    function _expect(bytes4 selector, bytes memory arguments) internal {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _refuseRequest(Request memory terms) internal {
        vm.prank(requester);
        market.request(terms);
    }

    function _refusePost(Claim memory claim, uint64 deadline) internal {
        vm.prank(signer);
        market.post(claim, deadline, "");
    }

    function test_honestClaimBecomesFinalAndPays() external {
        (Claim memory claim, ClaimId id) = _posted(_run(1));
        (ClaimRecord memory record, uint40 quietAt) = market.record(id);
        assertEq(quietAt, START + tier.window);
        assertEq(staking.operators(operator).locked, 3 * COVERAGE);
        vm.warp(quietAt + tier.grace + 1);
        market.finalise(claim);
        (record,) = market.record(id);
        assertEq(uint8(record.status), uint8(ClaimStatus.Final));
        assertEq(opg.balanceOf(author), 1e18);
        (uint96 burnable, uint96 audits) = market.pots();
        assertEq(burnable, 0.5e18);
        assertEq(audits, 0.5e18);
        assertEq(opg.balanceOf(payee), 8e18);
        assertEq(staking.operators(operator).locked, 0);
        assertEq(opg.balanceOf(address(market)), 1e18);

        uint256 supply = opg.totalSupply();
        market.burn();
        market.payAudits();
        assertEq(opg.totalSupply(), supply - 0.5e18);
        assertEq(opg.balanceOf(auditPool), 0.5e18);
        assertEq(opg.balanceOf(address(market)), 0);
    }

    function test_anyoneMayPostWithTheHotKeysSignature() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(2));
        bytes memory signature = _sign(claim);
        vm.prank(stranger);
        ClaimId id = market.post(claim, deadline, signature);
        (ClaimRecord memory record,) = market.record(id);
        assertEq(uint8(record.status), uint8(ClaimStatus.Open));
        assertEq(record.operator, operator);
    }

    function test_ownerMayPost() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(2));
        vm.prank(operator);
        market.post(claim, deadline, "");
    }

    function test_refundAfterDeadline() external {
        Request memory terms = _request(_inputSide(_run(3)));
        vm.prank(requester);
        uint256 requestId = market.request(terms);
        assertEq(requestId, market.requests());
        vm.warp(terms.deadline);
        _expect(IMarket.MarketDeadlineNotPassed.selector, abi.encode(terms.deadline, block.timestamp));
        market.refund(requestId, requester, terms);
        vm.warp(terms.deadline + 1);
        uint256 before = opg.balanceOf(requester);
        vm.prank(stranger);
        market.refund(requestId, requester, terms);
        assertEq(opg.balanceOf(requester), before + FEE);
        assertEq(market.waiting(requestId), bytes32(uint256(uint160(requester))));
        _expect(IMarket.MarketRequestUnknown.selector, abi.encode(requestId));
        market.refund(requestId, requester, terms);
    }

    function test_requestRefusals() external {
        Request memory terms = _request(bytes32(uint256(1)));
        terms.deadline = uint64(block.timestamp - 1);
        _expect(IMarket.MarketDeadlinePassed.selector, abi.encode(terms.deadline, block.timestamp));
        _refuseRequest(terms);

        terms.deadline = uint64(block.timestamp + 30 days + 1);
        _expect(IMarket.MarketDeadlineTooFar.selector, abi.encode(terms.deadline, block.timestamp + 30 days));
        _refuseRequest(terms);

        terms = _request(bytes32(uint256(1)));
        for (uint32 level; level < 32; level++) {
            if (level == 3) continue;
            terms.level = level;
            _expect(IMarket.MarketLevelNotBuilt.selector, abi.encode(level));
            _refuseRequest(terms);
        }

        terms = _request(bytes32(uint256(1)));
        terms.fee = 0;
        _expect(IMarket.MarketZeroFee.selector, "");
        _refuseRequest(terms);

        terms = _request(bytes32(uint256(1)));
        terms.parameters = keccak256("another");
        _expect(IMarket.MarketTierUnknown.selector, abi.encode(terms.parameters));
        _refuseRequest(terms);

        terms = _request(bytes32(uint256(1)));
        terms.coverage = FEE - 1;
        _expect(IMarket.MarketCoverageOutOfRange.selector, abi.encode(FEE - 1, FEE, tier.maxCoverage));
        _refuseRequest(terms);
        terms.fee = 1;
        terms.coverage = tier.minCoverage - 1;
        _expect(
            IMarket.MarketCoverageOutOfRange.selector, abi.encode(terms.coverage, tier.minCoverage, tier.maxCoverage)
        );
        _refuseRequest(terms);
        terms.coverage = tier.maxCoverage + 1;
        _expect(
            IMarket.MarketCoverageOutOfRange.selector, abi.encode(terms.coverage, tier.minCoverage, tier.maxCoverage)
        );
        _refuseRequest(terms);

        terms = _request(bytes32(uint256(1)));
        terms.modelRoot = ModelId.wrap("unknown");
        _expect(IMarket.MarketModelNotOpen.selector, abi.encode(terms.modelRoot));
        _refuseRequest(terms);

        terms = _request(bytes32(uint256(1)));
        terms.operator = stranger;
        _expect(IMarket.MarketOperatorUnknown.selector, abi.encode(stranger));
        _refuseRequest(terms);

        vm.prank(requester);
        opg.approve(address(market), FEE - 1);
        terms = _request(bytes32(uint256(1)));
        _expect(IERC20Errors.ERC20InsufficientAllowance.selector, abi.encode(market, FEE - 1, FEE));
        _refuseRequest(terms);
        assertEq(market.requests(), 0);
    }

    function test_deprecatedModelTakesNoNewRequests() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(4));
        vm.prank(author);
        registry.deprecate(model);
        Request memory terms = _request(bytes32(uint256(1)));
        _expect(IMarket.MarketModelNotOpen.selector, abi.encode(model));
        _refuseRequest(terms);
        // What was asked before is still answered.
        _refusePost(claim, deadline);
    }

    function test_replayedClaimChangesNothing() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(5));
        bytes memory signature = _sign(claim);
        ClaimId id = market.post(claim, deadline, signature);
        _expect(IMarket.MarketClaimKnown.selector, abi.encode(id, ClaimStatus.Open));
        market.post(claim, deadline, signature);
        assertEq(staking.operators(operator).locked, 3 * COVERAGE);
    }

    function test_secondAnswerToARequestIsRefused() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(5));
        _refusePost(claim, deadline);
        claim.output = keccak256("another answer");
        _expect(IMarket.MarketRequestUnknown.selector, abi.encode(claim.requestId));
        _refusePost(claim, deadline);
    }

    function test_claimOfAnotherChainOrMarketIsRefused() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(6));
        uint256 here = block.chainid;
        vm.chainId(10);
        bytes memory elsewhere = _sign(claim);
        vm.chainId(here);
        vm.expectPartialRevert(IMarket.MarketNotOperator.selector);
        market.post(claim, deadline, elsewhere);

        Parameters[] memory tiers = new Parameters[](1);
        tiers[0] = tier;
        Market other = new Market(_wiring(address(disputes)), tiers);
        assertNotEq(other.domainSeparator(), market.domainSeparator());
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKey, ClaimId.unwrap(other.digest(claim)));
        vm.expectPartialRevert(IMarket.MarketNotOperator.selector);
        market.post(claim, deadline, abi.encodePacked(r, s, v));

        _expect(IMarket.MarketNotOperator.selector, abi.encode(operator, address(0)));
        market.post(claim, deadline, hex"1234");
        _expect(IMarket.MarketNotOperator.selector, abi.encode(operator, stranger));
        vm.prank(stranger);
        market.post(claim, deadline, "");
        _expect(IMarket.MarketNotOperator.selector, abi.encode(operator, stranger));
        vm.prank(stranger);
        market.postOpened(claim, deadline, _opening(_run(6), claim));
        assertEq(staking.operators(operator).locked, 0);
        assertNotEq(market.waiting(claim.requestId), 0);
    }

    function test_postRefusals() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(7));
        claim.postBy = uint64(block.timestamp - 1);
        _expect(IMarket.MarketDeadlinePassed.selector, abi.encode(claim.postBy, block.timestamp));
        _refusePost(claim, deadline);
        claim.postBy = uint64(block.timestamp + 24 hours + 1);
        _expect(IMarket.MarketPostTooEarly.selector, abi.encode(claim.postBy, block.timestamp + 24 hours));
        _refusePost(claim, deadline);
        claim.postBy = deadline;

        // Whatever the request does not say is another request.
        Claim memory other = claim;
        other.fee++;
        _expect(IMarket.MarketRequestUnknown.selector, abi.encode(claim.requestId));
        _refusePost(other, deadline);
        other.fee--;
        other.requester = stranger;
        _expect(IMarket.MarketRequestUnknown.selector, abi.encode(claim.requestId));
        _refusePost(other, deadline);
        other.requester = requester;
        _expect(IMarket.MarketRequestUnknown.selector, abi.encode(claim.requestId));
        _refusePost(other, deadline + 1);

        vm.warp(deadline + 1);
        claim.postBy = deadline + 10;
        _expect(IMarket.MarketDeadlinePassed.selector, abi.encode(deadline, block.timestamp));
        _refusePost(claim, deadline);
    }

    function test_insufficientStakeIsRefused() external {
        vm.prank(operator);
        staking.thaw(50_000e18 - FAULT_BOND - 3 * COVERAGE + 1);
        (Claim memory claim, uint64 deadline) = _asked(_run(8));
        uint256 needed = FAULT_BOND + 3 * COVERAGE;
        _expect(IStaking.StakingInsufficient.selector, abi.encode(operator, needed, needed - 1));
        _refusePost(claim, deadline);
    }

    function test_operatorWithoutOptInIsRefused() external {
        vm.prank(operator);
        staking.revoke(address(market));
        (Claim memory claim, uint64 deadline) = _asked(_run(8));
        _expect(IStaking.StakingNotAuthorised.selector, abi.encode(operator, market));
        _refusePost(claim, deadline);
    }

    function test_finaliseRefusals() external {
        (Claim memory claim, ClaimId id) = _posted(_run(9));
        uint256 finalAfter = START + tier.window + tier.grace;
        vm.warp(finalAfter);
        _expect(IMarket.MarketNotQuiet.selector, abi.encode(id, finalAfter));
        market.finalise(claim);
        vm.warp(finalAfter + 1);
        market.finalise(claim);
        _expect(IMarket.MarketClaimNotOpen.selector, abi.encode(id, ClaimStatus.Final));
        market.finalise(claim);

        (claim, id) = _posted(_run(10));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        vm.warp(block.timestamp + 60 days);
        _expect(IMarket.MarketDemandsPending.selector, abi.encode(id, 1));
        market.finalise(claim);
        claim.fee++;
        id = market.digest(claim);
        _expect(IMarket.MarketClaimNotOpen.selector, abi.encode(id, ClaimStatus.None));
        market.finalise(claim);
    }

    function test_onlyTheCourtRules() external {
        (Claim memory claim, ClaimId id) = _posted(_run(11));
        vm.startPrank(operator);
        _expect(IMarket.MarketNotCourt.selector, abi.encode(operator));
        market.hold(claim);
        _expect(IMarket.MarketNotCourt.selector, abi.encode(operator));
        market.answered(id, 0);
        _expect(IMarket.MarketNotCourt.selector, abi.encode(operator));
        market.void(claim, operator);
    }

    function test_quietAtOfWhatIsNotOpen() external {
        ClaimId id = ClaimId.wrap("nothing");
        _expect(IMarket.MarketClaimNotOpen.selector, abi.encode(id, ClaimStatus.None));
        market.quietAt(id);
    }

    /// A fault during the window of another claim keeps that window open until frozenAt + F; one after it only delays `finalise`.
    function test_freezeKeepsOtherClaimsOpen() external {
        (Claim memory lie,) = _posted(_run(12));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(lie);
        vm.warp(START + tier.answer - tier.window / 2);
        (Claim memory young, ClaimId youngId) = _posted(_run(13));
        (, uint40 quiet) = market.record(youngId);
        vm.warp(START + tier.answer + 1);
        (Claim memory old, ClaimId oldId) = (young, youngId);
        disputes.expire(lie, _claimPosition(), 0);
        uint256 frozenAt = staking.frozenAt(operator);
        assertEq(frozenAt, block.timestamp);
        (, uint40 longer) = market.record(youngId);
        assertEq(longer, frozenAt + tier.freeze);
        assertGt(longer, quiet);
        assertEq(market.standing(young).windowEnd, frozenAt + tier.freeze);
        vm.warp(quiet + 1);
        assertEq(market.quietAt(youngId), longer);
        vm.warp(longer + tier.grace);
        _expect(IMarket.MarketNotQuiet.selector, abi.encode(oldId, longer + tier.grace));
        market.finalise(old);
        vm.warp(longer + tier.grace + 1);
        market.finalise(old);

        vm.prank(operator);
        staking.restore();
        assertEq(staking.frozenAt(operator), 0);
    }

    function test_freezeAfterTheWindowDelaysTheEndOnly() external {
        (Claim memory lie,) = _posted(_run(14));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(lie);
        (Claim memory other, ClaimId id) = _posted(_run(15));
        vm.warp(START + tier.answer + 1);
        disputes.expire(lie, _claimPosition(), 0);
        (, uint40 quiet) = market.record(id);
        assertEq(quiet, START + tier.window);
        vm.warp(START + tier.answer + 1 + tier.freeze);
        _expect(IMarket.MarketNotQuiet.selector, abi.encode(id, block.timestamp));
        market.finalise(other);
        vm.warp(block.timestamp + 1);
        market.finalise(other);
    }

    /// `quote` reverts where `request` would, and otherwise says who gets what of the fee, delegators included.
    function test_quoteIsTheCharge() external {
        vm.startPrank(stranger);
        opg.approve(address(staking.delegation()), 50_000e18);
        staking.delegation().delegate(operator, 50_000e18, 0);
        vm.stopPrank();
        Request memory terms = _request(_inputSide(_run(3)));
        Split memory s = market.quote(terms);
        assertEq(s.toOperator + s.toDelegators + s.toAuthor + s.toAudits + s.burnt, FEE);
        assertEq(s.toDelegators, FEE * 8 / 10 / 4);
        terms.level = 1;
        _expect(IMarket.MarketLevelNotBuilt.selector, abi.encode(1));
        market.quote(terms);

        (Claim memory claim,) = _posted(_run(3));
        // A cut announced after the post takes effect before it is final, and does not count for it.
        vm.prank(operator);
        staking.delegation().announceCut(10_000);
        skip(8 days);
        uint256 pool = opg.balanceOf(address(staking.delegation()));
        market.finalise(claim);
        assertEq(opg.balanceOf(payee), s.toOperator);
        assertEq(opg.balanceOf(author), s.toAuthor);
        assertEq(opg.balanceOf(address(staking.delegation())), pool + s.toDelegators);
    }
}
