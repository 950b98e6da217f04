// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {InferenceConsumer} from "../consumer/InferenceConsumer.sol";
import {IDeliveries} from "../interfaces/IDeliveries.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {Tensor, Tensors} from "../libraries/Tensors.sol";
import {Levels, Request} from "../types/Claim.sol";
import {ClaimId, ModelId} from "../types/Identity.sol";

/// @notice What a borrower says of itself: the input of packages/models/loans, in its order. Money in whole OPG, time in months.
struct Application {
    int32 income;
    int32 amount;
    int32 months;
    int32 payments;
    int32 employed;
    int32 late;
    int32 history;
    int32 utilisation;
}

/// @notice What a gate asks, and at which price it lends.
struct Policy {
    ModelId model;
    address operator;
    /// of the tier: in mode fast the gate lends on what was posted, in mode final on what nobody can challenge any more
    bytes32 parameters;
    /// OPG that the borrower pays for the answer
    uint128 fee;
    /// coverage of the answer in basis points of the amount; from 10,000 on a false answer alone costs the pool nothing
    uint16 coverBps;
    /// price of a year without risk, basis points of the amount
    uint16 yearBps;
    /// highest risk that is lent to, basis points
    uint16 mostRisk;
    /// units of the collateral for 10,000 units of OPG
    uint16 collateralBps;
    /// seconds that the operator has to answer
    uint32 patience;
    /// seconds in which an offer can be taken, or a recalled loan paid back
    uint32 grace;
}

enum Stage {
    None,
    Asked,
    Offered,
    Refused,
    Lent,
    Repaid,
    Seized,
    /// no answer that stands: the fee is the borrower's again
    Failed
}

struct Loan {
    address borrower;
    Stage stage;
    uint16 months;
    /// last second to take an offer, or to pay a loan
    uint40 until;
    uint128 principal;
    /// all that is to be paid back
    uint128 owed;
}

