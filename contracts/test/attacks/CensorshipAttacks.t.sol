// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisputes, NodeProof} from "../../src/interfaces/IDisputes.sol";
import {Claim, ClaimStatus, Opening, Parameters} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Position} from "../../src/types/Position.sol";
import {Alphabet, Trees} from "../toys/Alphabet.sol";
import {Run} from "../toys/World.sol";
import {Purse, Worth} from "./Worth.sol";

/// @notice A sequencer that keeps somebody's transactions out for one force-inclusion delay, at the worst moment.
/// @dev All clocks of this tier are the delay and 12 hours: it trusts no sequencer.
contract CensorshipAttacksTest is Worth {
    uint256 private constant DELAY = 6 hours;
    uint32 private constant SAFE = uint32(DELAY) + 12 hours;
    Position private constant FOOT = Position.wrap((1 << 72) | (1 << 32));

    /// first second in which the censor keeps the honest out
    uint256 private from;

    function _parameters() internal pure override returns (Parameters memory p) {
        p = super._parameters();
        (p.window, p.reaction, p.answer, p.grace) = (SAFE, SAFE, SAFE, SAFE);
    }

    /// @dev Time passes until what the honest send now is included.
    function _include() private {
        if (block.timestamp >= from && block.timestamp < from + DELAY) vm.warp(from + DELAY);
        else skip(1 minutes);
        vm.roll(block.number + 2);
    }

    /// @dev The liar takes as long as it likes.
    function _dawdle(uint256 seed) private {
        skip(seed % (tier.answer + 1));
    }

    /// The challenger knows only the chain, begins within W − the delay, and asks as soon as it can. Whenever the delay falls
    /// and however late the liar answers, the lie falls. Attacker: loses 3c + M. Victim: nothing.
    function testFuzz_censorshipForOneForceInclusionDelay(uint256 when, uint256 begin, uint256 pace) external {
        from = START + bound(when, 0, 5 * uint256(SAFE));
        begin = bound(begin, 0, SAFE - DELAY - 1 hours);
        Purse memory hand = _hand();
        Purse memory victim = _purse(requester);
        Run memory run = _lie(1, 2, 77);
        (Claim memory claim, ClaimId id) = _posted(run);
        Opening memory opening = _opening(run, claim);
        skip(begin);
        _include();
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        _dawdle(pace);
        vm.prank(signer);
        disputes.open(claim, opening);
        _include();
        vm.prank(challenger);
        disputes.demand{value: 1 ether}(claim, opening, FOOT, _noProof());
        _dawdle(pace >> 64);
        vm.prank(signer);
        disputes.reveal(claim, FOOT, _tensorRoots(run));
        _include();
        NodeProof memory proof = _noProof();
        proof.tensorRoot = Alphabet.tensorRoot(run.results[2]);
        proof.listPath = Trees.path(_traceLeaves(run, claim), 0, 2);
        vm.prank(challenger);
        disputes.demand{value: 1 ether}(claim, opening, _position(5, 2, 0, 0), proof);
        _dawdle(pace >> 128);
        vm.prank(signer);
        disputes.reveal(claim, _position(5, 2, 0, 0), run.results[2]);
        _include();
        _commit(challenger, id, 2, 77);
        _include();
        _prove(challenger, run, claim, 2, 77);
        assertEq(uint8(_status(id)), uint8(ClaimStatus.Void));
        assertEq(hand.opg - _hand().opg, 3 * COVERAGE + FAULT_BOND);
        assertEq(_purse(requester).opg, victim.opg + COVERAGE);
    }

    /// The other way round: an honest operator is kept out when its answer is due. It has A, and loses nothing.
    function testFuzz_censoredOperatorAnswersInTime(uint256 when) external {
        from = START + bound(when, 0, uint256(SAFE));
        Run memory run = _run(1);
        Purse memory hand = _hand();
        (Claim memory claim, ClaimId id) = _posted(run);
        skip(from - START > tier.window ? tier.window : from - START);
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        _include();
        vm.prank(signer);
        disputes.open(claim, _opening(run, claim));
        vm.warp(uint256(market.quietAt(id)) + tier.grace + 1);
        market.finalise(claim);
        assertGt(_hand().opg, hand.opg);
    }

    /// A tier whose W, R or C is shorter than the delay trusts its sequencer, whatever A is: with R an hour short of it, the
    /// challenger's next demand comes too late and the lie stands. Attacker: gains what the lie was worth to it. Victim: loses
    /// the fee and the coverage that it would have had, at most `maxCoverage` of such a tier (docs/spec/claim.md, Censorship).
    function test_censorshipInATierThatTrustsItsSequencer() external {
        Parameters memory p = _parameters();
        p.reaction = uint32(DELAY) - 1 hours;
        _deployMarket(p);
        _letIn(requester);
        _letIn(challenger);
        vm.prank(operator);
        staking.authorise(address(market));
        uint256 victim = _purse(requester).opg;
        Run memory run = _lie(1, 2, 77);
        (Claim memory claim, ClaimId id) = _posted(run);
        Opening memory opening = _opening(run, claim);
        skip(SAFE - DELAY);
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        skip(tier.answer);
        vm.prank(signer);
        disputes.open(claim, opening);
        from = block.timestamp;
        _include();
        vm.prank(challenger);
        vm.expectPartialRevert(IDisputes.DisputesTooLate.selector);
        disputes.demand{value: 1 ether}(claim, opening, FOOT, _noProof());
        vm.warp(uint256(market.quietAt(id)) + tier.grace + 1);
        market.finalise(claim);
        assertEq(_purse(requester).opg, victim - FEE);
        assertLe(claim.coverage, tier.maxCoverage);
    }
}
