// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Demand, DemandStatus} from "../../src/interfaces/IDisputes.sol";
import {Operator} from "../../src/interfaces/IStaking.sol";
import {Tiers} from "../../src/market/Tiers.sol";
import {Backing, ClaimRecord, ClaimStatus} from "../../src/types/Claim.sol";
import {Bond, Case, Manner} from "./Acts.sol";
import {Loops} from "./Loops.sol";

/// @notice What all cases come to.
struct Tally {
    /// fees that the Market holds
    uint256 escrow;
    address[3] operators;
    uint256[3] exposure;
    uint256[3] frozenAt;
}

/// @notice What the invariants look at; the handler with its books open.
contract Books is Loops {
    /// @notice Checks every claim, and returns the fees that the Market must hold. One pass, since each look costs a call.
    function checkClaims() external view returns (uint256 escrow) {
        Tally memory t;
        t.operators = [operator, liar, mute];
        for (uint256 i; i < 3; i++) t.frozenAt[i] = staking.frozenAt(t.operators[i]);
        for (uint256 i; i < cases.length; i++) _checkClaim(cases[i], t);
        for (uint256 i; i < 3; i++) _checkCover(t.operators[i], t.exposure[i] + 3 * _bundledCoverage(t.operators[i]));
        assertEq(rightsProvenWrong, 0, "4.3 what is right can not be proven wrong");
        (uint96 burnable, uint96 audits) = market.pots();
        return t.escrow + burnable + audits;
    }

    function _checkClaim(Case storage c, Tally memory t) private view {
        if (c.postedAt == 0) {
            if (!c.refunded) t.escrow += c.claim.fee;
            return;
        }
        (ClaimRecord memory r, uint40 quiet) = market.record(c.id);
        if (c.manner == Manner.Honest) assertTrue(r.status != ClaimStatus.Void, "4.1 truth stands");
        else if (c.manner != Manner.Silent) assertTrue(r.status != ClaimStatus.Final, "5.2 no lie becomes final");
        if (r.status != ClaimStatus.Open) return;
        uint256 who = r.operator == t.operators[0] ? 0 : r.operator == t.operators[1] ? 1 : 2;
        if (r.backing == Backing.Request) t.escrow += c.claim.fee;
        if (r.backing != Backing.Bond) t.exposure[who] += 3 * uint256(c.claim.coverage);
        _checkClocks(c, r, quiet, r.backing == Backing.Bond ? 0 : t.frozenAt[who]);
    }

    function _checkClocks(Case storage c, ClaimRecord memory r, uint256 quiet, uint256 frozenAt) private view {
        uint256 rounds = Tiers.MAX_DEPTH * (uint256(tier.answer) + tier.reaction);
        assertLe(r.extension, rounds + tier.freeze, "3.1 quietAt is bounded");
        uint256 end = quiet + tier.grace;
        if (frozenAt != 0 && frozenAt + tier.freeze > end) end = frozenAt + tier.freeze;
        uint256 last = c.postedAt + Tiers.exposure(tier);
        assertLe(end, last, "3.2 no claim outlives thawing stake");
        if (c.manner != Manner.Honest) assertLe(block.timestamp, last, "5.3 a lie falls in time");
    }

    function _checkCover(address who, uint256 exposure) private view {
        Operator memory o = staking.operators(who);
        assertEq(o.locked, exposure, "2.1 locked is 3 x coverage of open claims and of what batches hold");
        (, uint128 atCourt,) = staking.courtLocks(who, address(market));
        assertEq(atCourt, exposure, "2.2 and all of it the court's");
        if (exposure > 0) assertLe(exposure + o.bondLeft, o.staked, "2.3 stake covers exposure and bond");
    }

    /// @notice Checks what was slashed, and returns the OPG that Staking must hold.
    function checkStakes() external view returns (uint256 owed) {
        address[3] memory all = [operator, liar, mute];
        uint256 all_;
        for (uint256 i; i < 3; i++) {
            Operator memory o = staking.operators(all[i]);
            if (i == 0) {
                uint256 own = uint256(o.staked) + o.thawing;
                assertEq(own, brought[operator], "5.1 an honest operator that answers is never slashed");
                assertEq(o.frozenAt, 0);
            }
            owed += uint256(o.staked) + o.thawing;
            all_ += brought[all[i]];
        }
        uint256 burnt = opg.SUPPLY() - opg.totalSupply();
        assertGe(burnt - bondsBurnt, (all_ - owed) / 2, "6.1 at least half of every slash is burnt");
    }

    function owedByDisputes() external view returns (uint256 coin, uint256 opgOwed) {
        for (uint256 i; i < asks.length; i++) {
            Demand memory d = _demandOf(asks[i]);
            bool asked = d.status == DemandStatus.Asked;
            if (asked) coin += uint256(d.gweiIn) * 1 gwei;
            if (asked || d.status == DemandStatus.Answered) opgOwed += asks[i].price;
        }
        for (uint256 i; i < ACTORS; i++) coin += disputes.credits(_actor(i));
        for (uint256 i; i < bonds.length; i++) {
            Bond storage b = bonds[i];
            if (!disputes.commitments(cases[b.index].id, b.prover, b.commitment).settled) opgOwed += BOND;
        }
    }

    function balances() external view returns (uint256 atMarket, uint256 atStaking, uint256 atDisputes, uint256 coin) {
        return (
            opg.balanceOf(address(market)) - givenToMarket,
            opg.balanceOf(address(staking)) - givenToStaking,
            opg.balanceOf(address(disputes)) - givenToDisputes,
            address(disputes).balance - weiGiven
        );
    }

    /// @notice Every row of the state tables of docs/spec/claim.md, and what else the walks are for.
    function rows() public pure returns (bytes32[] memory list) {
        bytes32[48] memory all = [
            bytes32("request"), "refund", "post", "postOpened", "finalise: Request", "prove: Request", "expire: Request",
            "post: batch", "show", "show: lodged", "show: fallen", "release", "lodge", "finalise: Batch", "prove: Batch",
            "expire: Batch", "finalise: Bond", "prove: Bond", "expire: Bond", "demandOpening", "demand", "open", "reveal", "reclaim",
            "settleOpening", "commit", "prove in vain", "settleBond: back", "settleBond: burnt", "withdrawCredits", "stake",
            "thaw", "withdrawStake", "jailed", "restore", "delegate", "undelegate", "withdrawDelegation", "openChannel",
            "redeem", "closeChannel", "deliver: result", "deliver: revoked", "deliver: failed", "deliver: refunded", "sweep",
            "give", "while another is under way"
        ];
        list = new bytes32[](all.length);
        for (uint256 i; i < all.length; i++) list[i] = all[i];
    }

    /// @notice One line for a walk: how often it took each row. `npm run campaign` adds them up.
    function line() external view returns (string memory text) {
        bytes32[] memory list = rows();
        for (uint256 i; i < list.length; i++) {
            text = string.concat(text, _word(list[i]), "=", vm.toString(done[list[i]]), ";");
        }
    }

    function _word(bytes32 row) private pure returns (string memory) {
        uint256 length;
        while (length < 32 && row[length] != 0) length++;
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; i++) text[i] = row[i];
        return string(text);
    }

    /// Law 7: whatever happened, everybody gets out with what is theirs, without anyone else's help.
    function exit() external {
        _leaving = true;
        vm.warp(block.timestamp + 60 days);
        for (uint256 i; i < asks.length; i++) _expire(asks[i]);
        // A fault found just now keeps the operator's other claims open for F.
        vm.warp(block.timestamp + tier.freeze + 1);
        _leaveAll();
        for (uint256 i; i < asks.length; i++) _reclaim(asks[i]);
        for (uint256 i; i < cases.length; i++) {
            _refund(cases[i]);
            if (status(i) == ClaimStatus.Open) _finalise(cases[i]);
        }
        for (uint256 i; i < bonds.length; i++) _settle(bonds[i]);
        for (uint256 i; i < cases.length; i++) _settleOpening(i);
        for (uint256 i; i < ACTORS; i++) _withdrawCredits(_actor(i));
        market.burn();
        market.payAudits();
        address[3] memory all = [operator, liar, mute];
        for (uint256 i; i < 3; i++) _thaw(all[i], type(uint128).max);
        vm.warp(block.timestamp + 60 days);
        for (uint256 i; i < 3; i++) _withdrawStake(all[i]);
        _withdrawAllDelegated();
    }
}

