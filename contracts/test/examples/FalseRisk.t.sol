// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Application, LendingGate, Policy, Stage} from "../../src/examples/LendingGate.sol";
import {IDeliveries, Result, Told} from "../../src/interfaces/IDeliveries.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Tensor, Tensors} from "../../src/libraries/Tensors.sol";
import {Allocation, OPG} from "../../src/token/OPG.sol";
import {Claim, Delivery, Levels, Request} from "../../src/types/Claim.sol";
import {DeliveryWorld} from "../toys/DeliveryWorld.sol";

/// @notice The gate on the real Market, with an operator that lies for a borrower that never pays: what the pool loses, and gets back.
contract FalseRiskTest is DeliveryWorld {
    uint256 private constant POOL = 10_000e18;
    uint256 private constant AMOUNT = 1_000e18;
    uint256 private constant COLLATERAL = 250e18;

    OPG private token;
    LendingGate private gate;
    uint16 private coverBps;
    address private lender = makeAddr("lender");
    address private borrower = makeAddr("borrower");
    Application private application = Application(1500, 1000, 12, 700, 3, 6, 20, 95);

    function _open(uint8 mode, uint16 coverBps_) private {
        _deployDeliveries(mode);
        coverBps = coverBps_;
        Allocation[] memory genesis = new Allocation[](1);
        genesis[0] = Allocation(borrower, 1_000_000_000e18);
        token = new OPG(genesis);
        Policy memory policy = Policy({
            model: model,
            operator: operator,
            parameters: tierHash,
            fee: FEE,
            coverBps: coverBps,
            yearBps: 2_400,
            mostRisk: 2_000,
            collateralBps: 2_500,
            patience: 1 hours,
            grace: 3 days
        });
        vm.prank(lender);
        gate = new LendingGate(deliveries, policy, token);
        vm.startPrank(treasury);
        opg.transfer(address(gate), POOL);
        opg.transfer(borrower, FEE);
        vm.stopPrank();
        vm.startPrank(borrower);
        opg.approve(address(gate), FEE);
        token.approve(address(gate), type(uint256).max);
        vm.stopPrank();
    }

    /// @dev Applied and not answered.
    function _asked() private returns (Claim memory claim) {
        vm.prank(borrower);
        claim.requestId = gate.applyFor(application);
        (claim.modelRoot, claim.operator, claim.requester) = (model, operator, address(gate));
        claim.input = Hashes.claimSide(0, 0, Tensors.listRoot(gate.inputsOf(application)));
        (claim.fee, claim.coverage) = (FEE, uint128(AMOUNT * coverBps / 10_000));
        (claim.level, claim.parameters, claim.postBy) = (Levels.BUILT, tierHash, uint64(block.timestamp + 1 hours));
    }

    function _result(int32 risk) private pure returns (Result memory result) {
        int32[] memory values = new int32[](1);
        values[0] = risk;
        result.outputs = new Tensor[](1);
        result.outputs[0] = Tensors.fromI32(values);
    }

    /// @dev Answered with the least risk there is.
    function _lied() private returns (Claim memory claim, Result memory result) {
        claim = _asked();
        result = _result(0);
        claim.output = Hashes.claimSide(0, 1, Tensors.listRoot(result.outputs));
        vm.prank(signer);
        market.post(claim, claim.postBy, "");
    }

    function _draw(uint256 requestId) private {
        vm.prank(borrower);
        gate.draw(requestId);
    }

    function _stageOf(uint256 requestId) private view returns (Stage stage) {
        (, stage,,,,) = gate.loans(requestId);
    }

    /// A false result never touches the pool of a gate that waits for finality; it gains the coverage.
    function test_finalIsSaved() external {
        _open(Delivery.FINAL, 10_000);
        (Claim memory claim, Result memory result) = _lied();
        vm.expectPartialRevert(IDeliveries.DeliveriesNotReady.selector);
        deliveries.deliver(claim, result);
        vm.expectPartialRevert(LendingGate.GateStageDiffers.selector);
        _draw(claim.requestId);
        _void(claim);
        assertTrue(deliveries.deliverVoid(claim));
        gate.reclaim(claim.requestId);
        assertEq(gate.free(), POOL + AMOUNT, "all it had, and the coverage");
        assertEq(opg.balanceOf(borrower), FEE);
    }

    /// A gate that lends on what was posted is short of the amount until the claim falls, and then of nothing.
    function test_fastLosesAndRecovers() external {
        _open(Delivery.FAST, 10_000);
        (Claim memory claim, Result memory result) = _lied();
        assertTrue(deliveries.deliver(claim, result));
        _draw(claim.requestId);
        assertEq(gate.free(), POOL - AMOUNT, "lost for now");
        uint256 stake = staking.operators(operator).staked;
        _void(claim);
        assertEq(gate.free(), POOL + FEE, "the coverage is the amount; the fee is back too");
        assertTrue(deliveries.deliverVoid(claim));
        skip(3 days + 1);
        gate.seize(claim.requestId);
        assertEq(token.balanceOf(lender), COLLATERAL);
        assertEq(stake - staking.operators(operator).staked, 3 * AMOUNT + FAULT_BOND, "what the lie cost");
    }

    /// With less coverage the pool loses at most amount − coverage − fee, and has the collateral for it.
    function testFuzz_fastLosesAtMost(uint16 cover) external {
        _open(Delivery.FAST, uint16(bound(cover, 100, 10_000)));
        (Claim memory claim, Result memory result) = _lied();
        deliveries.deliver(claim, result);
        _draw(claim.requestId);
        _void(claim);
        deliveries.deliverVoid(claim);
        skip(3 days + 1);
        gate.seize(claim.requestId);
        assertEq(gate.free(), POOL - AMOUNT + AMOUNT * coverBps / 10_000 + FEE);
        assertEq(token.balanceOf(lender), COLLATERAL);
    }

    /// The operator and the borrower in one hand, challenging themselves: what the pool lends is less than what they burn.
    function test_borrowerAndOperatorInOneHandLose() external {
        _open(Delivery.FAST, 10_000);
        uint256 before = opg.balanceOf(challenger) + opg.balanceOf(borrower) + staking.operators(operator).staked;
        (Claim memory claim, Result memory result) = _lied();
        deliveries.deliver(claim, result);
        _draw(claim.requestId);
        _void(claim);
        uint256 left = opg.balanceOf(challenger) + opg.balanceOf(borrower) + staking.operators(operator).staked;
        // 3c + M, less c/2 + M/4 that come back to the challenger, less the amount; the fee is the gate's now.
        assertEq(before - left, 3 * AMOUNT + FAULT_BOND - AMOUNT / 2 - FAULT_BOND / 4 - AMOUNT + FEE);
    }

    function test_silence() external {
        _open(Delivery.FAST, 10_000);
        Claim memory claim = _asked();
        vm.warp(claim.postBy + 1);
        market.refund(claim.requestId, address(gate), _termsOf(claim));
        assertTrue(deliveries.deliverRefund(claim.requestId));
        gate.reclaim(claim.requestId);
        assertEq(opg.balanceOf(borrower), FEE);
        assertEq(gate.free(), POOL);
    }

    function _termsOf(Claim memory c) private pure returns (Request memory) {
        return Request(c.modelRoot, c.input, c.operator, c.fee, c.coverage, c.level, c.parameters, c.postBy);
    }

    /// Starved of gas nothing happens, and it can be delivered again, or taken by anyone through the gate.
    function test_starvedThenTaken() external {
        _open(Delivery.FAST, 10_000);
        (Claim memory claim, Result memory result) = _lied();
        vm.expectPartialRevert(IDeliveries.DeliveriesGasTooLow.selector);
        deliveries.deliver{gas: 340_000}(claim, result);
        assertEq(uint8(deliveries.told(claim.requestId)), uint8(Told.Nothing));
        gate.takeResult(claim, result);
        assertEq(uint8(_stageOf(claim.requestId)), uint8(Stage.Offered));
        vm.expectPartialRevert(IDeliveries.DeliveriesKnown.selector);
        deliveries.deliver(claim, result);
    }

    /// Output of another kind than the model's, from a liar: the callback throws, the claim still falls, the fee is back.
    function test_outputOfAnotherKind() external {
        _open(Delivery.FAST, 10_000);
        Claim memory claim = _asked();
        Result memory result;
        result.outputs = new Tensor[](1);
        result.outputs[0] = Tensors.fromU8(hex"00");
        claim.output = Hashes.claimSide(0, 1, Tensors.listRoot(result.outputs));
        vm.prank(signer);
        market.post(claim, claim.postBy, "");
        assertFalse(deliveries.deliver(claim, result));
        _void(claim);
        assertTrue(deliveries.deliverVoid(claim));
        assertEq(uint8(_stageOf(claim.requestId)), uint8(Stage.Failed));
    }

    /// What a callback and an application cost, as a part of the 300,000 that every callback gets.
    function test_callbacksFitWell() external {
        _open(Delivery.FAST, 10_000);
        (Claim memory claim, Result memory result) = _lied();
        uint256 left = gasleft();
        deliveries.deliver(claim, result);
        assertLt(left - gasleft(), 150_000);
    }
}