/// @notice An example of a contract that asks: a pool of OPG that lends at a price by risk, and has the risk from a model.
/// Whether an application is true is not the model's to say, nor this contract's.
/// @dev The pool is the OPG here but `kept`; to add to it, send OPG. A result decides nothing but an offer, so a callback moves no
/// money and can not fail. What a false result costs: docs/contract-consumer.md.
contract LendingGate is InferenceConsumer {
    using SafeERC20 for IERC20;

    IOPG public immutable opg;
    IERC20 public immutable collateral;
    /// @notice Whose pool it is.
    address public immutable lender;
    Policy public policy;
    mapping(uint256 requestId => Loan) public loans;
    /// @notice Fees that came back and are their borrowers'.
    uint256 public kept;

    event Priced(uint256 indexed requestId, ClaimId id, int32 risk, Stage stage, uint128 owed);
    event Moved(uint256 indexed requestId, Stage stage);
    /// The risk behind a loan that was drawn was false: it is to be paid back, without its price, by `until`.
    event Recalled(uint256 indexed requestId, uint128 owed, uint40 until);

    /// Collateral in OPG could not be told from the pool.
    error GateCollateralIsPool();
    error GateTermsInvalid(int32 amount, int32 months);
    error GateStageDiffers(uint256 requestId, Stage stage, Stage expected);
    error GateCallerDiffers(address caller, address expected);
    error GateTooLate(uint40 until, uint256 time);
    error GateNotDue(uint40 until, uint256 time);
    error GatePoolTooSmall(uint256 free, uint256 amount);

    constructor(IDeliveries deliveries_, Policy memory policy_, IERC20 collateral_)
        InferenceConsumer(deliveries_, Levels.BUILT)
    {
        require(address(collateral_) != address(market.opg()), GateCollateralIsPool());
        (opg, collateral, lender, policy) = (market.opg(), collateral_, msg.sender, policy_);
    }

    /// @notice Asks for the risk of an application; the caller, who becomes the borrower, pays the fee.
    function applyFor(Application calldata a) external returns (uint256 requestId) {
        require(a.amount > 0 && a.months > 0 && a.months <= 600, GateTermsInvalid(a.amount, a.months));
        uint128 principal = uint128(uint32(a.amount)) * 1e18;
        Request memory terms = _terms(principal);
        opg.transferFrom(msg.sender, address(this), terms.fee);
        requestId = _ask(terms, inputsOf(a));
        loans[requestId] = Loan(msg.sender, Stage.Asked, uint16(uint32(a.months)), 0, principal, 0);
    }

    /// @notice The borrower takes the offer: gives the collateral, gets the principal.
    function draw(uint256 requestId) external {
        Loan storage loan = _at(requestId, Stage.Offered);
        require(msg.sender == loan.borrower, GateCallerDiffers(msg.sender, loan.borrower));
        require(block.timestamp <= loan.until, GateTooLate(loan.until, block.timestamp));
        require(loan.principal <= free(), GatePoolTooSmall(free(), loan.principal));
        loan.until = uint40(block.timestamp + uint256(loan.months) * 30 days);
        _move(requestId, loan, Stage.Lent);
        collateral.safeTransferFrom(msg.sender, address(this), _collateralOf(loan));
        opg.transfer(msg.sender, loan.principal);
    }

    /// @notice Anyone pays a loan back; the collateral goes to the borrower.
    function repay(uint256 requestId) external {
        Loan storage loan = _at(requestId, Stage.Lent);
        _move(requestId, loan, Stage.Repaid);
        opg.transferFrom(msg.sender, address(this), loan.owed);
        collateral.safeTransfer(loan.borrower, _collateralOf(loan));
    }

    /// @notice Anyone, once a loan is late: the collateral goes to the lender.
    function seize(uint256 requestId) external {
        Loan storage loan = _at(requestId, Stage.Lent);
        require(block.timestamp > loan.until, GateNotDue(loan.until, block.timestamp));
        _move(requestId, loan, Stage.Seized);
        collateral.safeTransfer(lender, _collateralOf(loan));
    }

    /// @notice Gives the borrower its fee back where no answer stands.
    function reclaim(uint256 requestId) external {
        Loan storage loan = _at(requestId, Stage.Failed);
        _move(requestId, loan, Stage.None);
        kept -= policy.fee;
        opg.transfer(loan.borrower, policy.fee);
    }

    function withdraw(uint256 amount) external {
        require(msg.sender == lender, GateCallerDiffers(msg.sender, lender));
        require(amount <= free(), GatePoolTooSmall(free(), amount));
        opg.transfer(lender, amount);
    }

    /// @notice OPG that can be lent or withdrawn.
    /// @dev A fee that came back counts until the gate is told of it, by anyone, through Deliveries.
    function free() public view returns (uint256) {
        uint256 balance = opg.balanceOf(address(this));
        return balance > kept ? balance - kept : 0;
    }

    /// @notice The model's input: i32 [1, 8].
    function inputsOf(Application calldata a) public pure returns (Tensor[] memory inputs) {
        int32[] memory row = new int32[](8);
        (row[0], row[1], row[2], row[3]) = (a.income, a.amount, a.months, a.payments);
        (row[4], row[5], row[6], row[7]) = (a.employed, a.late, a.history, a.utilisation);
        inputs = new Tensor[](1);
        inputs[0] = Tensors.fromI32(row);
    }

    /// @dev No true result lies outside 0 … 10,000; a false one that does is refused, like every risk above the policy's.
    function _onResult(ClaimId id, uint256 requestId, Tensor[] calldata outputs) internal override {
        Loan storage loan = _at(requestId, Stage.Asked);
        int32 risk = Tensors.i32At(outputs[0], 0);
        if (risk >= 0 && risk <= int32(uint32(policy.mostRisk))) {
            loan.stage = Stage.Offered;
            loan.until = uint40(block.timestamp + policy.grace);
            loan.owed = loan.principal + _price(loan, uint32(risk));
        } else {
            loan.stage = Stage.Refused;
        }
        emit Priced(requestId, id, risk, loan.stage, loan.owed);
    }

    /// @dev Fee and coverage are here already. Who has drawn pays back without a price, less the fee; who was only told
    /// something may apply again. What was paid back or seized meanwhile stays as it is.
    function _onRevoked(ClaimId, uint256 requestId) internal override {
        Loan storage loan = loans[requestId];
        if (loan.stage == Stage.Offered || loan.stage == Stage.Refused) return _fail(requestId);
        if (loan.stage != Stage.Lent) return;
        uint128 fee = policy.fee;
        loan.owed = loan.principal > fee ? loan.principal - fee : 0;
        uint40 soon = uint40(block.timestamp + policy.grace);
        if (soon < loan.until) loan.until = soon;
        emit Recalled(requestId, loan.owed, loan.until);
    }

    function _onFailed(uint256 requestId) internal override {
        _fail(requestId);
    }

    function _fail(uint256 requestId) private {
        kept += policy.fee;
        _move(requestId, loans[requestId], Stage.Failed);
    }

    function _at(uint256 requestId, Stage expected) private view returns (Loan storage loan) {
        loan = loans[requestId];
        require(loan.stage == expected, GateStageDiffers(requestId, loan.stage, expected));
    }

    function _move(uint256 requestId, Loan storage loan, Stage stage) private {
        loan.stage = stage;
        emit Moved(requestId, stage);
    }

    function _terms(uint128 principal) private view returns (Request memory terms) {
        Policy storage p = policy;
        uint128 least = market.tier(p.parameters).minCoverage;
        if (p.fee > least) least = p.fee;
        uint128 coverage = principal * p.coverBps / 10_000;
        terms = Request({
            modelRoot: p.model,
            input: 0,
            operator: p.operator,
            fee: p.fee,
            coverage: coverage > least ? coverage : least,
            level: Levels.BUILT,
            parameters: p.parameters,
            deadline: uint64(block.timestamp + p.patience)
        });
    }

    /// @dev The premium for the risk is due once, the rest by the month. Rounded up.
    function _price(Loan storage loan, uint32 risk) private view returns (uint128) {
        uint256 parts = uint256(loan.principal) * (uint256(policy.yearBps) * loan.months + uint256(risk) * 12);
        return uint128((parts + 119_999) / 120_000);
    }

    /// @dev Rounded up.
    function _collateralOf(Loan storage loan) private view returns (uint256) {
        return (uint256(loan.principal) * policy.collateralBps + 9_999) / 10_000;
    }
}
