// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {InferenceConsumer} from "../../src/consumer/InferenceConsumer.sol";
import {IDeliveries, IInferenceConsumer, Result, Told} from "../../src/interfaces/IDeliveries.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Tensor, Tensors} from "../../src/libraries/Tensors.sol";
import {Claim, ClaimStatus, Delivery, Levels, Request} from "../../src/types/Claim.sol";
import {ClaimId, ModelId} from "../../src/types/Identity.sol";
import {Shape} from "../../src/types/Model.sol";
import {Alphabet} from "../toys/Alphabet.sol";
import {Posted} from "../toys/BatchWorld.sol";
import {DeliveryWorld} from "../toys/DeliveryWorld.sol";
import {Run} from "../toys/World.sol";

/// @notice Keeps what it is told; may be told to misbehave.
contract Listener is InferenceConsumer {
    enum Mood {
        Well,
        Reverts,
        Burns,
        Bomb,
        Reenters
    }

    Mood public mood;
    uint256 public results;
    uint256 public revoked;
    uint256 public failed;
    bytes32 public last;
    bytes private _again;

    constructor(IDeliveries deliveries_) InferenceConsumer(deliveries_, Levels.BUILT) {}

    function ask(Request calldata terms) external returns (uint256) {
        return _ask(terms);
    }

    function behave(Mood mood_, bytes calldata again) external {
        (mood, _again) = (mood_, again);
    }

    function askAbout(Request calldata terms, Tensor[] calldata inputs) external returns (uint256) {
        return _ask(terms, inputs);
    }

    function consume(ModelId model, Claim calldata claim, Result calldata result) external view returns (ClaimId) {
        return _consume(model, claim, result);
    }

    function _onResult(ClaimId, uint256, Tensor[] calldata outputs) internal override {
        if (mood == Mood.Reverts) revert("no");
        if (mood == Mood.Burns) while (true) last = keccak256(abi.encode(last));
        if (mood == Mood.Bomb) {
            assembly {
                return(0, 60000)
            }
        }
        if (mood == Mood.Reenters) {
            (bool again,) = address(deliveries).call(_again);
            require(!again, "told twice");
        }
        results++;
        last = keccak256(outputs[0].data);
    }

    function _onRevoked(ClaimId, uint256) internal override {
        revoked++;
    }

    function _onFailed(uint256) internal override {
        failed++;
    }
}

