// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {NewWork} from "../governance/NewWork.sol";
import {IBatches} from "../interfaces/IBatches.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {Split} from "../interfaces/IFees.sol";
import {Held, IMarket, Standing} from "../interfaces/IMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {INewWork} from "../interfaces/INewWork.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IStaking, Shares} from "../interfaces/IStaking.sol";
import {Backing, Claim, ClaimRecord, ClaimStatus, Levels, Opening, Parameters, Request} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";
import {Batches} from "./Batches.sol";
import {Due, Fees} from "./Fees.sol";
import {Tiers} from "./Tiers.sol";

/// @notice What a Market is wired to, for good. `disputes` is usually deployed after it, at an address known beforehand.
struct Wiring {
    IOPG opg;
    IStaking staking;
    IModelRegistry registry;
    IDisputes disputes;
    /// where the audit share of fees goes
    address auditPool;
    /// the only one that may change what docs/governance.md lists: a Timelock
    address governance;
    /// the first that may pause new work; 0: none
    address guardian;
}

/// @notice Escrow, requests and claims.
contract Market is IMarket, Fees, EIP712 {
    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "Claim(bytes32 modelRoot,bytes32 input,bytes32 output,address operator,address requester,uint256 requestId,uint128 fee,uint128 coverage,uint32 level,bytes32 parameters,uint64 postBy)"
    );
    /// @dev A signature is good for at most this long before its postBy.
    uint256 public constant POST_AHEAD = 24 hours;
    uint256 public constant LONGEST_REQUEST = 30 days;

    /// @inheritdoc IMarket
    IDisputes public immutable disputes;
    /// @inheritdoc IMarket
    IBatches public immutable batches;
    /// @inheritdoc IMarket
    INewWork public immutable newWork;
    /// @inheritdoc IMarket
    address public immutable governance;
    /// @dev F, one for all tiers, so that a claim's quietAt follows from its record alone.
    uint32 public immutable freeze;
    /// @notice seconds
    uint256 public immutable longestExposure;

    mapping(bytes32 parametersHash => Parameters) private _tiers;
    /// @inheritdoc IMarket
    mapping(uint256 requestId => bytes32 termsHash) public waiting;
    mapping(ClaimId => ClaimRecord) private _claims;

    constructor(Wiring memory w, Parameters[] memory tiers)
        Fees(w.opg, w.staking, w.registry, w.auditPool)
        EIP712("OpenGradient", "1")
    {
        require(
            address(w.registry) != address(0) && address(w.disputes) != address(0) && w.auditPool != address(0)
                && w.governance != address(0),
            MarketZeroAddress()
        );
        require(tiers.length > 0 && tiers.length <= 16, MarketParameterOutOfRange("tiers", tiers.length, 1, 16));
        disputes = w.disputes;
        uint32 sameFreeze = tiers[0].freeze;
        uint256 longest;
        for (uint256 i; i < tiers.length; i++) {
            Parameters memory p = tiers[i];
            Tiers.check(p);
            require(p.freeze == sameFreeze, MarketParameterOutOfRange("freeze", p.freeze, sameFreeze, sameFreeze));
            uint256 exposure = Tiers.exposure(p);
            if (exposure > longest) longest = exposure;
            _addTier(p);
        }
        freeze = sameFreeze;
        longestExposure = longest;
        batches = new Batches(w.staking, sameFreeze);
        newWork = new NewWork(w.governance, w.guardian);
        governance = w.governance;
    }

    modifier onlyCourt() {
        require(msg.sender == address(disputes), MarketNotCourt(msg.sender));
        _;
    }

    modifier onlyBatches() {
        require(msg.sender == address(batches), MarketNotBatches(msg.sender));
        _;
    }

    /// @inheritdoc IMarket
    function request(Request calldata terms) external returns (uint256 requestId) {
        _checkTerms(terms);
        requestId = ++_pots.serial;
        waiting[requestId] = _termsHash(requestId, msg.sender, terms);
        emit Requested(requestId, msg.sender, terms.operator, terms);
        opg.transferFrom(msg.sender, address(this), terms.fee);
    }

    /// @inheritdoc IMarket
    function refund(uint256 requestId, address requester, Request calldata terms) external {
        require(block.timestamp > terms.deadline, MarketDeadlineNotPassed(terms.deadline, block.timestamp));
        _checkWaiting(requestId, _termsHash(requestId, requester, terms));
        waiting[requestId] = bytes32(uint256(uint160(requester)));
        emit Refunded(requestId, requester, terms.fee);
        opg.transfer(requester, terms.fee);
    }

    /// @inheritdoc IMarket
    function post(Claim calldata claim, uint64 deadline, bytes calldata signature) external returns (ClaimId id) {
        address signer;
        (id, signer) = _post(claim, deadline);
        if (signature.length == 0) {
            _checkSender(claim.operator, signer);
        } else {
            (address given,,) = ECDSA.tryRecoverCalldata(ClaimId.unwrap(id), signature);
            require(given == signer, MarketNotOperator(claim.operator, given));
        }
    }

    /// @inheritdoc IMarket
    function postOpened(Claim calldata claim, uint64 deadline, Opening calldata opening)
        external
        returns (ClaimId id)
    {
        address signer;
        (id, signer) = _post(claim, deadline);
        _checkSender(claim.operator, signer);
        disputes.openAtPost(id, claim, opening);
    }

    /// @inheritdoc IMarket
    function finalise(Claim calldata claim) external {
        (ClaimId id, ClaimRecord storage c) = _openClaim(claim);
        require(c.pending == 0, MarketDemandsPending(id, c.pending));
        Parameters storage p = _tiers[claim.parameters];
        uint256 frozenAt = _frozenAt(c);
        uint256 finalAfter = _quietAt(c, frozenAt) + p.grace;
        if (frozenAt != 0 && frozenAt + freeze > finalAfter) finalAfter = frozenAt + freeze;
        require(block.timestamp > finalAfter, MarketNotQuiet(id, finalAfter));
        c.status = ClaimStatus.Final;

        Split memory s;
        Backing backing = c.backing;
        address payee = backing == Backing.Bond ? address(0) : staking.unlock(claim.operator, claim.coverage);
        if (backing == Backing.Request) {
            uint256 madeAt = c.windowEnd - p.window;
            s = _settle(Due(claim.modelRoot, claim.operator, claim.fee, p.auditBps, p.burnBps, madeAt));
            _payOperator(claim.operator, payee, s.toOperator, s.toDelegators);
        }
        emit Finalised(id, s.toOperator, s.toDelegators, s.toAuthor, s.toAudits, s.burnt);
    }

    /// @inheritdoc IMarket
    function quote(Request calldata terms) external view returns (Split memory s) {
        Parameters memory p = _checkTerms(terms);
        (s,) = _split(Due(terms.modelRoot, terms.operator, terms.fee, p.auditBps, p.burnBps, block.timestamp));
    }

    /// @inheritdoc IMarket
    function lockBatch(address operator, uint128 coverage, bytes32 parametersHash)
        external
        onlyBatches
        returns (address signer, uint32 window)
    {
        window = _tiers[parametersHash].window;
        require(window > 0, MarketTierUnknown(parametersHash));
        // Its claims were signed up to so long ago.
        newWork.check(parametersHash, POST_AHEAD);
        signer = staking.lock(operator, coverage);
    }

    /// @inheritdoc IMarket
    function unlockBatch(address operator, uint128 coverage) external onlyBatches {
        staking.unlock(operator, coverage);
    }

    /// @inheritdoc IMarket
    function open(Claim calldata claim, Backing backing) external onlyBatches returns (ClaimId id) {
        id = digest(claim);
        ClaimRecord storage c = _claims[id];
        if (c.status != ClaimStatus.Final && c.backing == Backing.Bond && backing == Backing.Batch) {
            c.backing = backing;
            emit Backed(id);
            // It fell before its leaf was shown: what was locked for it pays all the same, the reward to who was lied to.
            if (c.status == ClaimStatus.Void) staking.slash(claim.operator, claim.coverage, claim.requester, claim.requester);
            return id;
        }
        require(c.status == ClaimStatus.None, MarketClaimKnown(id, c.status));
        require(claim.requestId > type(uint64).max, MarketNumberReserved(claim.requestId));
        require(claim.level == Levels.BUILT, MarketLevelNotBuilt(claim.level));
        // OPG can not be paid to 0: such a claim could not be voided.
        require(claim.requester != address(0), MarketZeroAddress());
        Parameters memory p = tier(claim.parameters);
        _checkCoverage(p, claim.fee, claim.coverage);
        // Reverts unless it is published: nothing could be shown of it in a dispute.
        registry.author(claim.modelRoot);
        _keep(id, claim, p.window, backing);
    }

    /// @inheritdoc IMarket
    function resplit(bytes32 from, uint16 auditBps, uint16 burnBps) external returns (bytes32 to) {
        require(msg.sender == governance, MarketNotGovernance(msg.sender));
        Parameters memory p = tier(from);
        (p.auditBps, p.burnBps) = (auditBps, burnBps);
        Tiers.check(p);
        to = _addTier(p);
        newWork.move(from, to);
    }

    /// @inheritdoc IMarket
    function hold(Claim calldata claim) external onlyCourt returns (Held memory) {
        (ClaimId id, ClaimRecord storage c) = _openClaim(claim);
        c.pending++;
        uint256 frozenAt = _frozenAt(c);
        Parameters storage p = _tiers[claim.parameters];
        return Held({
            id: id,
            madeAt: uint40(c.windowEnd - p.window),
            windowEnd: uint40(_windowEnd(c, frozenAt)),
            quietAt: _quietAt(c, frozenAt),
            answer: p.answer,
            reaction: p.reaction
        });
    }

    /// @inheritdoc IMarket
    function answered(ClaimId id, uint40 quiet) external onlyCourt {
        ClaimRecord storage c = _claims[id];
        c.pending--;
        // At most freeze + D(A+R) past windowEnd (Tiers.check, Deadlines): below 2^24 seconds.
        if (quiet > uint256(c.windowEnd) + c.extension) c.extension = uint24(quiet - c.windowEnd);
    }

    /// @inheritdoc IMarket
    function void(Claim calldata claim, address challenger) external onlyCourt {
        (ClaimId id, ClaimRecord storage c) = _openClaim(claim);
        c.status = ClaimStatus.Void;
        Shares memory shares = c.backing == Backing.Bond
            ? staking.slashBond(claim.operator, claim.coverage, claim.requester, challenger)
            : staking.slash(claim.operator, claim.coverage, claim.requester, challenger);
        emit Voided(id, challenger, shares);
        if (c.backing == Backing.Request) opg.transfer(claim.requester, claim.fee);
    }

    /// @inheritdoc IMarket
    function digest(Claim calldata claim) public view returns (ClaimId) {
        return ClaimId.wrap(_hashTypedDataV4(keccak256(abi.encode(CLAIM_TYPEHASH, claim))));
    }

    /// @inheritdoc IMarket
    function statusOf(Claim calldata claim) external view returns (ClaimId id, ClaimStatus status, Backing backing) {
        id = digest(claim);
        ClaimRecord storage c = _claims[id];
        (status, backing) = (c.status, c.backing);
    }

    /// @inheritdoc IMarket
    function standing(Claim calldata claim) external view returns (Standing memory) {
        ClaimId id = digest(claim);
        return _standing(id, _claims[id], claim.parameters);
    }

    /// @inheritdoc IMarket
    function quietAt(ClaimId id) external view returns (uint40 quiet) {
        ClaimRecord storage c = _claims[id];
        require(c.status == ClaimStatus.Open, MarketClaimNotOpen(id, c.status));
        quiet = uint40(uint256(c.windowEnd) + c.extension);
        // Until then a freeze changes no answer to "is it quiet?", and is not looked up.
        if (block.timestamp > quiet) quiet = _quietAt(c, _frozenAt(c));
    }

    /// @inheritdoc IMarket
    function windowBegan(Claim calldata claim) external view returns (uint256) {
        ClaimRecord storage c = _claims[digest(claim)];
        return c.status == ClaimStatus.None ? block.timestamp : c.windowEnd - _tiers[claim.parameters].window;
    }

    /// @inheritdoc IMarket
    function record(ClaimId id) external view returns (ClaimRecord memory stored, uint40 quiet) {
        stored = _claims[id];
        quiet = _quietAt(_claims[id], _frozenAt(_claims[id]));
    }

    /// @inheritdoc IMarket
    function tier(bytes32 parametersHash) public view returns (Parameters memory p) {
        p = _tiers[parametersHash];
        require(p.window > 0, MarketTierUnknown(parametersHash));
    }

    /// @inheritdoc IMarket
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IMarket
    function requests() external view returns (uint256) {
        return _pots.serial;
    }

    function _addTier(Parameters memory p) private returns (bytes32 parametersHash) {
        parametersHash = Tiers.hash(p);
        _tiers[parametersHash] = p;
        emit TierAdded(parametersHash, p);
    }

    function _checkTerms(Request calldata terms) private view returns (Parameters memory p) {
        require(block.timestamp <= terms.deadline, MarketDeadlinePassed(terms.deadline, block.timestamp));
        uint256 latest = block.timestamp + LONGEST_REQUEST;
        require(terms.deadline <= latest, MarketDeadlineTooFar(terms.deadline, latest));
        require(terms.level == Levels.BUILT, MarketLevelNotBuilt(terms.level));
        require(terms.fee > 0, MarketZeroFee());
        p = tier(terms.parameters);
        newWork.check(terms.parameters, 0);
        _checkCoverage(p, terms.fee, terms.coverage);
        require(registry.isOpen(terms.modelRoot), MarketModelNotOpen(terms.modelRoot));
        require(staking.signerOf(terms.operator) != address(0), MarketOperatorUnknown(terms.operator));
    }

    function _checkCoverage(Parameters memory p, uint128 fee, uint128 coverage) private pure {
        uint128 least = fee > p.minCoverage ? fee : p.minCoverage;
        require(
            coverage >= least && coverage <= p.maxCoverage, MarketCoverageOutOfRange(coverage, least, p.maxCoverage)
        );
    }

    /// @dev Everything of a post but whose it is: the caller compares `signer` or reverts.
    function _post(Claim calldata claim, uint64 deadline) private returns (ClaimId id, address signer) {
        require(block.timestamp <= deadline, MarketDeadlinePassed(deadline, block.timestamp));
        require(block.timestamp <= claim.postBy, MarketDeadlinePassed(claim.postBy, block.timestamp));
        uint256 latest = block.timestamp + POST_AHEAD;
        require(claim.postBy <= latest, MarketPostTooEarly(claim.postBy, latest));
        id = digest(claim);
        ClaimRecord storage c = _claims[id];
        require(c.status == ClaimStatus.None, MarketClaimKnown(id, c.status));
        Request memory terms = Request({
            modelRoot: claim.modelRoot,
            input: claim.input,
            operator: claim.operator,
            fee: claim.fee,
            coverage: claim.coverage,
            level: claim.level,
            parameters: claim.parameters,
            deadline: deadline
        });
        _checkWaiting(claim.requestId, _termsHash(claim.requestId, claim.requester, terms));
        delete waiting[claim.requestId];
        _keep(id, claim, _tiers[claim.parameters].window, Backing.Request);
        signer = staking.lock(claim.operator, claim.coverage);
    }

    function _keep(ClaimId id, Claim calldata claim, uint32 window, Backing backing) private {
        uint32 windowEnd = uint32(block.timestamp) + window;
        _claims[id] = ClaimRecord({
            operator: claim.operator,
            windowEnd: windowEnd,
            extension: 0,
            pending: 0,
            status: ClaimStatus.Open,
            backing: backing
        });
        emit Posted(id, claim.requestId, claim.operator, claim, windowEnd);
    }

    function _checkWaiting(uint256 requestId, bytes32 termsHash) private view {
        require(waiting[requestId] == termsHash, MarketRequestUnknown(requestId));
    }

    function _checkSender(address operator, address signer) private view {
        require(msg.sender == signer || msg.sender == operator, MarketNotOperator(operator, msg.sender));
    }

    function _openClaim(Claim calldata claim) private view returns (ClaimId id, ClaimRecord storage c) {
        id = digest(claim);
        c = _claims[id];
        require(c.status == ClaimStatus.Open, MarketClaimNotOpen(id, c.status));
    }

    function _standing(ClaimId id, ClaimRecord storage c, bytes32 parametersHash)
        private
        view
        returns (Standing memory)
    {
        uint256 frozenAt = _frozenAt(c);
        return Standing({
            id: id,
            status: c.status,
            windowEnd: uint40(_windowEnd(c, frozenAt)),
            quietAt: _quietAt(c, frozenAt),
            parameters: _tiers[parametersHash]
        });
    }

    /// @dev A lodged claim is not frozen: `restore` does not wait for it, and a window must not shrink again.
    function _frozenAt(ClaimRecord storage c) private view returns (uint256) {
        return c.status == ClaimStatus.Open && c.backing != Backing.Bond ? staking.frozenAt(c.operator) : 0;
    }

    /// @dev A freeze during the window keeps it open until frozenAt + F; later it only delays `finalise`.
    /// So a freeze adds at most F to how long a claim can stay open.
    function _windowEnd(ClaimRecord storage c, uint256 frozenAt) private view returns (uint256 windowEnd) {
        windowEnd = c.windowEnd;
        if (frozenAt != 0 && frozenAt <= windowEnd && frozenAt + freeze > windowEnd) windowEnd = frozenAt + freeze;
    }

    function _quietAt(ClaimRecord storage c, uint256 frozenAt) private view returns (uint40) {
        uint256 end = _windowEnd(c, frozenAt);
        uint256 quiet = uint256(c.windowEnd) + c.extension;
        return uint40(quiet > end ? quiet : end);
    }

    function _termsHash(uint256 requestId, address requester, Request memory terms) private pure returns (bytes32) {
        return keccak256(abi.encode(requestId, requester, terms));
    }
}
