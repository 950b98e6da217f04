// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisputes, NodeProof} from "../../src/interfaces/IDisputes.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IBatches} from "../../src/interfaces/IBatches.sol";
import {HeaderFacts} from "../../src/interfaces/IValidator.sol";
import {Tiers} from "../../src/market/Tiers.sol";
import {Backing, Claim, Opening, Request} from "../../src/types/Claim.sol";
import {ClaimId, ModelId} from "../../src/types/Identity.sol";
import {Metadata, Origin} from "../../src/types/Model.sol";
import {Position} from "../../src/types/Position.sol";
import {Alphabet, ToyValidator, Trees} from "../toys/Alphabet.sol";
import {Run} from "../toys/World.sol";
import {Purse, Worth} from "./Worth.sol";

/// @notice Attacks of strangers on honest operators, and models that nobody could judge. Each test says what the attacker
/// gains (≤ 0) and what each victim loses (≤ its bound).
contract FloodAttacksTest is Worth {
    /// positions of the toy below its opening: 3 lists, 1 input, 5 results
    uint256 private constant DATA = 9;

    Purse private flooder;
    Purse private hand;
    Purse private payer;
    /// what the answers cost the operator in gas
    uint256 private burnt;

    function _open() private {
        (flooder, hand, payer) = (_purse(challenger), _honest(), _purse(requester));
    }

    /// @dev The honest operator: owner, hot key and payee.
    function _honest() private view returns (Purse memory sum) {
        Purse[3] memory all = [_purse(operator), _purse(signer), _purse(payee)];
        for (uint256 i; i < 3; i++) (sum.opg, sum.coin) = (sum.opg + all[i].opg, sum.coin + all[i].coin);
    }

    /// @dev Datum `at` of a run: its position, how it hangs, and what answers it.
    function _datum(Run memory run, Claim memory claim, uint256 place)
        private
        pure
        returns (Position position, NodeProof memory proof, bytes memory data)
    {
        proof = _noProof();
        if (place < 3) {
            // In the order of their depths: inputs, outputs, trace.
            position = _position([uint8(2), 3, 1][place], 0, 1, 0);
            if (place == 0) data = abi.encode(Alphabet.tensorRoot(run.input));
            else if (place == 1) data = abi.encode(Alphabet.tensorRoot(run.results[KERNELS - 1]));
            else data = _tensorRoots(run);
        } else if (place == 3) {
            (position, data) = (_position(4, 0, 0, 0), run.input);
            proof.tensorRoot = Alphabet.tensorRoot(data);
        } else {
            uint32 k = uint32(place - 4);
            (position, data) = (_position(5, k, 0, 0), run.results[k]);
            proof.tensorRoot = Alphabet.tensorRoot(data);
            if (k < KERNELS - 1) proof.listPath = Trees.path(_traceLeaves(run, claim), 0, k);
        }
    }

    function _ask(Run memory run, Claim memory claim, uint256 place) private returns (bool) {
        (Position position, NodeProof memory proof,) = _datum(run, claim, place);
        uint256 price = disputes.price(claim, position);
        Opening memory opening = _opening(run, claim);
        vm.prank(challenger);
        try disputes.demand{value: price}(claim, opening, position, proof) {
            return true;
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IDisputes.DisputesTooLate.selector);
            return false;
        }
    }

    function _answer(Run memory run, Claim memory claim, uint256 place) private {
        (Position position,, bytes memory data) = _datum(run, claim, place);
        _bill(abi.encodeCall(IDisputes.reveal, (claim, position, data)));
    }

    /// @dev As a transaction of the hot key's: 21,000, calldata and what it ran. In a test more is warm than in a transaction;
    /// `/test/contracts/prices.test.ts` has the bill to the unit.
    function _bill(bytes memory call_) private {
        uint256 left = gasleft();
        vm.prank(signer);
        (bool answered,) = address(disputes).call(call_);
        uint256 ran = 21_000 + 16 * call_.length + left - gasleft();
        uint256 floor = 21_000 + 40 * call_.length;
        assertTrue(answered);
        burnt += (ran > floor ? ran : floor) * block.basefee;
    }

    /// @dev The operator is paid for its answers while the base fee at most doubles, and loses nothing else.
    function _paidFor(uint256 claims) private view {
        Purse memory after_ = _honest();
        assertGe(after_.coin - hand.coin, 2 * burnt, "operator: paid twice what its answers cost at this base fee");
        assertEq(_purse(challenger).coin, flooder.coin - (after_.coin - hand.coin), "attacker: pays all of it");
        assertLe(_purse(challenger).opg, flooder.opg, "attacker: gains nothing");
        assertGe(after_.opg, hand.opg + claims * FEE * 8 / 10, "operator: its fees");
        assertEq(_purse(requester).opg, payer.opg - claims * FEE, "requester: no more than the fee");
    }

    /// One datum after another, each asked in the last second that the rule leaves. Attacker: pays every answer. Operator: paid
    /// for each. Requester: waits no longer than windowEnd + D·(A + R) + C.
    function test_sequentialDemandFlood() external {
        Run memory run = _run(1);
        _open();
        (Claim memory claim, ClaimId id) = _posted(run);
        uint256 windowEnd = START + tier.window;
        vm.warp(windowEnd);
        uint256 price = disputes.price(claim, _claimPosition());
        vm.prank(challenger);
        disputes.demandOpening{value: price}(claim);
        skip(tier.answer);
        _bill(abi.encodeCall(IDisputes.open, (claim, _opening(run, claim))));
        uint256 asked = 1;
        uint8[9] memory order = [0, 3, 1, 2, 4, 5, 6, 7, 8];
        for (uint256 i; i < DATA; i++) {
            vm.warp(market.quietAt(id));
            if (!_ask(run, claim, order[i])) continue;
            asked++;
            skip(tier.answer);
            _answer(run, claim, order[i]);
        }
        // One for each depth up to the deepest of this model, and no more than there is data.
        assertEq(asked, 8);
        uint256 quiet = market.quietAt(id);
        assertLe(quiet, windowEnd + Tiers.MAX_DEPTH * (uint256(tier.answer) + tier.reaction));
        vm.warp(quiet + tier.grace + 1);
        market.finalise(claim);
        disputes.settleOpening(claim);
        _paidFor(1);
        assertEq(_honest().opg, hand.opg + FEE * 8 / 10 + disputes.openingPrice(claim), "operator: the price of the opening too");
    }

    /// All data of many claims at once, in the window's last second. Attacker: pays every answer. Operator: paid for each, and
    /// has A whole. Requesters: wait A + R longer.
    function test_parallelDemandFlood() external {
        uint256 n = 12;
        _open();
        Claim[] memory claims = new Claim[](n);
        for (uint256 i; i < n; i++) (claims[i],) = _postedOpen(_run(i));
        skip(tier.window);
        for (uint256 i; i < n; i++) {
            for (uint256 place; place < DATA; place++) assertTrue(_ask(_run(i), claims[i], place));
        }
        skip(tier.answer);
        for (uint256 i; i < n; i++) {
            for (uint256 place; place < DATA; place++) _answer(_run(i), claims[i], place);
        }
        vm.warp(START + uint256(tier.window) + tier.answer + tier.reaction + tier.grace + 1);
        for (uint256 i; i < n; i++) market.finalise(claims[i]);
        assertEq(staking.operators(operator).locked, 0);
        _paidFor(n);
    }

    /// A base fee that the flood itself drives up f-fold: the operator is short of what the answers cost by (f − 2)/f of it at
    /// most, and of nothing below double. That is its bound; the attacker pays the risen fee for its demands too.
    function testFuzz_floodThatRaisesTheBaseFee(uint256 times) external {
        times = bound(times, 1, 20);
        Run memory run = _run(1);
        _open();
        (Claim memory claim,) = _postedOpen(run);
        for (uint256 place; place < DATA; place++) assertTrue(_ask(run, claim, place));
        vm.fee(times * block.basefee);
        for (uint256 place; place < DATA; place++) _answer(run, claim, place);
        uint256 paid = _honest().coin - hand.coin;
        assertGe(paid * times, 2 * burnt);
        if (times <= 2) assertGe(paid, burnt);
    }

    /// A model of which nobody knows anything but a root, or none at all: no request, no leaf, no lodged claim names it.
    /// Attacker: sells nothing. Victim: loses nothing.
    function test_unknownRoot() external {
        _open();
        ModelId unknown = ModelId.wrap(keccak256("whose preimage nobody knows"));
        Request memory terms = _request(_inputSide(_run(1)));
        terms.modelRoot = unknown;
        vm.prank(requester);
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketModelNotOpen.selector, unknown));
        market.request(terms);

        IBatches batches = market.batches();
        Claim memory claim = _claimOf(_run(1), terms, 1 << 64);
        bytes memory signature = _sign(claim);
        vm.warp(claim.postBy + 1);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RegistryModelUnknown.selector, unknown));
        batches.lodge(claim, signature);
        vm.prank(address(batches));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.RegistryModelUnknown.selector, unknown));
        market.open(claim, Backing.Batch);
        assertEq(_purse(requester).opg, payer.opg);
        assertEq(_honest().opg, hand.opg);
    }

    /// A model with a kernel that the Validator does not take is no model, so nobody can ask for it: what could not be proven
    /// does not exist. (Which kernels those are: `/test/arbiter/validator.test.ts`, `bounds.test.ts`.) A liar's page of it
    /// costs the liar its gas; the draft is nobody's model until every page was taken.
    function test_unprovableKernel() external {
        HeaderFacts memory none;
        vm.expectRevert(ToyValidator.ToyInvalid.selector);
        registry.publish(abi.encode(none), new bytes[](0), Origin(0, "source", "compiler"), Metadata(0, ""));
        // One kernel more than were shown: it can not be sealed.
        bytes memory header = Alphabet.header(KERNELS + 1);
        Origin memory origin = Origin(0, "source", "compiler");
        uint256 draft = registry.open(header, origin, Metadata(0, ""));
        registry.add(draft, header, Alphabet.descriptors(KERNELS));
        vm.expectRevert();
        registry.seal(draft);
    }
}
