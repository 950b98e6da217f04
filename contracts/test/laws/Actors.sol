// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Demand, DemandStatus, NodeProof, Proof} from "../../src/interfaces/IDisputes.sol";
import {Operator} from "../../src/interfaces/IStaking.sol";
import {Claim, ClaimRecord, ClaimStatus, Opening, Request} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Position} from "../../src/types/Position.sol";
import {Alphabet, Trees} from "../toys/Alphabet.sol";
import {Run, World} from "../toys/World.sol";

/// @notice How an answer came about.
enum Manner {
    /// right, and every demand is answered
    Honest,
    /// one element wrong; demands are answered
    WrongElement,
    /// no preimage of the output exists
    ForgedOutput,
    /// no preimage of the trace root exists
    GarbageTrace,
    /// right, but no demand is ever answered
    Silent
}

struct Case {
    Claim claim;
    ClaimId id;
    uint64 deadline;
    uint64 postedAt;
    bool refunded;
    Manner manner;
    uint256 seed;
    uint32 kernel;
    uint32 element;
}

struct Ask {
    uint256 index;
    Position position;
    bytes32 target;
}

struct Bond {
    uint256 index;
    address prover;
    bytes32 commitment;
    uint32 kernel;
    uint32 element;
}

/// @notice Honest, lying, silent, colluding and griefing actors. Whatever the fuzzer makes the others do, the honest
/// operator answers its demands and the honest challenger plays its one path, before any time passes.
contract Actors is World {
    uint256 private constant MOST_CASES = 12;
    /// who may have native coin coming
    uint256 internal constant ACTORS = 7;

    address internal liar = makeAddr("liar");
    address internal mute = makeAddr("mute");
    /// in one hand with the liar
    address internal accomplice = makeAddr("accomplice");
    address internal griefer = makeAddr("griefer");

    Case[] internal cases;
    Ask[] internal asks;
    Bond[] internal bonds;

    uint256 public givenToMarket;
    uint256 public givenToStaking;
    uint256 public givenToDisputes;
    uint256 public weiGiven;
    /// Σ S of all slashes, as the waterfall says
    uint256 public slashed;
    /// deposited − withdrawn by the honest operator
    uint256 public honestStake;
    uint256 public bondsBurnt;
    mapping(bytes32 act => uint256) public done;

    modifier counted(bytes32 act) {
        _;
        done[act]++;
    }

    function setUp() public override {
        super.setUp();
        honestStake = 50_000e18;
        address[4] memory more = [liar, mute, accomplice, griefer];
        for (uint256 i; i < more.length; i++) _fund(more[i]);
        _enrol(liar, liar, accomplice, 60_000e18);
        _enrol(mute, mute, mute, 60_000e18);
    }

    // ── what the fuzzer may do ──

    function ask(uint256 seed, uint256 who, bool byAccomplice) external counted("ask") {
        if (cases.length == MOST_CASES) return;
        Manner manner = Manner(seed % 5);
        address to = manner == Manner.Honest ? operator : manner == Manner.Silent ? mute : liar;
        address from = byAccomplice ? accomplice : requester;
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
        vm.prank(c.claim.operator);
        if (opened && c.manner != Manner.ForgedOutput) c.id = market.postOpened(c.claim, c.deadline, opening);
        else c.id = market.post(c.claim, c.deadline, "");
        done["answer"]++;
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
        address by = byGriefer ? griefer : accomplice;
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

    /// The griefer accuses anybody of anything, and sometimes guesses right.
    function accuse(uint256 which, uint32 kernel, uint32 element) external {
        (bool found, uint256 index) = _pick(which, ClaimStatus.Open);
        if (found) _commit(index, kernel % KERNELS, element % 256, griefer);
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
            if (who_ == operator) honestStake += amount;
            done["stake"]++;
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

    /// @dev The next moment at which the honest have something to do, at most R / 2 away while a lie is open.
    function _nextDue(uint256 until) private view returns (uint256 next) {
        next = until;
        for (uint256 i; i < asks.length; i++) {
            Demand memory d = _demandOf(asks[i]);
            if (d.status == DemandStatus.Asked && d.due + 1 < next) next = d.due + 1;
        }
        for (uint256 i; i < cases.length; i++) {
            if (status(i) != ClaimStatus.Open || cases[i].manner == Manner.Honest) continue;
            if (!_pendingOf(i) && block.timestamp + tier.reaction / 2 < next) next = block.timestamp + tier.reaction / 2;
        }
    }

    function _pendingOf(uint256 index) private view returns (bool) {
        (ClaimRecord memory record,) = market.record(cases[index].id);
        return record.pending > 0;
    }

    // ── acts, each a no-op where its precondition does not hold ──

    function _refund(Case storage c) internal {
        if (c.postedAt != 0 || c.refunded || block.timestamp <= c.deadline) return;
        Claim memory m = c.claim;
        Request memory terms =
            Request(m.modelRoot, m.input, m.operator, m.fee, m.coverage, m.level, m.parameters, c.deadline);
        market.refund(m.requestId, m.requester, terms);
        c.refunded = true;
        done["refund"]++;
    }

    function _demandOpening(uint256 index, address by) internal {
        Case storage c = cases[index];
        Ask memory a = Ask(index, _claimPosition(), 0);
        if (disputes.openings(c.id) != 0 || !_admissible(c, a)) return;
        uint256 price = disputes.price(c.claim, a.position);
        vm.prank(by);
        disputes.demandOpening{value: price}(c.claim);
        asks.push(a);
        done["demandOpening"]++;
    }

    function _demandTrace(uint256 index, address by) internal {
        NodeProof memory proof = NodeProof(0, new bytes32[](0), 0, new bytes32[](0));
        Opening memory opening = _openingOf(cases[index]);
        _demand(Ask(index, _position(1, 0, 1, 0), opening.traceRoot), opening, proof, by);
    }

    function _demandTensor(uint256 index, uint32 kernel, address by) internal {
        Case storage c = cases[index];
        if (c.manner == Manner.GarbageTrace && kernel < KERNELS - 1) return;
        Run memory run = _runOf(c);
        bytes32 root = Alphabet.tensorRoot(run.results[kernel]);
        NodeProof memory proof = NodeProof(root, new bytes32[](0), 0, new bytes32[](0));
        if (kernel < KERNELS - 1) proof.listPath = Trees.path(_traceLeaves(run, c.claim), 0, kernel);
        _demand(Ask(index, _position(5, kernel, 0, 0), root), _openingOf(c), proof, by);
    }

    function _demand(Ask memory a, Opening memory opening, NodeProof memory proof, address by) private {
        Case storage c = cases[a.index];
        if (!_admissible(c, a)) return;
        uint256 price = disputes.price(c.claim, a.position);
        vm.prank(by);
        disputes.demand{value: price}(c.claim, opening, a.position, proof);
        asks.push(a);
        done["demand"]++;
    }

    function _admissible(Case storage c, Ask memory a) private view returns (bool) {
        if (disputes.demands(c.id, a.position, a.target).status != DemandStatus.None) return false;
        uint256 round = uint256(tier.answer) + tier.reaction;
        uint256 last = market.standing(c.claim).windowEnd + disputes.depth(c.claim, a.position) * round;
        return block.timestamp <= last && block.timestamp <= market.quietAt(c.id);
    }

    function _serve(Ask storage a) internal {
        Case storage c = cases[a.index];
        Demand memory d = _demandOf(a);
        if (status(a.index) != ClaimStatus.Open || d.status != DemandStatus.Asked || block.timestamp > d.due) return;
        vm.startPrank(c.claim.operator);
        if (a.position.isClaim()) {
            disputes.open(c.claim, _openingOf(c));
        } else if (a.position.object() == 1) {
            if (c.manner != Manner.GarbageTrace) disputes.reveal(c.claim, a.position, _tensorRoots(c));
        } else {
            disputes.reveal(c.claim, a.position, _runOf(c).results[a.position.tensor()]);
        }
        vm.stopPrank();
        done["serve"]++;
    }

    function _expire(Ask storage a) internal {
        Demand memory d = _demandOf(a);
        if (status(a.index) != ClaimStatus.Open || d.status != DemandStatus.Asked || block.timestamp <= d.due) return;
        _noteSlash(cases[a.index]);
        disputes.expire(cases[a.index].claim, a.position, a.target);
        done["expire"]++;
    }

    function _reclaim(Ask storage a) internal {
        if (status(a.index) != ClaimStatus.Void || _demandOf(a).status != DemandStatus.Asked) return;
        disputes.reclaim(cases[a.index].claim, a.position, a.target);
        done["reclaim"]++;
    }

    function _commit(uint256 index, uint32 kernel, uint32 element, address prover) internal {
        Case storage c = cases[index];
        if (block.timestamp > market.quietAt(c.id)) return;
        bytes32 commitment = keccak256(abi.encode(c.id, kernel, element, prover, bytes32("salt")));
        if (disputes.commitments(c.id, prover, commitment).time != 0) return;
        vm.prank(prover);
        disputes.commit(c.id, commitment);
        bonds.push(Bond(index, prover, commitment, kernel, element));
        done["commit"]++;
    }

    /// @dev What is right can not be proven wrong: the act then changes nothing.
    function _prove(Bond storage b) internal {
        Case storage c = cases[b.index];
        if (status(b.index) != ClaimStatus.Open || disputes.openings(c.id) == 0) return;
        if (disputes.commitments(c.id, b.prover, b.commitment).settled || c.manner == Manner.GarbageTrace) return;
        if (block.number < disputes.commitments(c.id, b.prover, b.commitment).blockNumber + 2) return;
        if (block.timestamp > uint256(disputes.commitments(c.id, b.prover, b.commitment).time) + tier.grace) return;
        bool wrong = c.manner == Manner.WrongElement && b.kernel == c.kernel && b.element == c.element;
        Proof memory proof = Proof(b.kernel, b.element, "salt", _witness(_runOf(c), c.claim, b.kernel));
        Opening memory opening = _openingOf(c);
        if (wrong) _noteSlash(c);
        vm.prank(b.prover);
        if (!wrong) vm.expectRevert();
        disputes.prove(c.claim, opening, proof);
        done[wrong ? bytes32("prove") : bytes32("prove in vain")]++;
    }

    function _settle(Bond storage b) internal {
        Case storage c = cases[b.index];
        if (disputes.commitments(c.id, b.prover, b.commitment).settled) return;
        bool fallen = status(b.index) == ClaimStatus.Void;
        if (!fallen) {
            if (block.timestamp <= uint256(disputes.commitments(c.id, b.prover, b.commitment).time) + tier.grace) return;
            bondsBurnt += BOND;
        }
        disputes.settleBond(c.claim, b.prover, b.commitment);
        done["settle"]++;
    }

    function _finalise(Case storage c) internal {
        (ClaimRecord memory record, uint40 quiet) = market.record(c.id);
        uint256 frozenAt = staking.frozenAt(c.claim.operator);
        if (record.pending > 0 || block.timestamp <= quiet + tier.grace) return;
        if (frozenAt != 0 && block.timestamp <= frozenAt + tier.freeze) return;
        market.finalise(c.claim);
        done["finalise"]++;
    }

    function _withdrawCredits(address who) internal {
        if (disputes.credits(who) == 0) return;
        vm.prank(who);
        disputes.withdraw(payable(who));
        done["withdrawCredits"]++;
    }

    function _thaw(address who_, uint128 amount) internal {
        Operator memory o = staking.operators(who_);
        uint256 held = o.locked == 0 ? 0 : uint256(o.locked) + (o.frozenAt == 0 ? FAULT_BOND : 0);
        if (o.staked <= held) return;
        vm.prank(who_);
        staking.thaw(amount == type(uint128).max ? uint128(o.staked - held) : uint128(_bound(amount, 1, o.staked - held)));
        done["thaw"]++;
    }

    function _withdrawStake(address who_) internal {
        Operator memory o = staking.operators(who_);
        if (o.thawing == 0 || block.timestamp <= o.thawedAt) return;
        vm.prank(who_);
        staking.withdraw();
        if (who_ == operator) honestStake -= o.thawing;
        done["withdrawStake"]++;
    }

    function _restore(address who_) internal {
        Operator memory o = staking.operators(who_);
        if (o.frozenAt == 0 || o.locked != 0 || o.staked < FAULT_BOND) return;
        vm.prank(who_);
        staking.restore();
        done["restore"]++;
    }

    // ── what is known of a case ──

    function status(uint256 index) public view returns (ClaimStatus) {
        if (cases[index].postedAt == 0) return ClaimStatus.None;
        (ClaimRecord memory record,) = market.record(cases[index].id);
        return record.status;
    }

    function _runOf(Case storage c) internal view returns (Run memory) {
        return c.manner == Manner.WrongElement ? _lie(c.seed, c.kernel, c.element) : _run(c.seed);
    }

    function _openingOf(Case storage c) internal view returns (Opening memory opening) {
        opening = _opening(_runOf(c), c.claim);
        if (c.manner == Manner.GarbageTrace) opening.traceRoot = keccak256("garbage");
    }

    function _tensorRoots(Case storage c) private view returns (bytes memory roots) {
        Run memory run = _runOf(c);
        for (uint256 k; k < KERNELS - 1; k++) roots = bytes.concat(roots, Alphabet.tensorRoot(run.results[k]));
    }

    function _demandOf(Ask storage a) internal view returns (Demand memory) {
        return disputes.demands(cases[a.index].id, a.position, a.target);
    }

    function _noteSlash(Case storage c) private {
        slashed += 3 * uint256(c.claim.coverage) + (staking.frozenAt(c.claim.operator) == 0 ? FAULT_BOND : 0);
    }

    function _actor(uint256 who) internal view returns (address) {
        address[ACTORS] memory all = [operator, signer, liar, mute, accomplice, griefer, challenger];
        return all[who % ACTORS];
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
