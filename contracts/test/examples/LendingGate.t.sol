// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {InferenceConsumer} from "../../src/consumer/InferenceConsumer.sol";
import {MockMarket} from "../../src/consumer/MockMarket.sol";
import {Application, LendingGate, Policy, Stage} from "../../src/examples/LendingGate.sol";
import {IDeliveries, Result} from "../../src/interfaces/IDeliveries.sol";
import {IOPG} from "../../src/interfaces/IOPG.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Tensor, Tensors} from "../../src/libraries/Tensors.sol";
import {Allocation, OPG} from "../../src/token/OPG.sol";
import {Claim, ClaimStatus, Delivery, Request} from "../../src/types/Claim.sol";
import {ClaimId, ModelId} from "../../src/types/Identity.sol";

/// @notice The gate by itself: the test says what the model answers.
contract LendingGateTest is Test {
    uint128 private constant FEE = 2e18;
    uint256 private constant POOL = 10_000e18;
    /// 1,000 at 24 % a year for a year, and 5 % of risk
    uint256 private constant OWED = 1_290e18;

    OPG private opg;
    OPG private collateral;
    MockMarket private mock;
    LendingGate private gate;
    address private lender = makeAddr("lender");
    address private borrower = makeAddr("borrower");

    function setUp() external {
        Allocation[] memory genesis = new Allocation[](1);
        genesis[0] = Allocation(address(this), 1_000_000_000e18);
        (opg, collateral) = (new OPG(genesis), new OPG(genesis));
        _deploy(Delivery.FAST);
    }

    function _deploy(uint8 mode) private {
        mock = new MockMarket(IOPG(address(opg)), mode);
        opg.transfer(address(mock), 100_000e18);
        Policy memory policy = Policy({
            model: ModelId.wrap("model"),
            operator: makeAddr("operator"),
            parameters: "tier",
            fee: FEE,
            coverBps: 10_000,
            yearBps: 2_400,
            mostRisk: 2_000,
            collateralBps: 5_000,
            patience: 1 hours,
            grace: 3 days
        });
        vm.prank(lender);
        gate = new LendingGate(IDeliveries(address(mock)), policy, collateral);
        opg.transfer(address(gate), POOL);
        opg.transfer(borrower, 2_000e18);
        collateral.transfer(borrower, 1_000e18);
        vm.startPrank(borrower);
        opg.approve(address(gate), type(uint256).max);
        collateral.approve(address(gate), type(uint256).max);
        vm.stopPrank();
    }

    function _application() private pure returns (Application memory) {
        return Application(1500, 1000, 12, 100, 60, 0, 120, 30);
    }

    function _apply() private returns (uint256) {
        vm.prank(borrower);
        return gate.applyFor(_application());
    }

    function _risk(int32 risk) private pure returns (Tensor[] memory outputs) {
        int32[] memory values = new int32[](1);
        values[0] = risk;
        outputs = new Tensor[](1);
        outputs[0] = Tensors.fromI32(values);
    }

    function _offered() private returns (uint256 requestId) {
        requestId = _apply();
        mock.answer(requestId, _risk(500));
    }

    function _drawn() private returns (uint256 requestId) {
        requestId = _offered();
        vm.prank(borrower);
        gate.draw(requestId);
    }

    function _stageOf(uint256 requestId) private view returns (Stage stage) {
        (, stage,,,,) = gate.loans(requestId);
    }

    function _owedOf(uint256 requestId) private view returns (uint256 owed) {
        (,,,,, owed) = gate.loans(requestId);
    }

    function _assertStage(uint256 requestId, Stage expected) private view {
        assertEq(uint8(_stageOf(requestId)), uint8(expected));
    }

    function _expectStage(uint256 requestId, Stage stage, Stage expected) private {
        vm.expectRevert(abi.encodeWithSelector(LendingGate.GateStageDiffers.selector, requestId, stage, expected));
    }

    function test_asksAboutTheApplication() external {
        uint256 requestId = _apply();
        Request memory terms = mock.termsOf(requestId);
        int32[8] memory row = [int32(1500), 1000, 12, 100, 60, 0, 120, 30];
        int32[] memory values = new int32[](8);
        for (uint256 i; i < 8; i++) values[i] = row[i];
        Tensor[] memory inputs = new Tensor[](1);
        inputs[0] = Tensors.fromI32(values);
        assertEq(terms.input, Hashes.claimSide(0, 0, Tensors.listRoot(inputs)));
        assertEq(terms.coverage, 1_000e18, "all that a false answer could let go");
        assertEq(opg.balanceOf(borrower), 2_000e18 - FEE);
        assertEq(gate.free(), POOL);
    }

    function test_lendsAtAPriceByRisk() external {
        uint256 requestId = _drawn();
        assertEq(_owedOf(requestId), OWED);
        assertEq(gate.free(), POOL - 1_000e18);
        assertEq(collateral.balanceOf(borrower), 500e18);
        vm.prank(borrower);
        gate.repay(requestId);
        _assertStage(requestId, Stage.Repaid);
        assertEq(gate.free(), POOL + 290e18);
        assertEq(collateral.balanceOf(borrower), 1_000e18);
        _expectStage(requestId, Stage.Repaid, Stage.Lent);
        gate.repay(requestId);
    }

    function test_refusesWhatIsTooRiskyOrNoRisk() external {
        int32[4] memory risks = [int32(2_001), 10_000, -1, type(int32).min];
        for (uint256 i; i < 4; i++) {
            uint256 requestId = _apply();
            mock.answer(requestId, _risk(risks[i]));
            _assertStage(requestId, Stage.Refused);
            _expectStage(requestId, Stage.Refused, Stage.Offered);
            vm.prank(borrower);
            gate.draw(requestId);
        }
        assertEq(gate.free(), POOL);
    }

    function test_lateLoanLosesItsCollateral() external {
        uint256 requestId = _drawn();
        (,,, uint40 until,,) = gate.loans(requestId);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(LendingGate.GateNotDue.selector, until, until));
        gate.seize(requestId);
        vm.warp(until + 1);
        gate.seize(requestId);
        assertEq(collateral.balanceOf(lender), 500e18);
        _assertStage(requestId, Stage.Seized);
    }

    function test_drawRefusals() external {
        uint256 requestId = _offered();
        vm.expectRevert(abi.encodeWithSelector(LendingGate.GateCallerDiffers.selector, address(this), borrower));
        gate.draw(requestId);
        vm.prank(lender);
        gate.withdraw(POOL - 1);
        vm.expectRevert(abi.encodeWithSelector(LendingGate.GatePoolTooSmall.selector, 1, 1_000e18));
        vm.prank(borrower);
        gate.draw(requestId);
        skip(3 days + 1);
        vm.expectRevert(abi.encodeWithSelector(LendingGate.GateTooLate.selector, block.timestamp - 1, block.timestamp));
        vm.prank(borrower);
        gate.draw(requestId);
    }

    function test_termsThatAreNone() external {
        Application memory a = _application();
        int32[2][4] memory wrong = [[int32(0), 12], [int32(-5), 12], [int32(1000), 0], [int32(1000), 601]];
        for (uint256 i; i < 4; i++) {
            (a.amount, a.months) = (wrong[i][0], wrong[i][1]);
            vm.expectRevert(abi.encodeWithSelector(LendingGate.GateTermsInvalid.selector, a.amount, a.months));
            gate.applyFor(a);
        }
        Policy memory policy;
        vm.expectRevert(LendingGate.GateCollateralIsPool.selector);
        new LendingGate(IDeliveries(address(mock)), policy, opg);
    }

    function test_onlyTheLenderWithdrawsAndOnlyThePool() external {
        vm.expectRevert(abi.encodeWithSelector(LendingGate.GateCallerDiffers.selector, address(this), lender));
        gate.withdraw(1);
        mock.fail(_apply());
        vm.expectRevert(abi.encodeWithSelector(LendingGate.GatePoolTooSmall.selector, POOL, POOL + 1));
        vm.prank(lender);
        gate.withdraw(POOL + 1);
        vm.prank(lender);
        gate.withdraw(POOL);
        assertEq(opg.balanceOf(address(gate)), FEE);
    }

    function test_silenceGivesTheFeeBack() external {
        uint256 requestId = _apply();
        mock.fail(requestId);
        _assertStage(requestId, Stage.Failed);
        gate.reclaim(requestId);
        assertEq(opg.balanceOf(borrower), 2_000e18);
        assertEq(gate.free(), POOL);
        _expectStage(requestId, Stage.None, Stage.Failed);
        gate.reclaim(requestId);
    }

    function test_revokedBeforeItWasDrawn() external {
        uint256 offered = _offered();
        uint256 refused = _apply();
        mock.answer(refused, _risk(9_000));
        mock.revoke(offered);
        mock.revoke(refused);
        _expectStage(offered, Stage.Failed, Stage.Offered);
        vm.prank(borrower);
        gate.draw(offered);
        gate.reclaim(offered);
        gate.reclaim(refused);
        assertEq(opg.balanceOf(borrower), 2_000e18);
        assertEq(gate.free(), POOL + 2_000e18, "the coverage of both");
    }

    function test_revokedAfterItWasDrawn() external {
        uint256 requestId = _drawn();
        mock.revoke(requestId);
        (, Stage stage,, uint40 until,, uint128 owed) = gate.loans(requestId);
        assertEq(uint8(stage), uint8(Stage.Lent));
        assertEq(until, block.timestamp + 3 days);
        assertEq(owed, 1_000e18 - FEE, "no price, and the fee that came back");
        vm.prank(borrower);
        gate.repay(requestId);
        assertEq(gate.free(), POOL + 1_000e18);
    }

    function test_recallNeverGivesMoreTime() external {
        uint256 requestId = _drawn();
        (,,, uint40 until,,) = gate.loans(requestId);
        vm.warp(until - 1);
        mock.revoke(requestId);
        (,,, uint40 after_,,) = gate.loans(requestId);
        assertEq(after_, until);
    }

    function test_revokedAfterItWasPaidBack() external {
        uint256 requestId = _drawn();
        vm.prank(borrower);
        gate.repay(requestId);
        mock.revoke(requestId);
        _assertStage(requestId, Stage.Repaid);
    }

    function test_finalWaits() external {
        _deploy(Delivery.FINAL);
        uint256 requestId = _apply();
        mock.answer(requestId, _risk(500));
        _assertStage(requestId, Stage.Asked);
        assertEq(uint8(gate.status(ClaimId.wrap(bytes32(requestId)))), uint8(ClaimStatus.Open));
        vm.expectRevert(abi.encodeWithSelector(MockMarket.MockNotReady.selector, requestId, ClaimStatus.Open, 0));
        mock.deliver(requestId);
        mock.finalise(requestId);
        _assertStage(requestId, Stage.Offered);
    }

    function test_pulled() external {
        _deploy(Delivery.PULL);
        uint256 requestId = _apply();
        Claim memory claim;
        claim.requestId = requestId;
        Result memory result = Result(0, _risk(500));
        mock.answer(requestId, result.outputs);
        _assertStage(requestId, Stage.Asked);
        gate.takeResult(claim, result);
        _assertStage(requestId, Stage.Offered);
        vm.expectRevert(abi.encodeWithSelector(MockMarket.MockNotReady.selector, requestId, ClaimStatus.Open, 1));
        gate.takeResult(claim, result);
    }

    function test_onlyDeliveriesTells() external {
        uint256 requestId = _apply();
        bytes memory stranger = abi.encodeWithSelector(InferenceConsumer.ConsumerNotDeliveries.selector, address(this));
        vm.expectRevert(stranger);
        gate.onResult(ClaimId.wrap(0), requestId, _risk(1));
        vm.expectRevert(stranger);
        gate.onRevoked(ClaimId.wrap(0), requestId);
        vm.expectRevert(stranger);
        gate.onFailed(requestId);
    }

    /// @notice What is owed is the principal and its price, rounded up, for every risk, term and amount.
    function testFuzz_price(uint16 amount, uint16 months, uint16 risk) external {
        Application memory a = _application();
        (a.amount, a.months) = (int32(uint32(amount % 2_000)) + 1, int32(uint32(months % 600)) + 1);
        risk %= 2_001;
        vm.prank(borrower);
        uint256 requestId = gate.applyFor(a);
        mock.answer(requestId, _risk(int32(uint32(risk))));
        uint256 principal = uint256(uint32(a.amount)) * 1e18;
        uint256 exact = principal * (2_400 * uint256(uint32(a.months)) + 12 * uint256(risk));
        uint256 price = _owedOf(requestId) - principal;
        assertGe(price * 120_000, exact);
        assertLt((price - (price > 0 ? 1 : 0)) * 120_000, exact);
    }
}
