// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DemandStatus, IDisputes, NodeProof, Proof} from "../../src/interfaces/IDisputes.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {Claim, ClaimRecord, ClaimStatus, Opening} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Position} from "../../src/types/Position.sol";
import {Alphabet, ToyArbiter, Trees} from "../toys/Alphabet.sol";
import {Run, World} from "../toys/World.sol";

contract DisputesTest is World {
    uint256 internal constant PRICE = 1 ether;

    function _expect(bytes4 selector, bytes memory arguments) internal {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _demandOpening(Claim memory claim) internal {
        vm.prank(challenger);
        disputes.demandOpening{value: PRICE}(claim);
    }

    /// @dev The tensor of an output hangs from a list of one.
    function _outputProof(Run memory run) internal pure returns (NodeProof memory proof) {
        proof = _noProof();
        proof.tensorRoot = Alphabet.tensorRoot(run.results[KERNELS - 1]);
    }

    /// A lie in a posted trace falls to one proof; money goes by the waterfall.
    function test_lieFallsToOneProof() external {
        Run memory run = _lie(1, 2, 77);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        uint256 before = opg.balanceOf(challenger);
        uint256 victim = opg.balanceOf(requester);
        uint256 supply = opg.totalSupply();
        _commit(challenger, id, 2, 77);
        vm.roll(block.number + 2);
        _prove(challenger, run, claim, 2, 77);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
        assertEq(opg.balanceOf(challenger), before + COVERAGE / 2 + FAULT_BOND / 4);
        assertEq(opg.balanceOf(requester), victim + FEE + COVERAGE);
        assertEq(supply - opg.totalSupply(), 3 * COVERAGE + FAULT_BOND - COVERAGE - COVERAGE / 2 - FAULT_BOND / 4);
        assertEq(staking.frozenAt(operator), block.timestamp);
        assertEq(opg.balanceOf(address(disputes)), 0);
        assertEq(opg.balanceOf(address(market)), 0);

        // Forbidden: Void → anything.
        vm.warp(block.timestamp + 60 days);
        _expect(IMarket.MarketClaimNotOpen.selector, abi.encode(id, ClaimStatus.Void));
        market.finalise(claim);
        _expect(IMarket.MarketClaimNotOpen.selector, abi.encode(id, ClaimStatus.Void));
        disputes.commit(id, "again");
        vm.expectPartialRevert(IDisputes.DisputesClaimNotOpen.selector);
        _prove(challenger, run, claim, 2, 77);
    }

    /// A forged output beside an honest trace falls at the output kernel.
    function test_forgedOutputFalls() external {
        Run memory run = _lie(2, KERNELS - 1, 255);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        _commit(challenger, id, KERNELS - 1, 255);
        vm.roll(block.number + 2);
        _prove(challenger, run, claim, KERNELS - 1, 255);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
    }

    function testFuzz_everyLieFallsAndNoTruthDoes(uint256 seed, uint32 k, uint32 e, uint32 otherK, uint32 otherE) external {
        k %= KERNELS;
        e %= 256;
        (otherK, otherE) = (otherK % KERNELS, otherE % 256);
        Run memory run = _lie(seed, k, e);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        _commit(challenger, id, k, e);
        if (otherK != k || otherE != e) _commit(challenger, id, otherK, otherE);
        vm.roll(block.number + 2);
        if (otherK != k || otherE != e) {
            vm.expectRevert(ToyArbiter.ToyElementRight.selector);
            _prove(challenger, run, claim, otherK, otherE);
        }
        _prove(challenger, run, claim, k, e);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
    }

    function test_falseAccuserGainsNothing() external {
        Run memory run = _run(3);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        bytes32 commitment = _commit(challenger, id, 1, 5);
        uint256 supply = opg.totalSupply();
        vm.roll(block.number + 2);
        vm.expectRevert(ToyArbiter.ToyElementRight.selector);
        _prove(challenger, run, claim, 1, 5);
        vm.warp(START + tier.grace);
        _expect(IDisputes.DisputesBondNotDue.selector, abi.encode(id, START + tier.grace));
        disputes.settleBond(claim, challenger, commitment);
        vm.warp(START + tier.grace + 1);
        disputes.settleBond(claim, challenger, commitment);
        assertEq(opg.totalSupply(), supply - BOND);
        _expect(IDisputes.DisputesNoCommitment.selector, abi.encode(id, challenger, commitment));
        disputes.settleBond(claim, challenger, commitment);
        assertEq(opg.balanceOf(challenger), 1_000_000e18 - BOND);
    }

    function test_bondComesBackWhenAnotherProves() external {
        Run memory run = _lie(4, 0, 0);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        bytes32 mine = _commitment(id, 0, 0, stranger);
        vm.prank(stranger);
        disputes.commit(id, mine);
        _commit(challenger, id, 0, 0);
        vm.roll(block.number + 2);
        _prove(challenger, run, claim, 0, 0);
        disputes.settleBond(claim, stranger, mine);
        assertEq(opg.balanceOf(stranger), 1_000_000e18);
        assertTrue(disputes.commitments(id, stranger, mine).settled);
    }

    function test_proveRefusals() external {
        Run memory run = _lie(5, 1, 9);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        bytes32 commitment = _commitment(id, 1, 9, challenger);
        _expect(IDisputes.DisputesNoCommitment.selector, abi.encode(id, challenger, commitment));
        _prove(challenger, run, claim, 1, 9);
        _commit(challenger, id, 1, 9);
        _expect(IDisputes.DisputesCommitmentKnown.selector, abi.encode(id, challenger, commitment));
        _commit(challenger, id, 1, 9);
        vm.roll(block.number + 1);
        _expect(IDisputes.DisputesProofTooEarly.selector, abi.encode(block.number, block.number + 1));
        _prove(challenger, run, claim, 1, 9);
        vm.roll(block.number + 1);

        // Only the committer: the same words from another are another commitment.
        Opening memory opening = _opening(run, claim);
        bytes memory witness = _witness(run, claim, 1);
        _expect(
            IDisputes.DisputesNoCommitment.selector, abi.encode(id, stranger, _commitment(id, 1, 9, stranger))
        );
        vm.prank(stranger);
        disputes.prove(claim, opening, Proof(1, 9, "salt", witness));

        Opening memory other = opening;
        other.traceRoot = "another";
        _expect(
            IDisputes.DisputesOpeningDiffers.selector,
            abi.encode(id, keccak256(abi.encode(other)), disputes.openings(id))
        );
        vm.prank(challenger);
        disputes.prove(claim, other, Proof(1, 9, "salt", witness));

        vm.warp(START + tier.grace + 1);
        _expect(IDisputes.DisputesProofTooLate.selector, abi.encode(START + tier.grace + 1, START + tier.grace));
        _prove(challenger, run, claim, 1, 9);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Open));
    }

    function test_commitAfterQuietIsRefused() external {
        (, ClaimId id) = _posted(_run(6));
        vm.warp(START + tier.window);
        _commit(challenger, id, 0, 0);
        vm.warp(START + tier.window + 1);
        _expect(IDisputes.DisputesTooLate.selector, abi.encode(id, START + tier.window, block.timestamp));
        _commit(challenger, id, 0, 1);
    }

    /// Withheld data: demanded, bought, and then one proof.
    function test_withheldDataFallThroughDemandsAndReveals() external {
        Run memory run = _lie(7, 1, 200);
        (Claim memory claim, ClaimId id) = _posted(run);
        Opening memory opening = _opening(run, claim);
        uint256 paid = opg.balanceOf(challenger);
        _demandOpening(claim);
        paid -= opg.balanceOf(challenger);
        vm.warp(START + tier.answer);
        vm.prank(signer);
        disputes.open(claim, opening);
        assertEq(paid, disputes.openingPrice(claim));
        assertEq(opg.balanceOf(address(disputes)), paid, "kept until the claim is decided");
        assertEq(disputes.credits(signer), PRICE);
        (, uint40 quiet) = market.record(id);
        assertEq(quiet, block.timestamp + tier.reaction);

        Position foot = _position(1, 0, 1, 0);
        assertEq(disputes.depth(claim, foot), 6);
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, foot, _noProof());
        vm.prank(stranger);
        disputes.reveal(claim, foot, _tensorRoots(run));
        // Whoever brings the answer, the operator is paid: who copies it from the mempool gains nothing.
        assertEq(disputes.credits(stranger), 0);
        assertEq(disputes.credits(signer), 2 * PRICE);

        NodeProof memory proof = _noProof();
        proof.tensorRoot = Alphabet.tensorRoot(run.results[1]);
        proof.listPath = Trees.path(_traceLeaves(run, claim), 0, 1);
        Position leaf = _position(5, 1, 0, 0);
        assertEq(disputes.depth(claim, leaf), 7);
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, leaf, proof);
        vm.prank(signer);
        disputes.reveal(claim, leaf, run.results[1]);

        _commit(challenger, id, 1, 200);
        vm.roll(block.number + 2);
        _expect(IDisputes.DisputesClaimUndecided.selector, abi.encode(id));
        disputes.settleOpening(claim);
        _prove(challenger, run, claim, 1, 200);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
        uint256 before = opg.balanceOf(challenger);
        vm.prank(stranger);
        disputes.settleOpening(claim);
        assertEq(opg.balanceOf(challenger), before + paid);
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(id, _claimPosition(), bytes32(0)));
        disputes.settleOpening(claim);

        uint256 wei_ = signer.balance;
        vm.prank(signer);
        disputes.withdraw(payable(signer));
        assertEq(signer.balance, wei_ + 3 * PRICE);
        _expect(IDisputes.DisputesNothingToWithdraw.selector, abi.encode(signer));
        vm.prank(signer);
        disputes.withdraw(payable(signer));
    }

    function test_inputsAndOutputsAreDemandable() external {
        Run memory run = _run(8);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        Opening memory opening = _opening(run, claim);
        vm.startPrank(challenger);
        disputes.demand{value: PRICE}(claim, opening, _position(2, 0, 1, 0), _noProof());
        disputes.demand{value: PRICE}(claim, opening, _position(3, 0, 1, 0), _noProof());
        NodeProof memory proof = _noProof();
        proof.tensorRoot = Alphabet.tensorRoot(run.input);
        disputes.demand{value: PRICE}(claim, opening, _position(4, 0, 0, 0), proof);
        disputes.demand{value: PRICE}(claim, opening, _position(5, KERNELS - 1, 0, 0), _outputProof(run));
        vm.stopPrank();
        (ClaimRecord memory record,) = market.record(id);
        assertEq(record.pending, 4);

        vm.startPrank(signer);
        disputes.reveal(claim, _position(2, 0, 1, 0), abi.encode(Alphabet.tensorRoot(run.input)));
        disputes.reveal(claim, _position(3, 0, 1, 0), abi.encode(Alphabet.tensorRoot(run.results[KERNELS - 1])));
        disputes.reveal(claim, _position(4, 0, 0, 0), run.input);
        disputes.reveal(claim, _position(5, KERNELS - 1, 0, 0), run.results[KERNELS - 1]);
        vm.stopPrank();
        (record,) = market.record(id);
        assertEq(record.pending, 0);
        assertEq(disputes.credits(signer), 4 * PRICE);
        (, uint40 quiet) = market.record(id);
        vm.warp(quiet + tier.grace + 1);
        market.finalise(claim);
    }

    function test_silenceFallsByExpiry() external {
        (Claim memory claim, ClaimId id) = _posted(_run(9));
        uint256 before = opg.balanceOf(challenger);
        uint256 wei_ = challenger.balance;
        _demandOpening(claim);
        assertEq(opg.balanceOf(challenger), before - COVERAGE / 10);
        vm.warp(START + tier.answer);
        _expect(IDisputes.DisputesNotDue.selector, abi.encode(id, _claimPosition(), START + tier.answer));
        disputes.expire(claim, _claimPosition(), 0);
        vm.warp(START + tier.answer + 1);
        Opening memory late = _opening(_run(9), claim);
        _expect(IDisputes.DisputesPastDue.selector, abi.encode(id, _claimPosition(), START + tier.answer));
        vm.prank(signer);
        disputes.open(claim, late);
        vm.prank(stranger);
        disputes.expire(claim, _claimPosition(), 0);
        assertEq(opg.balanceOf(challenger), before + COVERAGE / 2 + FAULT_BOND / 4);
        vm.prank(challenger);
        disputes.withdraw(payable(challenger));
        assertEq(challenger.balance, wei_);
        assertEq(uint8(disputes.demands(id, _claimPosition(), 0).status), uint8(DemandStatus.Expired));
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(id, _claimPosition(), bytes32(0)));
        disputes.expire(claim, _claimPosition(), 0);
    }

    /// A false output whose preimage nobody has: the operator can not open it at depth 0.
    function test_outputWithoutPreimageFallsAtDepthZero() external {
        Run memory run = _run(10);
        (Claim memory claim, uint64 deadline) = _asked(run);
        claim.output = keccak256("nothing hashes to this");
        vm.prank(signer);
        ClaimId id = market.post(claim, deadline, "");
        _demandOpening(claim);
        Opening memory opening = _opening(run, claim);
        vm.expectPartialRevert(IDisputes.DisputesSideDiffers.selector);
        vm.prank(signer);
        disputes.open(claim, opening);
        vm.warp(START + tier.answer + 1);
        disputes.expire(claim, _claimPosition(), 0);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
    }

    /// A trace root that nobody can open falls at the first demand below it.
    function test_garbageTraceFallsByExpiry() external {
        Run memory run = _run(11);
        (Claim memory claim, uint64 deadline) = _asked(run);
        Opening memory opening = _opening(run, claim);
        opening.traceRoot = keccak256("garbage");
        vm.prank(signer);
        ClaimId id = market.postOpened(claim, deadline, opening);
        Position foot = _position(1, 0, 1, 0);
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, foot, _noProof());
        bytes memory honest;
        for (uint256 k; k < KERNELS - 1; k++) honest = bytes.concat(honest, Alphabet.tensorRoot(run.results[k]));
        vm.expectPartialRevert(IDisputes.DisputesNoDemand.selector);
        disputes.reveal(claim, foot, honest);
        vm.warp(START + tier.answer + 1);
        disputes.expire(claim, foot, opening.traceRoot);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
    }

    function test_mootDemandsAreGivenBack() external {
        Run memory run = _lie(12, 3, 3);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        Opening memory opening = _opening(run, claim);
        Position foot = _position(1, 0, 1, 0);
        vm.prank(stranger);
        disputes.demand{value: PRICE}(claim, opening, foot, _noProof());
        _expect(IDisputes.DisputesClaimNotVoid.selector, abi.encode(id, ClaimStatus.Open));
        disputes.reclaim(claim, foot, opening.traceRoot);
        _commit(challenger, id, 3, 3);
        vm.roll(block.number + 2);
        _prove(challenger, run, claim, 3, 3);
        vm.warp(START + tier.answer + 1);
        _expect(IMarket.MarketClaimNotOpen.selector, abi.encode(id, ClaimStatus.Void));
        disputes.expire(claim, foot, opening.traceRoot);
        disputes.reclaim(claim, foot, opening.traceRoot);
        assertEq(disputes.credits(stranger), PRICE);
        assertEq(uint8(disputes.demands(id, foot, opening.traceRoot).status), uint8(DemandStatus.Moot));
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(id, foot, opening.traceRoot));
        disputes.reclaim(claim, foot, opening.traceRoot);
    }

    function test_demandRefusals() external {
        Run memory run = _run(13);
        (Claim memory claim, ClaimId id) = _posted(run);
        Opening memory opening = _opening(run, claim);
        Position foot = _position(1, 0, 1, 0);
        vm.startPrank(challenger);
        _expect(
            IDisputes.DisputesOpeningDiffers.selector, abi.encode(id, keccak256(abi.encode(opening)), bytes32(0))
        );
        disputes.demand{value: PRICE}(claim, opening, foot, _noProof());

        uint256 price = disputes.price(claim, _claimPosition());
        _expect(IDisputes.DisputesPriceTooLow.selector, abi.encode(price - 1 gwei, price));
        disputes.demandOpening{value: price - 1 gwei}(claim);
        _expect(IDisputes.DisputesNotWholeGwei.selector, abi.encode(price + 1));
        disputes.demandOpening{value: price + 1}(claim);
        vm.deal(challenger, 1e30);
        uint256 most = uint256(type(uint48).max) * 1 gwei;
        _expect(IDisputes.DisputesPriceTooHigh.selector, abi.encode(most + 1 gwei, most));
        disputes.demandOpening{value: most + 1 gwei}(claim);

        disputes.demandOpening{value: price}(claim);
        _expect(
            IDisputes.DisputesDemandKnown.selector, abi.encode(id, _claimPosition(), DemandStatus.Asked)
        );
        disputes.demandOpening{value: price}(claim);
        vm.stopPrank();

        _expect(IDisputes.DisputesNotOperator.selector, abi.encode(operator, stranger));
        vm.prank(stranger);
        disputes.open(claim, opening);
        vm.prank(operator);
        disputes.open(claim, opening);
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(id, _claimPosition(), bytes32(0)));
        vm.prank(operator);
        disputes.open(claim, opening);
        vm.startPrank(challenger);
        _expect(IDisputes.DisputesAlreadyOpened.selector, abi.encode(id));
        disputes.demandOpening{value: price}(claim);

        price = disputes.price(claim, foot);
        _expect(IDisputes.DisputesPriceTooLow.selector, abi.encode(price - 1 gwei, price));
        disputes.demand{value: price - 1 gwei}(claim, opening, foot, _noProof());
        disputes.demand{value: price}(claim, opening, foot, _noProof());
        vm.stopPrank();
        _expect(IDisputes.DisputesDataLengthInvalid.selector, abi.encode(foot, 32, 32 * (KERNELS - 1)));
        disputes.reveal(claim, foot, new bytes(32));
    }

    function test_demandsAfterTheDeadlineRuleAreRefused() external {
        Run memory run = _run(14);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        Opening memory opening = _opening(run, claim);
        vm.warp(START + tier.window + 1);
        _expect(IDisputes.DisputesTooLate.selector, abi.encode(id, START + tier.window, block.timestamp));
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, _position(1, 0, 1, 0), _noProof());
    }

    /// Depth d is closed at windowEnd + d·(A+R), however quiet it is not.
    function test_depthsCloseInTurn() external {
        Run memory run = _run(15);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        Opening memory opening = _opening(run, claim);
        uint256 windowEnd = START + tier.window;
        uint256 round = uint256(tier.answer) + tier.reaction;
        NodeProof memory proof = _outputProof(run);
        Position leaf = _position(5, KERNELS - 1, 0, 0);
        Position input = _position(4, 0, 0, 0);
        Position list = _position(2, 0, 1, 0);
        // Depth 7 is asked at the window's end and answered at the last moment; then depth 1 is open as long as its own limit.
        vm.warp(windowEnd);
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, leaf, proof);
        vm.warp(windowEnd + tier.answer);
        vm.prank(signer);
        disputes.reveal(claim, leaf, run.results[KERNELS - 1]);
        assertEq(market.quietAt(id), windowEnd + round);
        vm.warp(windowEnd + round);
        NodeProof memory inputProof = _noProof();
        inputProof.tensorRoot = Alphabet.tensorRoot(run.input);
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, input, inputProof);
        vm.warp(windowEnd + round + tier.answer);
        vm.prank(signer);
        disputes.reveal(claim, input, run.input);
        assertEq(market.quietAt(id), windowEnd + 2 * round);
        vm.warp(windowEnd + round + tier.answer + 1);
        _expect(IDisputes.DisputesTooLate.selector, abi.encode(id, windowEnd + round, block.timestamp));
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, list, _noProof());
    }

    function test_onlyTheMarketOpensAtPost() external {
        (Claim memory claim, ClaimId id) = _posted(_run(16));
        Opening memory opening = _opening(_run(16), claim);
        _expect(IDisputes.DisputesNotMarket.selector, abi.encode(signer));
        vm.prank(signer);
        disputes.openAtPost(id, claim, opening);
    }

    function test_priceFollowsTheBaseFeeAboveAFloor() external {
        (Claim memory claim,) = _posted(_run(17));
        vm.fee(0);
        uint256 floor = disputes.price(claim, _claimPosition());
        assertEq(floor, 2 * 130_000 * FLOOR);
        vm.fee(10 gwei);
        assertEq(disputes.price(claim, _claimPosition()), 10 * floor);
        assertGt(disputes.price(claim, _position(1, 0, 1, 0)), 0);
        assertEq(disputes.depth(claim, _claimPosition()), 0);
        assertEq(disputes.openingPrice(claim), COVERAGE / 10, "3 x fee is more");
        claim.coverage = 500e18;
        assertEq(disputes.openingPrice(claim), 3 * FEE);
        claim.coverage = 10_000e18;
        assertEq(disputes.openingPrice(claim), 100e18);
        (claim.fee, claim.coverage) = (type(uint128).max, type(uint128).max);
        assertEq(disputes.openingPrice(claim), (uint256(type(uint128).max) + 9) / 10);
    }

    function test_payoutThatRevertsStaysOwed() external {
        (Claim memory claim,) = _posted(_run(18));
        _demandOpening(claim);
        Opening memory opening = _opening(_run(18), claim);
        vm.prank(signer);
        disputes.open(claim, opening);
        _expect(IDisputes.DisputesTransferFailed.selector, abi.encode(address(market), PRICE));
        vm.prank(signer);
        disputes.withdraw(payable(address(market)));
        assertEq(disputes.credits(signer), PRICE);
    }

    /// Another's friendly reveal can not be had twice, nor by the demand of another claim.
    function test_aRevealAnswersOneDemand() external {
        Run memory run = _run(19);
        (Claim memory claim,) = _postedOpen(run);
        (Claim memory other,) = _postedOpen(run);
        Opening memory opening = _opening(run, claim);
        Position leaf = _position(5, KERNELS - 1, 0, 0);
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, leaf, _outputProof(run));
        vm.expectPartialRevert(IDisputes.DisputesNoDemand.selector);
        disputes.reveal(other, leaf, run.results[KERNELS - 1]);
        vm.prank(stranger);
        disputes.reveal(claim, leaf, run.results[KERNELS - 1]);
        vm.expectPartialRevert(IDisputes.DisputesNoDemand.selector);
        disputes.reveal(claim, leaf, run.results[KERNELS - 1]);
    }
}
