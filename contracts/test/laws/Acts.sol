// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Demand, DemandStatus, NodeProof, Proof} from "../../src/interfaces/IDisputes.sol";
import {Operator} from "../../src/interfaces/IStaking.sol";
import {Backing, Claim, ClaimRecord, ClaimStatus, Opening, Request} from "../../src/types/Claim.sol";
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
    /// its trace was demanded
    bool traced;
    Manner manner;
    uint256 seed;
    uint32 kernel;
    uint32 element;
}

struct Ask {
    uint256 index;
    Position position;
    bytes32 target;
    /// OPG that came in with it
    uint256 price;
}

struct Bond {
    uint256 index;
    address prover;
    bytes32 commitment;
    uint32 kernel;
    uint32 element;
}

/// @notice What anybody may do with the contracts, each act a no-op where its precondition does not hold, and the books
/// that are kept of it.
abstract contract Acts is World {
    /// who may have native coin coming
    uint256 internal constant ACTORS = 8;

    address internal liar = makeAddr("liar");
    address internal mute = makeAddr("mute");
    /// in one hand with the liar
    address internal accomplice = makeAddr("accomplice");
    address internal griefer = makeAddr("griefer");
    /// a contract that comes back whenever it is called; in one hand with the liar
    address internal looper;

    Case[] internal cases;
    Ask[] internal asks;
    Bond[] internal bonds;

    uint256 public givenToMarket;
    uint256 public givenToStaking;
    uint256 public givenToDisputes;
    uint256 public weiGiven;
    /// staked − withdrawn
    mapping(address operator => uint256) public brought;
    uint256 public bondsBurnt;
    uint256 public rightsProvenWrong;
    /// how often each row of the state tables was taken, and each other act done
    mapping(bytes32 row => uint256) public done;
    uint256 internal _doings;

    modifier counted(bytes32 act) {
        _;
        _did(act);
    }

    function _did(bytes32 row) internal {
        done[row]++;
        _doings++;
    }

    /// @dev The same row of the tables for each kind of backing.
    function _did(Backing backing, bytes32[3] memory rows) internal {
        _did(rows[uint256(backing)]);
    }

    function _refund(Case storage c) internal {
        if (c.postedAt != 0 || c.refunded || block.timestamp <= c.deadline) return;
        Claim memory m = c.claim;
        Request memory terms =
            Request(m.modelRoot, m.input, m.operator, m.fee, m.coverage, m.level, m.parameters, c.deadline);
        market.refund(m.requestId, m.requester, terms);
        c.refunded = true;
        _did("refund");
    }

    function _demandOpening(uint256 index, address by) internal {
        Case storage c = cases[index];
        Ask memory a = Ask(index, _claimPosition(), 0, disputes.openingPrice(c.claim));
        if (disputes.openings(c.id) != 0 || !_admissible(c, a)) return;
        uint256 price = disputes.price(c.claim, a.position);
        vm.prank(by);
        disputes.demandOpening{value: price}(c.claim);
        asks.push(a);
        _did("demandOpening");
    }

    function _demandTrace(uint256 index, address by) internal {
        // A run is made anew for it, which takes longer than all else.
        if (cases[index].traced) return;
        NodeProof memory proof = _noProof();
        Opening memory opening = _openingOf(cases[index]);
        cases[index].traced = _demand(Ask(index, _position(1, 0, 1, 0), opening.traceRoot, 0), opening, proof, by);
    }

    function _demandTensor(uint256 index, uint32 kernel, address by) internal {
        Case storage c = cases[index];
        if (c.manner == Manner.GarbageTrace && kernel < KERNELS - 1) return;
        Run memory run = _runOf(c);
        bytes32 root = Alphabet.tensorRoot(run.results[kernel]);
        NodeProof memory proof = NodeProof(root, new bytes32[](0), 0, new bytes32[](0));
        if (kernel < KERNELS - 1) proof.listPath = Trees.path(_traceLeaves(run, c.claim), 0, kernel);
        _demand(Ask(index, _position(5, kernel, 0, 0), root, 0), _openingOf(c), proof, by);
    }

    function _demand(Ask memory a, Opening memory opening, NodeProof memory proof, address by)
        private
        returns (bool)
    {
        Case storage c = cases[a.index];
        if (!_admissible(c, a)) return false;
        uint256 price = disputes.price(c.claim, a.position);
        vm.prank(by);
        disputes.demand{value: price}(c.claim, opening, a.position, proof);
        asks.push(a);
        _did("demand");
        return true;
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
        if (a.position.isClaim()) {
            Opening memory opening = _openingOf(c);
            vm.prank(c.claim.operator);
            disputes.open(c.claim, opening);
            return _did("open");
        }
        bool trace = a.position.object() == 1;
        if (trace && c.manner == Manner.GarbageTrace) return;
        bytes memory data = trace ? _tensorRoots(_runOf(c)) : _runOf(c).results[a.position.tensor()];
        vm.prank(c.claim.operator);
        disputes.reveal(c.claim, a.position, data);
        _did("reveal");
    }

    function _expire(Ask storage a) internal {
        Demand memory d = _demandOf(a);
        if (status(a.index) != ClaimStatus.Open || d.status != DemandStatus.Asked || block.timestamp <= d.due) return;
        Claim memory claim = cases[a.index].claim;
        Backing backing = _backingOf(a.index);
        uint256 frozenAt = staking.frozenAt(claim.operator);
        disputes.expire(claim, a.position, a.target);
        _did(backing, [bytes32("expire: Request"), "expire: Batch", "expire: Bond"]);
        if (frozenAt == 0) _did("jailed");
    }

    function _reclaim(Ask storage a) internal {
        if (status(a.index) != ClaimStatus.Void || _demandOf(a).status != DemandStatus.Asked) return;
        disputes.reclaim(cases[a.index].claim, a.position, a.target);
        _did("reclaim");
    }

    function _settleOpening(uint256 index) internal {
        if (status(index) == ClaimStatus.Open) return;
        if (_demandOf(index, _claimPosition(), 0).status != DemandStatus.Answered) return;
        disputes.settleOpening(cases[index].claim);
        _did("settleOpening");
    }

    function _commit(uint256 index, uint32 kernel, uint32 element, address prover) internal {
        Case storage c = cases[index];
        if (block.timestamp > market.quietAt(c.id)) return;
        bytes32 commitment = _commitment(c.id, kernel, element, prover);
        if (disputes.commitments(c.id, prover, commitment).time != 0) return;
        vm.prank(prover);
        disputes.commit(c.id, commitment);
        bonds.push(Bond(index, prover, commitment, kernel, element));
        _did("commit");
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
        Backing backing = _backingOf(b.index);
        uint256 frozenAt = staking.frozenAt(c.claim.operator);
        vm.prank(b.prover);
        if (!wrong) {
            try disputes.prove(c.claim, opening, proof) {
                rightsProvenWrong++;
            } catch {}
            return _did("prove in vain");
        }
        disputes.prove(c.claim, opening, proof);
        _did(backing, [bytes32("prove: Request"), "prove: Batch", "prove: Bond"]);
        if (frozenAt == 0) _did("jailed");
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
        _did(fallen ? bytes32("settleBond: back") : bytes32("settleBond: burnt"));
    }

    function _finalise(Case storage c) internal {
        (ClaimRecord memory record, uint40 quiet) = market.record(c.id);
        uint256 frozenAt = record.backing == Backing.Bond ? 0 : staking.frozenAt(c.claim.operator);
        if (record.pending > 0 || block.timestamp <= quiet + tier.grace) return;
        if (frozenAt != 0 && block.timestamp <= frozenAt + tier.freeze) return;
        market.finalise(c.claim);
        _did(record.backing, [bytes32("finalise: Request"), "finalise: Batch", "finalise: Bond"]);
    }

    function _withdrawCredits(address who) internal {
        if (disputes.credits(who) == 0) return;
        vm.prank(who);
        disputes.withdraw(payable(who));
        _did("withdrawCredits");
    }

    function _thaw(address who_, uint128 amount) internal {
        Operator memory o = staking.operators(who_);
        uint256 held = o.locked == 0 ? 0 : uint256(o.locked) + o.bondLeft;
        if (o.staked <= held) return;
        vm.prank(who_);
        staking.thaw(amount == type(uint128).max ? uint128(o.staked - held) : uint128(_bound(amount, 1, o.staked - held)));
        _did("thaw");
    }

    function _withdrawStake(address who_) internal {
        Operator memory o = staking.operators(who_);
        if (o.thawing == 0 || block.timestamp <= o.thawedAt) return;
        vm.prank(who_);
        staking.withdraw();
        brought[who_] -= o.thawing;
        _did("withdrawStake");
    }

    function _restore(address who_) internal {
        Operator memory o = staking.operators(who_);
        if (o.frozenAt == 0 || o.locked != 0 || o.staked < FAULT_BOND) return;
        vm.prank(who_);
        staking.restore();
        _did("restore");
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

    function _demandOf(Ask storage a) internal view returns (Demand memory) {
        return _demandOf(a.index, a.position, a.target);
    }

    function _demandOf(uint256 index, Position position, bytes32 target) private view returns (Demand memory) {
        return disputes.demands(cases[index].id, position, target);
    }

    function _backingOf(uint256 index) internal view returns (Backing) {
        (ClaimRecord memory record,) = market.record(cases[index].id);
        return record.backing;
    }

    function _actor(uint256 who) internal view returns (address) {
        address[ACTORS] memory all = [operator, signer, liar, mute, accomplice, griefer, challenger, looper];
        return all[who % ACTORS];
    }
}
