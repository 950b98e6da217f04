// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Demand, DemandStatus} from "../../src/interfaces/IDisputes.sol";
import {Claim, ClaimRecord, ClaimStatus, Opening, Request} from "../../src/types/Claim.sol";
import {Run} from "../toys/World.sol";
import {Acts, Ask, Case, Manner} from "./Acts.sol";

/// @notice Honest, lying, silent, colluding and griefing actors. Whatever the fuzzer makes the others do, the honest
/// operator answers its demands and the honest challenger plays its one path, before any time passes.
contract Actors is Acts {
    uint256 private constant MOST_CASES = 16;

    function setUp() public virtual override {
        super.setUp();
        address[4] memory more = [liar, mute, accomplice, griefer];
        for (uint256 i; i < more.length; i++) _fund(more[i]);
        _enrol(liar, liar, accomplice, 60_000e18);
        _enrol(mute, mute, mute, 60_000e18);
        (brought[operator], brought[liar], brought[mute]) = (50_000e18, 60_000e18, 60_000e18);
    }

    // ── what the fuzzer may do ──

    function ask(uint256 seed, uint256 who, bool byAccomplice) external counted("request") {
        if (cases.length == MOST_CASES) return;
        Manner manner = Manner(seed % 5);
        address to = manner == Manner.Honest ? operator : manner == Manner.Silent ? mute : liar;
        address from = !byAccomplice ? requester : who % 2 == 0 ? accomplice : looper;
        Run memory run = _run(seed);
        Request memory terms = _request(_inputSide(run));
        terms.operator = to;
        terms.coverage = uint128(_bound(who, FEE, 2000e18));
        terms.deadline = uint64(block.timestamp + 1 + seed % 3 days);
        vm.prank(from);
        uint256 requestId = market.request(terms);
        Case storage c = cases.push();
        (c.manner, c.seed, c.deadline) = (manner, seed, terms.deadline);
        (c.kernel, c.element) = (uint32(who % KERNELS), uint32(who % 256));
        Claim memory claim = _claimOf(run, terms, requestId);
        claim.requester = from;
        claim.postBy = uint64(block.timestamp + 1 days);
        c.claim = claim;
    }

    function answer(uint256 which, bool opened) external {
        (bool found, uint256 index) = _pick(which, ClaimStatus.None);
        if (!found) return;
        Case storage c = cases[index];
        if (block.timestamp > c.deadline || block.timestamp > c.claim.postBy) return;
        if (staking.room(c.claim.operator) < c.claim.coverage) return;
        Opening memory opening = _openingOf(c);
        c.claim.output = c.manner == Manner.ForgedOutput
            ? keccak256("forged")
            : keccak256(abi.encodePacked(uint8(7), opening.salt, uint8(1), opening.outputRoot));
        c.postedAt = uint64(block.timestamp);
        opened = opened && c.manner != Manner.ForgedOutput;
        vm.prank(c.claim.operator);
        c.id = opened ? market.postOpened(c.claim, c.deadline, opening) : market.post(c.claim, c.deadline, "");
        _did(opened ? bytes32("postOpened") : bytes32("post"));
    }

    function refund(uint256 which) external {
        (bool found, uint256 index) = _pick(which, ClaimStatus.None);
        if (!found || block.timestamp <= cases[index].deadline) return;
        _refund(cases[index]);
    }

    /// Anybody may buy any datum of any claim.
    function demand(uint256 which, uint256 what, bool byGriefer) external {
        (bool found, uint256 index) = _pick(which, ClaimStatus.Open);
        if (!found) return;
        Case storage c = cases[index];
        address by = byGriefer ? griefer : what % 2 == 0 ? accomplice : looper;
        if (disputes.openings(c.id) == 0) _demandOpening(index, by);
        else if (what % 3 == 0) _demandTrace(index, by);
        else _demandTensor(index, uint32(what % KERNELS), by);
    }

    /// The liar answers when it likes.
    function serveAsLiar(uint256 which) external {
        if (asks.length == 0) return;
        Ask storage a = asks[which % asks.length];
        Manner manner = cases[a.index].manner;
        if (manner == Manner.WrongElement || manner == Manner.GarbageTrace) _serve(a);
    }

    function expire(uint256 which) external {
        if (asks.length > 0) _expire(asks[which % asks.length]);
    }

    function reclaim(uint256 which) external {
        if (asks.length > 0) _reclaim(asks[which % asks.length]);
    }

    function settleOpening(uint256 which) external {
        if (cases.length > 0) _settleOpening(which % cases.length);
    }

    /// The griefer accuses anybody of anything, and sometimes guesses right.
    function accuse(uint256 which, uint32 kernel, uint32 element) external {
        (bool found, uint256 index) = _pick(which, ClaimStatus.Open);
        if (found) _commit(index, kernel % KERNELS, element % 256, element % 2 == 0 ? griefer : looper);
    }

    function proveAccusation(uint256 which) external {
        if (bonds.length > 0) _prove(bonds[which % bonds.length]);
    }

    function settleBond(uint256 which) external {
        if (bonds.length > 0) _settle(bonds[which % bonds.length]);
    }

    function finalise(uint256 which) external {
        (bool found, uint256 index) = _pick(which, ClaimStatus.Open);
        if (found) _finalise(cases[index]);
    }

    function sweep(bool first) external counted("sweep") {
        if (first) market.burn();
        else market.payAudits();
    }

    function withdrawCredits(uint256 who) external {
        _withdrawCredits(_actor(who));
    }

    function moveStake(uint256 who, uint128 amount, uint256 how) external {
        address who_ = who % 3 == 0 ? operator : who % 3 == 1 ? liar : mute;
        if (how % 3 == 0) {
            amount = uint128(_bound(amount, 1, 1000e18));
            if (opg.balanceOf(who_) < amount) return;
            vm.prank(who_);
            staking.stake(who_, amount);
            brought[who_] += amount;
            _did("stake");
        } else if (how % 3 == 1) {
            _thaw(who_, amount);
        } else {
            _withdrawStake(who_);
        }
    }

    function restore(uint256 who) external {
        _restore(who % 2 == 0 ? liar : mute);
    }

    function give(uint256 amount, uint256 to) external counted("give") {
        amount = _bound(amount, 0, 1e18);
        address target = to % 3 == 0 ? address(market) : to % 3 == 1 ? address(staking) : address(disputes);
        vm.prank(griefer);
        opg.transfer(target, amount);
        if (to % 3 == 0) givenToMarket += amount;
        else if (to % 3 == 1) givenToStaking += amount;
        else givenToDisputes += amount;
        if (to % 3 == 2) {
            vm.deal(address(disputes), address(disputes).balance + 1);
            weiGiven += 1;
        }
    }

    /// Time passes in steps of at most R / 2, after the honest have acted.
    function pass(uint256 steps, uint256 size) external counted("pass") {
        steps = _bound(steps, 1, 4);
        for (uint256 i; i < steps; i++) {
            actHonestly();
            vm.warp(block.timestamp + _bound(size, 1, tier.reaction / 2));
            vm.roll(block.number + 2);
        }
    }

    /// Long waits, in which the honest keep acting.
    function wait(uint256 size) external counted("wait") {
        uint256 until = block.timestamp + _bound(size, 1, 3 days);
        for (uint256 i; i < 20 && block.timestamp < until; i++) {
            actHonestly();
            uint256 next = _nextDue(until);
            vm.warp(next > block.timestamp ? next : block.timestamp + 1);
            vm.roll(block.number + 2);
        }
    }

    // ── the honest ──

    function actHonestly() public {
        for (uint256 i; i < asks.length; i++) {
            if (cases[asks[i].index].manner == Manner.Honest) _serve(asks[i]);
        }
        for (uint256 i; i < cases.length; i++) {
            if (cases[i].manner != Manner.Honest && status(i) == ClaimStatus.Open) _challenge(i);
        }
        for (uint256 i; i < bonds.length; i++) {
            if (bonds[i].prover == challenger) _prove(bonds[i]);
        }
    }

    /// One path: demand what is not there, expire what is not answered, prove what is wrong.
    function _challenge(uint256 index) private {
        Case storage c = cases[index];
        bool opened = disputes.openings(c.id) != 0;
        if (!opened) {
            _demandOpening(index, challenger);
        } else if (c.manner == Manner.GarbageTrace || c.manner == Manner.Silent) {
            _demandTrace(index, challenger);
        } else {
            _commit(index, c.kernel, c.element, challenger);
        }
        for (uint256 i; i < asks.length; i++) {
            if (asks[i].index == index) _expire(asks[i]);
        }
    }

    /// @dev The next moment at which the honest have something to do, at most R / 2 away while a lie is open, but for lies
    /// that wait for an answer: a proof that is committed does not wait for others' demands.
    function _nextDue(uint256 until) private view returns (uint256 next) {
        next = until;
        for (uint256 i; i < asks.length; i++) {
            Demand memory d = _demandOf(asks[i]);
            if (d.status == DemandStatus.Asked && d.due + 1 < next) next = d.due + 1;
        }
        for (uint256 i; i < cases.length; i++) {
            if (status(i) != ClaimStatus.Open || cases[i].manner == Manner.Honest) continue;
            bool provable = cases[i].manner == Manner.WrongElement && disputes.openings(cases[i].id) != 0;
            if (_pendingOf(i) && !provable) continue;
            if (block.timestamp + tier.reaction / 2 < next) next = block.timestamp + tier.reaction / 2;
        }
    }

    function _pendingOf(uint256 index) private view returns (bool) {
        (ClaimRecord memory record,) = market.record(cases[index].id);
        return record.pending > 0;
    }

    /// @dev A case in that state, from `which` on.
    function _pick(uint256 which, ClaimStatus wanted) private view returns (bool, uint256) {
        for (uint256 i; i < cases.length; i++) {
            uint256 index = (which % cases.length + i) % cases.length;
            if (status(index) == wanted && !cases[index].refunded) return (true, index);
        }
        return (false, 0);
    }
}
