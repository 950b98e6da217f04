// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IArbiter, Roots} from "../interfaces/IArbiter.sol";
import {Commitment, Demand, DemandStatus, Floor, IDisputes, NodeProof, Proof} from "../interfaces/IDisputes.sol";
import {Held, IMarket, Standing} from "../interfaces/IMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {Hashes} from "../libraries/Hashes.sol";
import {Claim, ClaimStatus, Opening} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";
import {Model} from "../types/Model.sol";
import {Objects, Position} from "../types/Position.sol";
import {Deadlines} from "./Deadlines.sol";
import {Nodes} from "./Nodes.sol";
import {Place, Places} from "./Places.sol";
import {Prices} from "./Prices.sol";

/// @notice Buy data, prove one element.
contract Disputes is IDisputes {
    using Places for Place;

    Position private constant CLAIM = Position.wrap(0);
    uint256 private constant PROOF_DELAY_BLOCKS = 2;
    uint256 private constant MOST_BOND = 1e27;
    uint256 private constant MOST_FLOOR = 100 gwei;

    IMarket public immutable market;
    IArbiter public immutable arbiter;
    IOPG public immutable opg;
    IStaking public immutable staking;
    IModelRegistry public immutable registry;
    /// @inheritdoc IDisputes
    uint128 public immutable bond;
    /// @inheritdoc IDisputes
    address public immutable governance;
    /// @dev No claim of before the last change is open once so many seconds have passed.
    uint256 private immutable _longestExposure;

    Floor private _floor;

    mapping(bytes32 demandKey => Demand) private _demands;
    mapping(bytes32 commitmentKey => Commitment) private _commitments;
    /// @inheritdoc IDisputes
    mapping(ClaimId => bytes32) public openings;
    /// @inheritdoc IDisputes
    mapping(address account => uint256) public credits;

    constructor(IMarket market_, IArbiter arbiter_, uint128 bond_, uint256 baseFeeFloor_) {
        require(address(market_.disputes()) == address(this), DisputesNotMarket(address(market_)));
        require(bond_ >= 1 && bond_ <= MOST_BOND, DisputesParameterOutOfRange("bond", bond_, 1, MOST_BOND));
        (market, arbiter, bond) = (market_, arbiter_, bond_);
        (governance, _longestExposure) = (market_.governance(), market_.longestExposure());
        _setFloor(0, baseFeeFloor_, 0);
        (opg, staking, registry) = (market_.opg(), market_.staking(), market_.registry());
    }

    /// @inheritdoc IDisputes
    function demandOpening(Claim calldata claim) external payable {
        Held memory h = market.hold(claim);
        _checkPaid(Prices.openingGas(), h.madeAt);
        require(openings[h.id] == 0, DisputesAlreadyOpened(h.id));
        _ask(h, CLAIM, 0, 0);
        opg.transferFrom(msg.sender, address(this), openingPrice(claim));
    }

    /// @inheritdoc IDisputes
    function demand(Claim calldata claim, Opening calldata opening, Position position, NodeProof calldata proof)
        external
        payable
    {
        Held memory h = market.hold(claim);
        _checkOpening(h.id, opening);
        Place memory place = Places.locate(registry, claim.modelRoot, position);
        _checkPaid(_answerGas(place, position), h.madeAt);
        _ask(h, position, place.target(claim, opening, position, proof), place.depth);
    }

    /// @inheritdoc IDisputes
    function open(Claim calldata claim, Opening calldata opening) external {
        Standing memory s = _standing(claim);
        require(
            staking.mayDefend(claim.operator, msg.sender), DisputesNotOperator(claim.operator, msg.sender)
        );
        _answer(s, claim.operator, CLAIM, 0);
        _keepOpening(s.id, claim, opening);
    }

    /// @inheritdoc IDisputes
    function settleOpening(Claim calldata claim) external {
        Standing memory s = market.standing(claim);
        require(s.status != ClaimStatus.Open, DisputesClaimUndecided(s.id));
        Demand storage d = _inState(s.id, CLAIM, 0, DemandStatus.Answered);
        d.status = DemandStatus.Settled;
        address to = s.status == ClaimStatus.Void ? d.demander : staking.payeeOf(claim.operator);
        uint256 amount = openingPrice(claim);
        emit OpeningSettled(s.id, to, amount);
        opg.transfer(to, amount);
    }

    /// @inheritdoc IDisputes
    function openAtPost(ClaimId id, Claim calldata claim, Opening calldata opening) external {
        require(msg.sender == address(market), DisputesNotMarket(msg.sender));
        _keepOpening(id, claim, opening);
    }

    /// @inheritdoc IDisputes
    function reveal(Claim calldata claim, Position position, bytes calldata data) external {
        Standing memory s = _standing(claim);
        Place memory place = Places.locate(registry, claim.modelRoot, position);
        uint8 j = position.j();
        uint256 length = j == 0 ? 256 : 32 * Nodes.children(place.leaves, j, position.i());
        require(data.length == length, DisputesDataLengthInvalid(position, data.length, length));
        bytes32 target = j == 0 ? Hashes.leaf(data) : _foldChildren(claim, position, data);
        if (j == place.height) target = place.wrap(position.object(), target);
        _answer(s, claim.operator, position, target);
        emit Revealed(s.id, position, target, msg.sender, data);
    }

    /// @inheritdoc IDisputes
    function expire(Claim calldata claim, Position position, bytes32 target) external {
        ClaimId id = market.digest(claim);
        Demand storage d = _asked(id, position, target);
        require(block.timestamp > d.due, DisputesNotDue(id, position, d.due));
        d.status = DemandStatus.Expired;
        address demander = d.demander;
        emit Expired(id, position, target, demander);
        _payBack(d, claim, position);
        market.void(claim, demander);
    }

    /// @inheritdoc IDisputes
    function reclaim(Claim calldata claim, Position position, bytes32 target) external {
        Standing memory s = market.standing(claim);
        require(s.status == ClaimStatus.Void, DisputesClaimNotVoid(s.id, s.status));
        Demand storage d = _asked(s.id, position, target);
        d.status = DemandStatus.Moot;
        emit Reclaimed(s.id, position, target, d.demander);
        _payBack(d, claim, position);
    }

    /// @inheritdoc IDisputes
    function commit(ClaimId id, bytes32 commitment) external {
        uint256 quietAt = market.quietAt(id);
        require(block.timestamp <= quietAt, DisputesTooLate(id, quietAt, block.timestamp));
        Commitment storage kept = _commitments[_commitmentKey(id, msg.sender, commitment)];
        require(kept.time == 0, DisputesCommitmentKnown(id, msg.sender, commitment));
        (kept.time, kept.blockNumber) = (uint40(block.timestamp), uint48(block.number));
        emit Committed(id, msg.sender, commitment);
        opg.transferFrom(msg.sender, address(this), bond);
    }

    /// @inheritdoc IDisputes
    function prove(Claim calldata claim, Opening calldata opening, Proof calldata proof) external {
        Standing memory s = _standing(claim);
        bytes32 commitment = keccak256(abi.encode(s.id, proof.kernel, proof.element, msg.sender, proof.salt));
        Commitment storage kept = _bonded(s.id, msg.sender, commitment);
        uint256 first = kept.blockNumber + PROOF_DELAY_BLOCKS;
        require(block.number >= first, DisputesProofTooEarly(block.number, first));
        uint256 last = kept.time + s.parameters.grace;
        require(block.timestamp <= last, DisputesProofTooLate(block.timestamp, last));
        _checkOpening(s.id, opening);
        // No try/catch: what does not prove reverts, so a caller who starves the Arbiter of gas gets no verdict.
        arbiter.proveElement(_roots(claim, opening), proof.kernel, proof.element, proof.witness);
        emit Proven(s.id, msg.sender, proof.kernel, proof.element);
        _returnBond(kept, s.id, msg.sender, commitment);
        market.void(claim, msg.sender);
    }

    /// @inheritdoc IDisputes
    function settleBond(Claim calldata claim, address prover, bytes32 commitment) external {
        Standing memory s = market.standing(claim);
        Commitment storage kept = _bonded(s.id, prover, commitment);
        if (s.status == ClaimStatus.Void) return _returnBond(kept, s.id, prover, commitment);
        uint256 last = kept.time + s.parameters.grace;
        require(block.timestamp > last, DisputesBondNotDue(s.id, last));
        kept.settled = true;
        emit BondSettled(s.id, prover, commitment, true);
        opg.burn(bond);
    }

    /// @inheritdoc IDisputes
    function withdraw(address payable to) external {
        uint256 amount = credits[msg.sender];
        require(amount > 0, DisputesNothingToWithdraw(msg.sender));
        credits[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        (bool sent,) = to.call{value: amount}("");
        require(sent, DisputesTransferFailed(to, amount));
    }

    /// @inheritdoc IDisputes
    function setBaseFeeFloor(uint256 floor) external {
        require(msg.sender == governance, DisputesNotGovernance(msg.sender));
        uint256 earliest = _floor.from + _longestExposure;
        require(block.timestamp >= earliest, DisputesFloorTooSoon(earliest));
        _setFloor(_floor.next, floor, block.timestamp);
    }

    /// @inheritdoc IDisputes
    function baseFeeFloor() external view returns (uint256) {
        Floor memory f = _floor;
        return f.before > f.next && block.timestamp < f.from + _longestExposure ? f.before : f.next;
    }

    /// @inheritdoc IDisputes
    function price(Claim calldata claim, Position position) external view returns (uint256) {
        uint256 gas = position.isClaim()
            ? Prices.openingGas()
            : _answerGas(Places.locate(registry, claim.modelRoot, position), position);
        return _native(gas, market.windowBegan(claim));
    }

    /// @inheritdoc IDisputes
    function openingPrice(Claim calldata claim) public pure returns (uint256) {
        return Prices.opening(claim.fee, claim.coverage);
    }

    /// @inheritdoc IDisputes
    function depth(Claim calldata claim, Position position) external view returns (uint256) {
        return position.isClaim() ? 0 : Places.locate(registry, claim.modelRoot, position).depth;
    }

    /// @inheritdoc IDisputes
    function demands(ClaimId id, Position position, bytes32 target) external view returns (Demand memory) {
        return _demands[_demandKey(id, position, target)];
    }

    /// @inheritdoc IDisputes
    function commitments(ClaimId id, address prover, bytes32 commitment) external view returns (Commitment memory) {
        return _commitments[_commitmentKey(id, prover, commitment)];
    }

    function _ask(Held memory h, Position position, bytes32 target, uint256 depth_) private {
        uint256 last = Deadlines.lastDemand(h.windowEnd, h.quietAt, depth_, uint256(h.answer) + h.reaction);
        require(block.timestamp <= last, DisputesTooLate(h.id, last, block.timestamp));
        Demand storage d = _demands[_demandKey(h.id, position, target)];
        require(d.status == DemandStatus.None, DisputesDemandKnown(h.id, position, d.status));
        uint40 due = uint40(Deadlines.due(block.timestamp, h.answer));
        (d.demander, d.due, d.gweiIn, d.status) = (msg.sender, due, uint48(msg.value / 1 gwei), DemandStatus.Asked);
        emit Demanded(h.id, position, target, msg.sender, due, msg.value);
    }

    /// @dev Closes a demand in favour of the operator's hot key, whoever brings the answer: a demander who copies it from
    /// the mempool does not get its price back.
    function _answer(Standing memory s, address operator, Position position, bytes32 target) private {
        Demand storage d = _asked(s.id, position, target);
        require(block.timestamp <= d.due, DisputesPastDue(s.id, position, d.due));
        d.status = DemandStatus.Answered;
        credits[staking.signerOf(operator)] += uint256(d.gweiIn) * 1 gwei;
        market.answered(s.id, uint40(Deadlines.quietAfter(s.quietAt, block.timestamp, s.parameters.reaction)));
    }

    function _payBack(Demand storage d, Claim calldata claim, Position position) private {
        credits[d.demander] += uint256(d.gweiIn) * 1 gwei;
        if (position.isClaim()) opg.transfer(d.demander, openingPrice(claim));
    }

    function _keepOpening(ClaimId id, Claim calldata claim, Opening calldata opening) private {
        bytes32 input = Hashes.claimSide(opening.salt, 0, opening.inputRoot);
        require(input == claim.input, DisputesSideDiffers(input, claim.input));
        bytes32 output = Hashes.claimSide(opening.salt, 1, opening.outputRoot);
        require(output == claim.output, DisputesSideDiffers(output, claim.output));
        openings[id] = keccak256(abi.encode(opening));
        emit Opened(id, opening);
    }

    function _returnBond(Commitment storage kept, ClaimId id, address prover, bytes32 commitment) private {
        kept.settled = true;
        emit BondSettled(id, prover, commitment, false);
        opg.transfer(prover, bond);
    }

    function _standing(Claim calldata claim) private view returns (Standing memory s) {
        s = market.standing(claim);
        require(s.status == ClaimStatus.Open, DisputesClaimNotOpen(s.id, s.status));
    }

    function _asked(ClaimId id, Position position, bytes32 target) private view returns (Demand storage) {
        return _inState(id, position, target, DemandStatus.Asked);
    }

    function _inState(ClaimId id, Position position, bytes32 target, DemandStatus wanted)
        private
        view
        returns (Demand storage d)
    {
        d = _demands[_demandKey(id, position, target)];
        require(d.status == wanted, DisputesNoDemand(id, position, target));
    }

    function _bonded(ClaimId id, address prover, bytes32 commitment) private view returns (Commitment storage kept) {
        kept = _commitments[_commitmentKey(id, prover, commitment)];
        require(kept.time != 0 && !kept.settled, DisputesNoCommitment(id, prover, commitment));
    }

    function _checkOpening(ClaimId id, Opening calldata opening) private view {
        bytes32 given = keccak256(abi.encode(opening));
        bytes32 expected = openings[id];
        require(given == expected, DisputesOpeningDiffers(id, given, expected));
    }

    function _checkPaid(uint256 gas, uint256 madeAt) private view {
        uint256 least = _native(gas, madeAt);
        require(msg.value >= least, DisputesPriceTooLow(msg.value, least));
        require(msg.value % 1 gwei == 0, DisputesNotWholeGwei(msg.value));
        uint256 most = uint256(type(uint48).max) * 1 gwei;
        require(msg.value <= most, DisputesPriceTooHigh(msg.value, most));
    }

    function _native(uint256 gas, uint256 madeAt) private view returns (uint256) {
        Floor memory f = _floor;
        uint256 floor = madeAt < f.from ? f.before : f.next;
        return Prices.native(gas, block.basefee > floor ? block.basefee : floor);
    }

    function _setFloor(uint64 before, uint256 next, uint256 from) private {
        require(next >= 1 && next <= MOST_FLOOR, DisputesParameterOutOfRange("baseFeeFloor", next, 1, MOST_FLOOR));
        _floor = Floor(before, uint64(next), uint40(from));
        emit BaseFeeFloorSet(next);
    }

    function _answerGas(Place memory place, Position position) private pure returns (uint256) {
        uint8 j = position.j();
        if (j == 0) return Prices.revealGas(0);
        uint256 hashes = Nodes.children(place.leaves, j, position.i());
        bool foot = position.object() == Objects.TRACE && j == 1;
        return foot ? Prices.tracedGas(hashes, place.outputs) : Prices.revealGas(hashes);
    }

    /// @dev What the children in an answer hash to. At the foot of the trace they come as tensorRoots.
    function _foldChildren(Claim calldata claim, Position position, bytes calldata data) private view returns (bytes32) {
        bytes32[] memory hashes = Nodes.load(data);
        if (position.object() == Objects.TRACE && position.j() == 1) {
            uint32 rank = uint32(position.i() * Nodes.FAN_OUT);
            bytes32 salt = Hashes.traceSalt(claim.operator, claim.requester, claim.requestId);
            Places.traceLeaves(hashes, salt, rank, registry.outputs(claim.modelRoot));
        }
        return Nodes.fold(hashes);
    }

    function _roots(Claim calldata claim, Opening calldata opening) private view returns (Roots memory) {
        Model memory m = registry.model(claim.modelRoot);
        return Roots({
            programRoot: m.programRoot,
            weightsRoot: m.weightsRoot,
            inputRoot: opening.inputRoot,
            outputRoot: opening.outputRoot,
            traceRoot: opening.traceRoot,
            traceSalt: Hashes.traceSalt(claim.operator, claim.requester, claim.requestId),
            kernels: m.kernels,
            inputs: m.inputs,
            weights: m.weights,
            outputs: registry.outputs(claim.modelRoot)
        });
    }

    function _demandKey(ClaimId id, Position position, bytes32 target) private pure returns (bytes32) {
        return keccak256(abi.encode(id, position, target));
    }

    function _commitmentKey(ClaimId id, address prover, bytes32 commitment) private pure returns (bytes32) {
        return keccak256(abi.encode(id, prover, commitment));
    }
}