/// @notice The laws of docs/invariants.md, under honest, lying, silent, colluding and griefing actors.
contract LawsTest is Test {
    Books private books;

    function setUp() external {
        books = new Books();
        books.setUp();
        bytes4[31] memory all = [
            books.ask.selector, books.answer.selector, books.refund.selector, books.demand.selector,
            books.serveAsLiar.selector, books.expire.selector, books.reclaim.selector, books.settleOpening.selector,
            books.accuse.selector, books.proveAccusation.selector, books.settleBond.selector, books.finalise.selector,
            books.sweep.selector, books.withdrawCredits.selector, books.moveStake.selector, books.restore.selector,
            books.pass.selector, books.wait.selector, books.give.selector, books.delegate.selector,
            books.undelegate.selector, books.withdrawDelegation.selector, books.postBatch.selector,
            books.showLeaf.selector, books.lodge.selector, books.lodgeLeaf.selector, books.releaseBatch.selector,
            books.openChannel.selector, books.redeem.selector, books.closeChannel.selector, books.deliver.selector
        ];
        bytes4[] memory acts = new bytes4[](all.length);
        for (uint256 i; i < all.length; i++) acts[i] = all[i];
        targetContract(address(books));
        targetSelector(FuzzSelector({addr: address(books), selectors: acts}));
    }

    /// Laws 1 to 6 in one campaign, since each costs the same walk; the messages name the law. What a contract holds is what
    /// it owes, but for gifts.
    function invariant_laws() external view {
        (uint256 atMarket, uint256 atStaking, uint256 atDisputes, uint256 coin) = books.balances();
        (uint256 coinOwed, uint256 opgOwed) = books.owedByDisputes();
        assertEq(atMarket, books.checkClaims(), "1.1 Market: escrow and pots");
        assertEq(atStaking, books.checkStakes(), "1.2 Staking: stake, thawing or not");
        assertEq(atDisputes, opgOwed, "1.3 Disputes: prices and bonds");
        assertEq(coin, coinOwed, "1.4 Disputes: native prices and credits");
        (uint256 pooled, uint256 owed, uint256 claimable) = books.owedByDelegation();
        assertEq(pooled, owed, "1.7 Delegation: both halves of every pool");
        assertLe(claimable, owed, "1.8 delegators can not take more than their pools hold");
        (uint256 deposited, uint256 promised) = books.owedByChannels();
        assertEq(deposited, promised, "1.9 Channels: deposits and pots");
    }

    /// The campaign would prove nothing if its acts were all refused: one fixed walk in which each happens.
    function test_everyActHappens() external {
        _scenes();
        // A demand that is pending when the lie falls to a proof is moot.
        books.restore(0);
        books.ask(uint256(Manner.WrongElement), 7, false);
        books.answer(0, true);
        books.demand(0, 4, true);
        books.pass(4, 60);
        // An accusation of the truth is in vain.
        books.ask(uint256(Manner.Honest), 7, true);
        books.answer(0, true);
        books.accuse(0, 2, 3);
        books.demand(0, 4, true);
        books.pass(1, 60);
        for (uint256 i; i < 20; i++) {
            books.reclaim(i);
            books.proveAccusation(i);
        }
        // A leaf that was lodged falls before it is shown.
        books.wait(2 days);
        books.restore(0);
        books.postBatch(4, true);
        books.wait(5 hours);
        books.lodgeLeaf(2, false);
        books.wait(2 days);
        books.showLeaf(2, false);
        for (uint256 i; i < 300; i++) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            _act(i, r, r >> 16);
            if (i % 3 == 0) _back(i / 3, r >> 32);
            if (i % 3 == 1) books.deliver(r >> 64);
        }
        this.invariant_laws();
        _everybodyLeaves();
        bytes32[] memory rows = books.rows();
        string memory never;
        for (uint256 i; i < rows.length; i++) {
            if (books.done(rows[i]) == 0) never = string.concat(never, string(abi.encodePacked(rows[i])), ";");
        }
        assertEq(never, "");
    }

    /// @dev Each kind of backing falls to a proof and to silence, and stands; a contract is told all there is to tell.
    function _scenes() private {
        books.pass(1, 60);
        books.postBatch(1, true);
        books.postBatch(2, false);
        books.ask(1, 7, true);
        books.ask(2, 7, true);
        books.ask(5, 9, true);
        for (uint256 i; i < 3; i++) books.answer(0, true);
        books.ask(10, 11, true);
        books.showLeaf(0, false);
        books.showLeaf(0, true);
        for (uint256 seed = 1; seed < 4; seed++) books.lodge(seed);
        for (uint256 i; i < 20; i++) {
            books.deliver(i);
            books.accuse(i, 2, 2);
            books.give(1, i);
        }
        for (uint256 i; i < 6; i++) {
            for (uint256 k; k < 12; k++) books.serveAsLiar(k);
            books.pass(1, 60);
        }
        books.wait(5 hours);
        books.lodgeLeaf(1, true);
        books.showLeaf(1, true);
        books.showLeaf(1, false);
        for (uint256 i; i < 4; i++) books.wait(3 days);
        for (uint256 i; i < 20; i++) {
            books.finalise(i);
            books.refund(i);
            books.deliver(i);
            books.settleBond(i);
        }
    }

    function _act(uint256 i, uint256 r, uint256 s) private {
        uint256 act = r % 16;
        if (i < 40 && act < 6) {
            books.ask(5 * (s >> 8) + i % 5, s, r & 64 == 0);
            books.answer(s, r & 128 == 0);
        }
        else if (act < 5) books.answer(s, r & 128 == 0);
        else if (act == 5) books.refund(s);
        else if (act < 8) books.demand(s, r, r & 64 == 0);
        else if (act == 8) books.serveAsLiar(s);
        else if (act == 9 && r & 64 == 0) books.reclaim(s);
        else if (act == 9) books.accuse(s, uint32(r >> 8), uint32(r >> 40));
        else if (act == 10) books.proveAccusation(s);
        else if (act == 11 && r & 64 == 0) books.settleOpening(s);
        else if (act == 11) books.settleBond(s);
        else if (act == 12) books.finalise(s);
        else if (act == 13) books.moveStake(r >> 8, uint128(s), r >> 24);
        else if (act == 14) books.withdrawCredits(s);
        else if (i % 3 == 0) books.wait(s);
        else if (i % 3 == 1) books.pass(s, r);
        else books.restore(s);
    }

    function _back(uint256 i, uint256 r) private {
        uint256 act = i % 11;
        if (act == 0) books.delegate(r, r >> 8);
        else if (act == 1) books.postBatch(r, r & 4 == 0);
        else if (act == 2) books.showLeaf(r, r & 4 == 0);
        else if (act == 3) books.openChannel(r, r >> 8, r >> 16);
        else if (act == 4) books.redeem(r, r >> 8);
        else if (act == 5) books.undelegate(r, r >> 8);
        else if (act == 6) books.releaseBatch(r);
        else if (act == 7) books.closeChannel(r);
        else if (act == 8) books.lodge(r);
        else if (act == 9) books.lodgeLeaf(r, r & 4 == 0);
        else books.withdrawDelegation(r);
    }

    /// Law 7, after every walk.
    function afterInvariant() external {
        _everybodyLeaves();
        string memory log = vm.envOr("LAWS_LOG", string(""));
        if (bytes(log).length > 0) vm.writeLine(log, books.line());
    }

    function _everybodyLeaves() private {
        books.exit();
        (uint256 atMarket, uint256 atStaking, uint256 atDisputes, uint256 coin) = books.balances();
        assertEq(atMarket + atStaking + atDisputes, 0, "7.1 everybody gets their OPG");
        assertEq(coin, 0, "7.2 everybody gets their native coin");
        (uint256 pooled,,) = books.owedByDelegation();
        // Virtual shares keep a millionth at most of what a pool is paid, since nobody delegates less than 10^6 here, and
        // rounding a unit or two for each time that somebody left. All that is paid in a walk is below 10^22.
        assertLe(pooled, 1e16, "7.5 delegators get theirs");
        (uint256 deposited,) = books.owedByChannels();
        assertEq(deposited, 0, "7.5 requesters get their deposits");
    }
}