contract DeliveriesTest is DeliveryWorld {
    Listener private listener;

    function _retier(uint8 mode) private {
        _deployDeliveries(mode);
        listener = new Listener(deliveries);
        vm.prank(treasury);
        opg.transfer(address(listener), 100e18);
    }

    function _expect(bytes4 selector, bytes memory arguments) private {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _resultOf(Run memory run) private pure returns (Result memory r) {
        r.salt = run.salt;
        r.outputs = new Tensor[](1);
        r.outputs[0] = Tensor(Shape.wrap((uint40(Tensors.U8) << 32) | 256), run.results[KERNELS - 1]);
    }

    function _answered(Run memory run) private returns (Claim memory claim, ClaimId id, Result memory r) {
        Request memory terms = _request(_inputSide(run));
        uint256 requestId = listener.ask(terms);
        claim = _claimOf(run, terms, requestId);
        claim.requester = address(listener);
        r = _resultOf(run);
        claim.output = Hashes.claimSide(run.salt, 1, Tensors.listRoot(r.outputs));
        vm.prank(signer);
        id = market.post(claim, terms.deadline, "");
    }

    function test_tensorRootsAreThoseOfTheSpec() external pure {
        Run memory run = _run(3);
        Result memory r = _resultOf(run);
        assertEq(Tensors.root(r.outputs[0]), Alphabet.tensorRoot(run.results[KERNELS - 1]));
    }

    function test_fastTellsAtOnceAndRevokes() external {
        _retier(Delivery.FAST);
        (Claim memory claim,, Result memory r) = _answered(_lie(1, 2, 3));
        assertTrue(deliveries.deliver(claim, r));
        assertEq(listener.results(), 1);
        assertEq(listener.last(), keccak256(r.outputs[0].data));
        _expect(IDeliveries.DeliveriesKnown.selector, abi.encode(claim.requestId, Told.Result));
        deliveries.deliver(claim, r);
        vm.expectPartialRevert(IDeliveries.DeliveriesNotReady.selector);
        deliveries.deliverVoid(claim);
        _void(claim);
        assertEq(opg.balanceOf(address(listener)), 100e18 + COVERAGE);
        assertTrue(deliveries.deliverVoid(claim));
        assertEq(listener.revoked(), 1);
        _expect(IDeliveries.DeliveriesKnown.selector, abi.encode(claim.requestId, Told.Revoked));
        deliveries.deliverVoid(claim);
        _expect(IDeliveries.DeliveriesKnown.selector, abi.encode(claim.requestId, Told.Revoked));
        deliveries.deliver(claim, r);
    }

    function test_finalTellsOnlyWhatIsFinal() external {
        _retier(Delivery.FINAL);
        (Claim memory claim, ClaimId id, Result memory r) = _answered(_run(1));
        _expect(IDeliveries.DeliveriesNotReady.selector, abi.encode(id, ClaimStatus.Open, Delivery.FINAL));
        deliveries.deliver(claim, r);
        _expect(IDeliveries.DeliveriesNotReady.selector, abi.encode(id, ClaimStatus.Open, Delivery.FINAL));
        listener.takeResult(claim, r);
        _finalise(claim);
        assertTrue(deliveries.deliver(claim, r));
        assertEq(listener.results(), 1);
        (Claim memory lie,, Result memory false_) = _answered(_lie(2, 2, 3));
        _void(lie);
        vm.expectPartialRevert(IDeliveries.DeliveriesNotReady.selector);
        deliveries.deliver(lie, false_);
        assertTrue(deliveries.deliverVoid(lie));
        assertEq(listener.failed(), 1);
        assertEq(listener.results(), 1);
        assertEq(listener.revoked(), 0);
    }

    function test_pullMode() external {
        _retier(Delivery.PULL);
        (Claim memory claim, ClaimId id, Result memory r) = _answered(_run(1));
        _expect(IDeliveries.DeliveriesNotReady.selector, abi.encode(id, ClaimStatus.Open, Delivery.PULL));
        deliveries.deliver(claim, r);
        _expect(IDeliveries.DeliveriesNotRequester.selector, abi.encode(this, listener));
        deliveries.pull(claim, r);
        listener.takeResult(claim, r);
        _expect(IDeliveries.DeliveriesKnown.selector, abi.encode(claim.requestId, Told.Result));
        listener.takeResult(claim, r);
    }

    function test_refundFails() external {
        _retier(Delivery.FAST);
        Request memory terms = _request(_inputSide(_run(1)));
        uint256 requestId = listener.ask(terms);
        _expect(IDeliveries.DeliveriesNotRefunded.selector, abi.encode(requestId));
        deliveries.deliverRefund(requestId);
        vm.warp(terms.deadline + 1);
        market.refund(requestId, address(listener), terms);
        assertTrue(deliveries.deliverRefund(requestId));
        assertEq(listener.failed(), 1);
        _expect(IDeliveries.DeliveriesKnown.selector, abi.encode(requestId, Told.Failed));
        deliveries.deliverRefund(requestId);
        _expect(IDeliveries.DeliveriesNotRefunded.selector, abi.encode(requestId + 1));
        deliveries.deliverRefund(requestId + 1);
    }

    function test_otherBytesAreNoResult() external {
        _retier(Delivery.FAST);
        (Claim memory claim,, Result memory r) = _answered(_run(1));
        r.outputs[0].data[7] ^= 0x01;
        vm.expectPartialRevert(IDeliveries.DeliveriesOutputDiffers.selector);
        deliveries.deliver(claim, r);
        r.outputs[0].data = new bytes(255);
        _expect(Tensors.TensorsLengthInvalid.selector, abi.encode(255, 256));
        deliveries.deliver(claim, r);
    }

    /// Attack: a callback that reverts, burns its gas, or returns a bomb. It harms itself only, and is told again.
    function test_callbackThatRevertsBurnsGasOrReturnsABomb() external {
        _retier(Delivery.FAST);
        (Claim memory claim,, Result memory r) = _answered(_run(1));
        Listener.Mood[3] memory moods = [Listener.Mood.Reverts, Listener.Mood.Burns, Listener.Mood.Bomb];
        for (uint256 i; i < 2; i++) {
            listener.behave(moods[i], "");
            uint256 left = gasleft();
            assertFalse(deliveries.deliver(claim, r));
            assertLt(left - gasleft(), 500_000);
            assertEq(uint8(deliveries.told(claim.requestId)), uint8(Told.Nothing));
        }
        // The claim's money moves on without it.
        _finalise(claim);
        assertEq(opg.balanceOf(payee), FEE * 8 / 10);
        listener.behave(Listener.Mood.Bomb, "");
        uint256 before = gasleft();
        assertTrue(deliveries.deliver(claim, r));
        assertLt(before - gasleft(), 500_000);
    }

    /// Attack: too little gas handed on, so that the callback fails. Refused before it is tried.
    function test_callbackStarvedOfGas() external {
        _retier(Delivery.FAST);
        (Claim memory claim,, Result memory r) = _answered(_run(1));
        vm.expectPartialRevert(IDeliveries.DeliveriesGasTooLow.selector);
        deliveries.deliver{gas: 350_000}(claim, r);
        assertEq(listener.results(), 0);
    }

    /// Attack: a callback that comes back for a second telling.
    function test_reentrantCallback() external {
        _retier(Delivery.FAST);
        (Claim memory claim,, Result memory r) = _answered(_run(1));
        listener.behave(Listener.Mood.Reenters, abi.encodeCall(IDeliveries.deliver, (claim, r)));
        assertTrue(deliveries.deliver(claim, r));
        assertEq(listener.results(), 1);
    }

    /// Attack: an operator makes up a request in the contract's name. Nothing is told.
    function test_unaskedResult() external {
        _retier(Delivery.FAST);
        Run memory run = _lie(1, 2, 3);
        Claim[] memory claims = new Claim[](1);
        claims[0] = _offChain(run, 1);
        claims[0].requester = address(listener);
        Result memory r = _resultOf(run);
        claims[0].output = Hashes.claimSide(run.salt, 1, Tensors.listRoot(r.outputs));
        Posted memory p = _post(claims);
        _show(p, 0);
        _expect(IDeliveries.DeliveriesNotAsked.selector, abi.encode(claims[0].requestId));
        deliveries.deliver(claims[0], r);
        _expect(InferenceConsumer.ConsumerNotDeliveries.selector, abi.encode(this));
        listener.onResult(p.ids[0], 1, r.outputs);
    }

    /// Attack: a leaf that nobody has seen is relied on. Only what was shown, and is final since, is consumed.
    function test_hiddenLeafConsumed() external {
        _retier(Delivery.PULL);
        Run memory run = _run(1);
        Claim[] memory claims = new Claim[](1);
        claims[0] = _offChain(run, 1);
        Result memory r = _resultOf(run);
        claims[0].output = Hashes.claimSide(run.salt, 1, Tensors.listRoot(r.outputs));
        Posted memory p = _post(claims);
        skip(tier.window);
        _expect(InferenceConsumer.ConsumerNotFinal.selector, abi.encode(p.ids[0], ClaimStatus.None));
        listener.consume(model, claims[0], r);
        _show(p, 0);
        // Shown in the last second, it has a whole window before it.
        skip(tier.window);
        _expect(InferenceConsumer.ConsumerNotFinal.selector, abi.encode(p.ids[0], ClaimStatus.Open));
        listener.consume(model, claims[0], r);
        _finalise(claims[0]);
        bytes memory call = abi.encodeCall(Listener.consume, (model, claims[0], r));
        // As in a transaction of its own: nothing is warm but its target.
        vm.cool(address(market));
        uint256 before = gasleft();
        (, bytes memory id) = address(listener).staticcall(call);
        assertLt(before - gasleft(), 15_000, "all but its calldata");
        assertEq(id, abi.encode(p.ids[0]));
        _expect(InferenceConsumer.ConsumerModelDiffers.selector, abi.encode(model, bytes32("other")));
        listener.consume(ModelId.wrap("other"), claims[0], r);
        claims[0].level = Levels.SIGNED;
        _expect(InferenceConsumer.ConsumerLevelTooLow.selector, abi.encode(Levels.SIGNED, Levels.BUILT));
        listener.consume(model, claims[0], r);
    }

    /// Attack: a lie that nobody was paid to look at is lodged, becomes final, and is relied on. Refused: nothing backs it.
    function test_lodgedClaimConsumed() external {
        _retier(Delivery.PULL);
        Run memory run = _lie(1, 2, 3);
        Claim memory claim = _offChain(run, 1);
        Result memory r = _resultOf(run);
        claim.output = Hashes.claimSide(run.salt, 1, Tensors.listRoot(r.outputs));
        ClaimId id = market.digest(claim);
        bytes memory signature = _sign(claim);
        vm.warp(claim.postBy + 1);
        batches.lodge(claim, signature);
        _finalise(claim);
        _expect(InferenceConsumer.ConsumerNotCovered.selector, abi.encode(id));
        listener.consume(model, claim, r);
    }

    function test_statusByDigest() external {
        _retier(Delivery.FAST);
        (Claim memory claim, ClaimId id,) = _answered(_run(1));
        assertEq(uint8(listener.status(id)), uint8(ClaimStatus.Open));
        _finalise(claim);
        assertEq(uint8(listener.status(id)), uint8(ClaimStatus.Final));
        assertEq(uint8(listener.status(ClaimId.wrap("other"))), uint8(ClaimStatus.None));
    }

    function test_askedInputIsShownUnsalted() external {
        _retier(Delivery.FAST);
        Tensor[] memory inputs = new Tensor[](2);
        inputs[0] = Tensors.fromU8(hex"0102");
        inputs[1] = Tensors.fromI32(new int32[](3));
        Request memory terms = _request(0);
        vm.expectEmit();
        emit IInferenceConsumer.InputShown(1, inputs);
        uint256 requestId = listener.askAbout(terms, inputs);
        terms.input = Hashes.claimSide(0, 0, Tensors.listRoot(inputs));
        assertEq(market.waiting(requestId), keccak256(abi.encode(requestId, address(listener), terms)));
    }

    function test_levelBelowTheRequiredIsNotAskedFor() external {
        _retier(Delivery.FAST);
        Request memory terms = _request("input");
        terms.level = Levels.OPTIMISTIC;
        _expect(InferenceConsumer.ConsumerLevelTooLow.selector, abi.encode(Levels.OPTIMISTIC, Levels.BUILT));
        listener.ask(terms);
    }

    function i32At(Tensor memory t, uint256 i) external pure returns (int32) {
        return Tensors.i32At(t, i);
    }

    function test_tensorsThereAndBack() external {
        int32[] memory values = new int32[](100);
        uint32[] memory bits = new uint32[](100);
        for (uint256 i; i < 100; i++) {
            values[i] = int32(uint32(uint256(keccak256(abi.encode(i)))));
            bits[i] = uint32(values[i]);
        }
        Tensor memory t = Tensors.fromI32(values);
        Tensor memory f = Tensors.fromF32(bits);
        for (uint256 i; i < 100; i++) {
            assertEq(Tensors.i32At(t, i), values[i]);
            assertEq(Tensors.f32At(f, i), bits[i]);
        }
        assertEq(uint8(t.data[0]), uint8(uint32(values[0])), "little-endian");
        Tensor memory u = Tensors.fromU8(hex"00ff80");
        assertEq(Tensors.u8At(u, 1), 255);
        u.shape = Shape.wrap((uint40(Tensors.I8) << 32) | 3);
        assertEq(Tensors.i8At(u, 1), -1);
        _expect(Tensors.TensorsDtypeDiffers.selector, abi.encode(Tensors.F32, Tensors.I32));
        this.i32At(f, 0);
        _expect(Tensors.TensorsIndexOutOfRange.selector, abi.encode(100, 100));
        this.i32At(t, 100);
    }
}
