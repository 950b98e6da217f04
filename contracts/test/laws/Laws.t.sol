// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Demand, DemandStatus} from "../../src/interfaces/IDisputes.sol";
import {Operator} from "../../src/interfaces/IStaking.sol";
import {Tiers} from "../../src/market/Tiers.sol";
import {ClaimRecord, ClaimStatus} from "../../src/types/Claim.sol";
import {Ask, Bond, Case, Manner} from "./Acts.sol";
import {Backers} from "./Backers.sol";

/// @notice What the invariants look at; the handler with its books open.
contract Books is Backers {
    function owedByMarket() external view returns (uint256 owed) {
        for (uint256 i; i < cases.length; i++) {
            ClaimStatus now_ = status(i);
            bool waiting = now_ == ClaimStatus.None && !cases[i].refunded;
            if (waiting || now_ == ClaimStatus.Open) owed += cases[i].claim.fee;
        }
        (uint96 burnable, uint96 audits) = market.pots();
        owed += uint256(burnable) + audits;
    }

    function owedByStaking() external view returns (uint256 owed) {
        address[3] memory all = [operator, liar, mute];
        for (uint256 i; i < 3; i++) {
            Operator memory o = staking.operators(all[i]);
            owed += uint256(o.staked) + o.thawing;
        }
    }

    function owedByDisputes() external view returns (uint256 coin, uint256 opgOwed) {
        for (uint256 i; i < asks.length; i++) {
            Demand memory d = _demandOf(asks[i]);
            bool asked = d.status == DemandStatus.Asked;
            if (asked) coin += uint256(d.gweiIn) * 1 gwei;
            bool held = asked || d.status == DemandStatus.Answered;
            if (held && asks[i].position.isClaim()) opgOwed += disputes.openingPrice(cases[asks[i].index].claim);
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

    function checkCover() external view {
        address[3] memory all = [operator, liar, mute];
        for (uint256 i; i < 3; i++) {
            Operator memory o = staking.operators(all[i]);
            uint256 exposure;
            for (uint256 k; k < cases.length; k++) {
                if (cases[k].claim.operator == all[i] && status(k) == ClaimStatus.Open) {
                    exposure += 3 * uint256(cases[k].claim.coverage);
                }
            }
            exposure += 3 * _bundledCoverage(all[i]);
            assertEq(o.locked, exposure, "2.1 locked is 3 x coverage of open claims and of what batches hold");
            (, uint128 atCourt,) = staking.courtLocks(all[i], address(market));
            assertEq(atCourt, exposure, "2.2 and all of it the court's");
            if (exposure > 0) assertLe(exposure + o.bondLeft, o.staked, "2.3 stake covers exposure and bond");
        }
    }

    function checkClocks() external view {
        assertLe(market.longestExposure(), staking.thawPeriod());
        uint256 rounds = Tiers.MAX_DEPTH * (uint256(tier.answer) + tier.reaction);
        for (uint256 i; i < cases.length; i++) {
            if (status(i) != ClaimStatus.Open) continue;
            (ClaimRecord memory record, uint40 quiet) = market.record(cases[i].id);
            assertLe(record.extension, rounds + tier.freeze, "3.1 quietAt is bounded");
            uint256 end = uint256(quiet) + tier.grace;
            uint256 frozenAt = staking.frozenAt(cases[i].claim.operator);
            if (frozenAt != 0 && frozenAt + tier.freeze > end) end = frozenAt + tier.freeze;
            assertLe(end, cases[i].postedAt + market.longestExposure(), "3.2 no claim outlives thawing stake");
        }
    }

    function checkVerdicts() external view {
        Operator memory o = staking.operators(operator);
        assertEq(uint256(o.staked) + o.thawing, honestStake, "5.1 an honest operator that answers is never slashed");
        assertEq(o.frozenAt, 0);
        for (uint256 i; i < cases.length; i++) {
            ClaimStatus now_ = status(i);
            if (cases[i].manner == Manner.Honest) assertTrue(now_ != ClaimStatus.Void, "4.1 truth stands");
            else if (cases[i].manner != Manner.Silent) assertTrue(now_ != ClaimStatus.Final, "5.2 no lie becomes final");
            uint256 bound_ = cases[i].postedAt + market.longestExposure();
            if (cases[i].manner != Manner.Honest && now_ == ClaimStatus.Open) assertLe(block.timestamp, bound_, "5.3 a lie falls in time");
        }
    }

    function checkBurn() external view {
        uint256 burnt = opg.SUPPLY() - opg.totalSupply();
        assertGe(burnt - bondsBurnt, slashed / 2, "6.1 at least half of every slash is burnt");
    }

    /// Law 7: whatever happened, everybody gets out with what is theirs, without anyone else's help.
    function exit() external {
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
        bytes4[] memory acts = new bytes4[](28);
        acts[0] = books.ask.selector;
        acts[1] = books.answer.selector;
        acts[2] = books.refund.selector;
        acts[3] = books.demand.selector;
        acts[4] = books.serveAsLiar.selector;
        acts[5] = books.expire.selector;
        acts[6] = books.reclaim.selector;
        acts[7] = books.accuse.selector;
        acts[8] = books.proveAccusation.selector;
        acts[9] = books.settleBond.selector;
        acts[10] = books.finalise.selector;
        acts[11] = books.sweep.selector;
        acts[12] = books.withdrawCredits.selector;
        acts[13] = books.moveStake.selector;
        acts[14] = books.restore.selector;
        acts[15] = books.pass.selector;
        acts[16] = books.wait.selector;
        acts[17] = books.give.selector;
        acts[18] = books.delegate.selector;
        acts[19] = books.undelegate.selector;
        acts[20] = books.withdrawDelegation.selector;
        acts[21] = books.postBatch.selector;
        acts[22] = books.showLeaf.selector;
        acts[23] = books.releaseBatch.selector;
        acts[24] = books.openChannel.selector;
        acts[25] = books.redeem.selector;
        acts[26] = books.closeChannel.selector;
        acts[27] = books.settleOpening.selector;
        targetContract(address(books));
        targetSelector(FuzzSelector({addr: address(books), selectors: acts}));
    }

    /// One campaign for all laws, since each costs the same walk; the messages name the law.
    function invariant_laws() external view {
        _conservation();
        books.checkCover();
        books.checkClocks();
        books.checkVerdicts();
        books.checkBurn();
    }

    /// Law 1: what a contract holds is what it owes, but for gifts.
    function _conservation() private view {
        (uint256 atMarket, uint256 atStaking, uint256 atDisputes, uint256 coin) = books.balances();
        (uint256 coinOwed, uint256 opgOwed) = books.owedByDisputes();
        assertEq(atMarket, books.owedByMarket(), "1.1 Market: escrow and pots");
        assertEq(atStaking, books.owedByStaking(), "1.2 Staking: stake, thawing or not");
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
        // A lie opens when asked, and falls to a proof: the price of the opening goes back, and what is pending is moot.
        books.ask(uint256(Manner.WrongElement), 7, false);
        books.answer(0, false);
        books.demand(0, 0, true);
        books.serveAsLiar(0);
        books.demand(0, 4, true);
        books.pass(4, 60);
        books.reclaim(1);
        books.settleOpening(0);
        // An accusation of the truth is in vain.
        books.ask(uint256(Manner.Honest), 7, true);
        books.answer(1, true);
        books.accuse(1, 2, 3);
        books.pass(1, 60);
        books.proveAccusation(1);
        for (uint256 i; i < 300; i++) {
            uint256 r = uint256(keccak256(abi.encode(i)));
            _act(i, r, r >> 16);
            if (i % 3 == 0) _back(i / 3, r >> 32);
        }
        this.invariant_laws();
        this.afterInvariant();
        bytes32[28] memory acts = [
            bytes32("ask"), "answer", "refund", "demandOpening", "demand", "serve", "expire", "reclaim", "commit",
            "prove", "prove in vain", "settle", "finalise", "withdrawCredits", "stake", "thaw", "withdrawStake", "restore",
            "delegate", "undelegate", "withdrawDelegation", "postBatch", "showLeaf", "releaseBatch", "openChannel",
            "redeem", "closeChannel", "settleOpening"
        ];
        for (uint256 i; i < acts.length; i++) assertGt(books.done(acts[i]), 0, string(abi.encodePacked(acts[i])));
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
        uint256 act = i % 9;
        if (act == 0) books.delegate(r, r >> 8);
        else if (act == 1) books.postBatch(r, r & 4 == 0);
        else if (act == 2) books.showLeaf(r, r & 4 == 0);
        else if (act == 3) books.openChannel(r, r >> 8, r >> 16);
        else if (act == 4) books.redeem(r, r >> 8);
        else if (act == 5) books.undelegate(r, r >> 8);
        else if (act == 6) books.releaseBatch(r);
        else if (act == 7) books.closeChannel(r);
        else books.withdrawDelegation(r);
    }

    /// Law 7, after every run.
    function afterInvariant() external {
        books.exit();
        (uint256 atMarket, uint256 atStaking, uint256 atDisputes, uint256 coin) = books.balances();
        assertEq(atMarket + atStaking + atDisputes, 0, "7.1 everybody gets their OPG");
        assertEq(coin, 0, "7.2 everybody gets their native coin");
        (uint256 pooled,,) = books.owedByDelegation();
        // What rounding keeps: a unit or two for each time that somebody left a pool.
        assertLe(pooled, 1e7, "7.5 delegators get theirs");
        (uint256 deposited,) = books.owedByChannels();
        assertEq(deposited, 0, "7.5 requesters get their deposits");
    }
}
