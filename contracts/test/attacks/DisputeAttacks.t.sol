// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisputes, NodeProof, Proof} from "../../src/interfaces/IDisputes.sol";
import {Claim, ClaimStatus, Opening} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Position} from "../../src/types/Position.sol";
import {Alphabet, Trees} from "../toys/Alphabet.sol";
import {Run} from "../toys/World.sol";
import {Purse, Worth} from "./Worth.sol";

/// @notice Attacks on the court by liars. Each test says what the attacker gains (≤ 0) and what each victim loses (≤ its bound).
contract DisputeAttacksTest is Worth {
    uint256 private constant PRICE = 1 ether;
    /// What the liar's hand loses of S = 3c + M when nobody of its own is the challenger or the victim.
    uint256 private constant SLASH = 3 * uint256(COVERAGE) + FAULT_BOND;
    uint256 private constant REWARD = COVERAGE / 2 + FAULT_BOND / 4;
    Position private constant FOOT = Position.wrap((1 << 72) | (1 << 32));

    Purse private hand;
    Purse private victim;
    Purse private honest;

    /// @dev Before the request: its fee is the requester's then.
    function _open() private {
        (hand, victim, honest) = (_hand(), _purse(requester), _purse(challenger));
    }

    /// @dev The claim is void, the hand lost all of S, the requester has its fee back and c, and who challenged has its reward
    /// and what it paid for the opening.
    function _fellToChallenger(ClaimId id) private view {
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
        assertEq(hand.opg - _hand().opg, SLASH, "attacker: loses 3c + M");
        assertEq(_purse(requester).opg, victim.opg + COVERAGE, "victim: loses nothing, gets c");
        assertEq(_purse(challenger).opg, honest.opg + REWARD, "challenger: is paid");
    }

    function _demand(Claim memory claim, Opening memory opening, Position position, NodeProof memory proof) private {
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, position, proof);
    }

    function _demandOpening(Claim memory claim) private {
        vm.prank(challenger);
        disputes.demandOpening{value: PRICE}(claim);
    }

    /// The liar answers every demand in its last second, and the challenger, who knows nothing, asks each in the last that
    /// it has: in the window's, and R after each answer. Attacker: loses 3c + M. Victim: nothing.
    function test_lastSecondDemandAndReveal() external {
        Run memory run = _lie(1, 2, 77);
        _open();
        (Claim memory claim, ClaimId id) = _posted(run);
        Opening memory opening = _opening(run, claim);
        vm.warp(START + tier.window);
        _demandOpening(claim);
        skip(tier.answer);
        vm.prank(signer);
        disputes.open(claim, opening);
        skip(tier.reaction);
        _demand(claim, opening, FOOT, _noProof());
        skip(tier.answer);
        vm.prank(signer);
        disputes.reveal(claim, FOOT, _tensorRoots(run));
        skip(tier.reaction);
        NodeProof memory proof = _noProof();
        proof.tensorRoot = Alphabet.tensorRoot(run.results[2]);
        proof.listPath = Trees.path(_traceLeaves(run, claim), 0, 2);
        Position leaf = _position(5, 2, 0, 0);
        _demand(claim, opening, leaf, proof);
        skip(tier.answer);
        vm.prank(signer);
        disputes.reveal(claim, leaf, run.results[2]);
        skip(tier.reaction);
        _commit(challenger, id, 2, 77);
        skip(tier.grace);
        vm.roll(block.number + 2);
        vm.expectRevert();
        market.finalise(claim);
        _prove(challenger, run, claim, 2, 77);
        disputes.settleOpening(claim);
        _fellToChallenger(id);
    }

    /// Nothing is answered. Attacker: loses 3c + M. Victim: nothing. The challenger gets all back that it paid.
    function test_silence() external {
        _open();
        (Claim memory claim, ClaimId id) = _posted(_lie(1, 2, 3));
        _demandOpening(claim);
        skip(tier.answer + 1);
        disputes.expire(claim, _claimPosition(), 0);
        _fellToChallenger(id);
        assertEq(_purse(challenger).coin, honest.coin);
    }

    /// A trace root without a preimage. Attacker: loses 3c + M. Victim: nothing.
    function test_garbageTrace() external {
        Run memory run = _lie(1, 2, 3);
        _open();
        (Claim memory claim, uint64 deadline) = _asked(run);
        Opening memory opening = _opening(run, claim);
        opening.traceRoot = keccak256("garbage");
        vm.prank(signer);
        ClaimId id = market.postOpened(claim, deadline, opening);
        _demand(claim, opening, FOOT, _noProof());
        vm.expectPartialRevert(IDisputes.DisputesNoDemand.selector);
        disputes.reveal(claim, FOOT, _tensorRoots(_run(1)));
        skip(tier.answer + 1);
        disputes.expire(claim, FOOT, opening.traceRoot);
        _fellToChallenger(id);
        assertEq(_purse(challenger).coin, honest.coin);
    }

    /// The trace is honest, the output is another. Attacker: loses 3c + M. Victim: nothing.
    function test_honestTraceBesideForgedOutput() external {
        Run memory run = _lie(1, KERNELS - 1, 200);
        _open();
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        assertEq(_opening(run, claim).traceRoot, _opening(_run(1), claim).traceRoot);
        _commit(challenger, id, KERNELS - 1, 200);
        vm.roll(block.number + 2);
        _prove(challenger, run, claim, KERNELS - 1, 200);
        _fellToChallenger(id);
    }

    /// And one that is the hash of nothing: its operator can not even open the claim. Attacker: loses 3c + M. Victim: nothing.
    function test_honestTraceBesideOutputOfNothing() external {
        Run memory run = _run(1);
        _open();
        (Claim memory claim, uint64 deadline) = _asked(run);
        claim.output = keccak256("nothing hashes to this");
        Opening memory opening = _opening(run, claim);
        vm.prank(signer);
        ClaimId id = market.post(claim, deadline, "");
        _demandOpening(claim);
        vm.prank(signer);
        vm.expectPartialRevert(IDisputes.DisputesSideDiffers.selector);
        disputes.open(claim, opening);
        skip(tier.answer + 1);
        disputes.expire(claim, _claimPosition(), 0);
        _fellToChallenger(id);
    }

    /// The liar's accomplice sees the proof in the mempool and sends it first: without a commitment of its own, two blocks
    /// old, it is none. Attacker: gains nothing. The challenger is paid as if nobody had tried.
    function test_copiedProof() external {
        Run memory run = _lie(1, 2, 77);
        _open();
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        _commit(challenger, id, 2, 77);
        vm.roll(block.number + 2);
        Opening memory opening = _opening(run, claim);
        bytes memory witness = _witness(run, claim, 2);
        vm.prank(stranger);
        vm.expectPartialRevert(IDisputes.DisputesNoCommitment.selector);
        disputes.prove(claim, opening, Proof(2, 77, "salt", witness));
        _commit(stranger, id, 2, 77);
        vm.prank(stranger);
        vm.expectPartialRevert(IDisputes.DisputesProofTooEarly.selector);
        disputes.prove(claim, opening, Proof(2, 77, "salt", witness));
        _prove(challenger, run, claim, 2, 77);
        disputes.settleBond(claim, stranger, _commitment(id, 2, 77, stranger));
        _fellToChallenger(id);
    }

    /// A commit seen in the mempool is sent first, word for word: it is another's, and opens for nobody. Attacker: its bond is
    /// burnt when the claim stands. The challenger's commit and proof are not touched.
    function test_frontRunCommit() external {
        Run memory run = _lie(1, 2, 77);
        _open();
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        bytes32 commitment = _commitment(id, 2, 77, challenger);
        vm.prank(stranger);
        disputes.commit(id, commitment);
        vm.prank(challenger);
        disputes.commit(id, commitment);
        vm.roll(block.number + 2);
        Opening memory opening = _opening(run, claim);
        bytes memory witness = _witness(run, claim, 2);
        vm.prank(stranger);
        vm.expectPartialRevert(IDisputes.DisputesNoCommitment.selector);
        disputes.prove(claim, opening, Proof(2, 77, "salt", witness));
        _prove(challenger, run, claim, 2, 77);
        disputes.settleBond(claim, stranger, commitment);
        _fellToChallenger(id);

        // The same against the truth: nobody can prove, and the copied bond burns.
        Purse memory before = _purse(stranger);
        uint256 supply = opg.totalSupply();
        vm.prank(operator);
        staking.restore();
        (claim, id) = _postedOpen(_run(2));
        vm.prank(stranger);
        disputes.commit(id, commitment);
        skip(tier.grace + 1);
        disputes.settleBond(claim, stranger, commitment);
        assertEq(_purse(stranger).opg, before.opg - BOND);
        assertEq(opg.totalSupply(), supply - BOND);
    }

    /// The liar's accomplice copies the challenger's demand from the mempool, and nobody answers it: the reward for silence is
    /// whose demand it is. Attacker: loses half of S at least. Victim: nothing. Challenger: nothing, and gets nothing.
    function test_copiedDemand() external {
        _open();
        (Claim memory claim, ClaimId id) = _posted(_lie(1, 2, 77));
        vm.prank(stranger);
        disputes.demandOpening{value: PRICE}(claim);
        vm.prank(challenger);
        vm.expectPartialRevert(IDisputes.DisputesDemandKnown.selector);
        disputes.demandOpening{value: PRICE}(claim);
        skip(tier.answer + 1);
        vm.prank(challenger);
        disputes.expire(claim, _claimPosition(), 0);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
        assertGe(2 * (hand.opg - _hand().opg), SLASH);
        assertEq(_purse(requester).opg, victim.opg + COVERAGE);
        assertEq(_purse(challenger).opg, honest.opg);
        assertEq(_purse(challenger).coin, honest.coin);

        // Of a truth it copies at its own cost: the price of the opening is the operator's.
        vm.prank(operator);
        staking.restore();
        Run memory run = _run(2);
        (claim, id) = _posted(run);
        uint256 before = _purse(stranger).opg;
        vm.prank(stranger);
        disputes.demandOpening{value: PRICE}(claim);
        vm.prank(signer);
        disputes.open(claim, _opening(run, claim));
        vm.warp(market.quietAt(id) + tier.grace + 1);
        market.finalise(claim);
        disputes.settleOpening(claim);
        assertEq(_purse(stranger).opg, before - disputes.openingPrice(claim));
    }

    /// The liar proves its own lie first, to get its stake back as the challenger's reward. Attacker: loses half of S at
    /// least. Victim: nothing. Who was about to prove gets its bond back.
    function test_selfChallenge() external {
        Run memory run = _lie(1, 2, 77);
        _open();
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        _commit(stranger, id, 2, 77);
        _commit(challenger, id, 2, 77);
        vm.roll(block.number + 2);
        _prove(stranger, run, claim, 2, 77);
        disputes.settleBond(claim, challenger, _commitment(id, 2, 77, challenger));
        assertGe(2 * (hand.opg - _hand().opg), SLASH);
        assertEq(_purse(requester).opg, victim.opg + COVERAGE);
        assertEq(_purse(challenger).opg, honest.opg);
    }

    /// A proof that runs out of gas anywhere is no verdict, for or against: it reverts as a whole, and is sent again with more.
    function testFuzz_starvedGasProof(uint256 gas_, bool lying) external {
        gas_ = bound(gas_, 30_000, 1_500_000);
        Run memory run = lying ? _lie(1, 2, 77) : _run(1);
        _open();
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        _commit(challenger, id, 2, 77);
        vm.roll(block.number + 2);
        Proof memory proof = Proof(2, 77, "salt", _witness(run, claim, 2));
        bytes memory call_ = abi.encodeCall(IDisputes.prove, (claim, _opening(run, claim), proof));
        bytes32 commitment = _commitment(id, 2, 77, challenger);
        vm.prank(challenger);
        (bool proven,) = address(disputes).call{gas: gas_}(call_);
        assertEq(uint8(_status(id)), uint8(proven ? ClaimStatus.Void : ClaimStatus.Open));
        assertEq(disputes.commitments(id, challenger, commitment).settled, proven);
        if (!lying) assertFalse(proven, "the truth is never slashed");
        else if (!proven) _prove(challenger, run, claim, 2, 77);
        if (lying) _fellToChallenger(id);
        else assertEq(_hand().opg, hand.opg, "the operator loses nothing");
    }
}
