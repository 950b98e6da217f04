// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Disputes} from "../../src/dispute/Disputes.sol";
import {IArbiter, Roots} from "../../src/interfaces/IArbiter.sol";
import {DemandStatus, IDisputes, Proof} from "../../src/interfaces/IDisputes.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Market} from "../../src/market/Market.sol";
import {Claim, ClaimRecord, ClaimStatus, Opening, Parameters} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Model} from "../../src/types/Model.sol";
import {Position} from "../../src/types/Position.sol";
import {Run, World} from "../toys/World.sol";

/// @notice Stands where the Arbiter stands, and lets through exactly the call that it was told to expect.
contract Expecting is IArbiter {
    error OtherCall(bytes given);

    bytes32 private _call;

    function expect(bytes calldata call_) external {
        _call = keccak256(call_);
    }

    function proveElement(Roots calldata roots, uint32 kernel, uint32 element, bytes calldata witness) external view {
        bytes memory given = abi.encode(roots, kernel, element, witness);
        require(keccak256(given) == _call, OtherCall(given));
    }
}

/// @notice The last value that is still allowed, the last second that still counts, and what the Arbiter is asked.
contract DisputesEdgesTest is World {
    uint256 private constant PRICE = 1 ether;

    function _court(IArbiter arbiter, uint128 bond, uint256 floor) private returns (Market m, Disputes d) {
        Parameters[] memory tiers = new Parameters[](1);
        tiers[0] = tier;
        // The Market is created next, then the court.
        address court = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        m = new Market(_wiring(court), tiers);
        d = new Disputes(m, arbiter, bond, floor);
    }

    function test_boundsOfTheConstructorAreInside() external {
        IArbiter arbiter = disputes.arbiter();
        (, Disputes least) = _court(arbiter, 1, 1);
        assertEq(least.bond(), 1);
        assertEq(least.baseFeeFloor(), 1);
        (, Disputes most) = _court(arbiter, 1e27, 100 gwei);
        assertEq(most.bond(), 1e27);
        assertEq(most.baseFeeFloor(), 100 gwei);
    }

    /// Every root and count of the model and the opening, as they stand, and the salt of this claim's trace.
    function test_theArbiterIsAskedAboutThisClaim() external {
        Expecting arbiter = new Expecting();
        (market, disputes) = _court(arbiter, BOND, FLOOR);
        vm.prank(operator);
        staking.authorise(address(market));
        _letIn(requester);
        _letIn(challenger);
        Run memory run = _run(1);
        (Claim memory claim, ClaimId id) = _postedOpen(run);
        Opening memory opening = _opening(run, claim);
        Model memory m = registry.model(model);
        Roots memory roots = Roots({
            programRoot: m.programRoot,
            weightsRoot: m.weightsRoot,
            inputRoot: opening.inputRoot,
            outputRoot: opening.outputRoot,
            traceRoot: opening.traceRoot,
            traceSalt: Hashes.traceSalt(operator, requester, claim.requestId),
            kernels: KERNELS,
            inputs: 1,
            weights: m.weights,
            outputs: new uint32[](1)
        });
        roots.outputs[0] = KERNELS - 1;
        arbiter.expect(abi.encode(roots, uint32(2), uint32(7), bytes("witness")));

        bytes32 commitment = keccak256(abi.encode(id, uint32(2), uint32(7), challenger, bytes32("salt")));
        uint256 before = opg.balanceOf(challenger);
        vm.startPrank(challenger);
        disputes.commit(id, commitment);
        assertEq(opg.balanceOf(challenger), before - BOND);
        // The last second and the first block in which it may be proven.
        vm.warp(START + tier.grace);
        vm.roll(block.number + 1);
        vm.expectPartialRevert(IDisputes.DisputesProofTooEarly.selector);
        disputes.prove(claim, opening, Proof(2, 7, "salt", "witness"));
        vm.roll(block.number + 1);
        disputes.prove(claim, opening, Proof(2, 7, "salt", "witness"));
        vm.stopPrank();
        assertTrue(disputes.commitments(id, challenger, commitment).settled);
        assertEq(opg.balanceOf(challenger), before + COVERAGE / 2 + FAULT_BOND / 4);
        (ClaimRecord memory record,) = market.record(id);
        assertEq(uint8(record.status), uint8(ClaimStatus.Void));
    }

    function test_openingsHashToBothSides() external {
        Run memory run = _run(6);
        (Claim memory claim, uint64 deadline) = _asked(run);
        Opening memory opening = _opening(run, claim);
        opening.inputRoot = "another input";
        bytes32 side = Hashes.claimSide(run.salt, 0, opening.inputRoot);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesSideDiffers.selector, side, claim.input));
        vm.prank(signer);
        market.postOpened(claim, deadline, opening);
        opening = _opening(run, claim);
        opening.outputRoot = "another output";
        side = Hashes.claimSide(run.salt, 1, opening.outputRoot);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesSideDiffers.selector, side, claim.output));
        vm.prank(signer);
        market.postOpened(claim, deadline, opening);
    }

    /// An answer in the second in which it is due counts, and gives everybody the reaction time from then on.
    function test_answersInTheLastSecond() external {
        Run memory run = _run(2);
        (Claim memory claim, ClaimId id) = _posted(run);
        Opening memory opening = _opening(run, claim);
        vm.warp(START + tier.window);
        vm.prank(challenger);
        disputes.demandOpening{value: PRICE}(claim);
        uint256 due = START + tier.window + tier.answer;
        vm.warp(due);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesNotDue.selector, id, _claimPosition(), due));
        disputes.expire(claim, _claimPosition(), 0);
        vm.prank(signer);
        disputes.open(claim, opening);
        assertEq(disputes.credits(signer), PRICE);
        (ClaimRecord memory record, uint40 quiet) = market.record(id);
        assertEq(record.pending, 0);
        assertEq(quiet, due + tier.reaction);

        Position foot = _position(1, 0, 1, 0);
        vm.warp(quiet);
        vm.prank(challenger);
        disputes.demand{value: PRICE}(claim, opening, foot, _noProof());
        vm.prank(stranger);
        disputes.commit(id, "in the last second");
        bytes memory data;
        for (uint256 k; k < KERNELS - 1; k++) data = bytes.concat(data, keccak256(abi.encode(k)));
        vm.warp(quiet + tier.answer + 1);
        disputes.expire(claim, foot, opening.traceRoot);
        assertEq(uint8(disputes.demands(id, foot, opening.traceRoot).status), uint8(DemandStatus.Expired));
        assertEq(disputes.credits(challenger), PRICE, "its own price back");
    }

    function test_leastAndMostPrice() external {
        Run memory run = _run(3);
        (Claim memory claim,) = _posted(run);
        uint256 least = disputes.price(claim, _claimPosition());
        assertEq(least, 2 * 130_000 * 1 gwei);
        vm.startPrank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesPriceTooLow.selector, least - 1 gwei, least));
        disputes.demandOpening{value: least - 1 gwei}(claim);
        uint256 most = uint256(type(uint48).max) * 1 gwei;
        vm.deal(challenger, most + 1 gwei);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesPriceTooHigh.selector, most + 1 gwei, most));
        disputes.demandOpening{value: most + 1 gwei}(claim);
        disputes.demandOpening{value: most}(claim);
        vm.stopPrank();
        (Claim memory other,) = _posted(_run(4));
        vm.prank(stranger);
        disputes.demandOpening{value: least}(other);
        assertEq(address(disputes).balance, most + least);
    }

    /// What is paid for a node: its children, and at the foot of the trace the outputs too.
    function test_pricesOfNodes() external {
        (Claim memory claim,) = _posted(_run(5));
        assertEq(disputes.price(claim, _position(1, 0, 1, 0)), 2 * (130_000 + 1700 * uint256(KERNELS - 1 + 1)) * 1 gwei);
        assertEq(disputes.price(claim, _position(2, 0, 1, 0)), 2 * (130_000 + 1300) * 1 gwei);
        assertEq(disputes.price(claim, _position(5, 1, 0, 0)), 2 * 140_000 * 1 gwei);
        assertEq(disputes.depth(claim, _claimPosition()), 0);
        assertEq(disputes.depth(claim, _position(2, 0, 1, 0)), 1);
        assertEq(disputes.depth(claim, _position(1, 0, 1, 0)), 6);
        vm.fee(3 gwei);
        assertEq(disputes.price(claim, _position(5, 1, 0, 0)), 2 * 140_000 * 3 gwei);
    }
}
