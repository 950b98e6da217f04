// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IDisputes} from "../interfaces/IDisputes.sol";
import {Held, IMarket, Standing} from "../interfaces/IMarket.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IOPG} from "../interfaces/IOPG.sol";
import {IStaking, Shares} from "../interfaces/IStaking.sol";
import {Claim, ClaimRecord, ClaimStatus, Levels, Opening, Parameters, Request} from "../types/Claim.sol";
import {ClaimId} from "../types/Identity.sol";
import {FeeSplit, Split} from "./FeeSplit.sol";
import {Tiers} from "./Tiers.sol";

/// @notice What a Market is wired to, for good. `disputes` is usually deployed after it, at an address known beforehand.
struct Wiring {
    IOPG opg;
    IStaking staking;
    IModelRegistry registry;
    IDisputes disputes;
    /// where the audit share of fees goes
    address auditPool;
}

/// @notice Requests made, and the shares of fees that wait here to be burnt or paid. One slot, so that a first `finalise`
/// finds it in use. Every amount of OPG fits in 96 bits.
struct Totals {
    uint64 requests;
    uint96 burnable;
    uint96 audits;
}

/// @notice Escrow, requests and claims.
contract Market is IMarket, EIP712 {
    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "Claim(bytes32 modelRoot,bytes32 input,bytes32 output,address operator,address requester,uint256 requestId,uint128 fee,uint128 coverage,uint32 level,bytes32 parameters,uint64 postBy)"
    );
    /// @dev A signature is good for at most this long before its postBy.
    uint256 public constant POST_AHEAD = 24 hours;
    uint256 public constant LONGEST_REQUEST = 30 days;

    IOPG public immutable opg;
    IStaking public immutable staking;
    IModelRegistry public immutable registry;
    IDisputes public immutable disputes;
    address public immutable auditPool;
    /// @dev F, one for all tiers, so that a claim's quietAt follows from its record alone.
    uint32 public immutable freeze;
    /// @notice seconds
    uint256 public immutable longestExposure;

    mapping(bytes32 parametersHash => Parameters) private _tiers;
    /// @inheritdoc IMarket
    mapping(uint256 requestId => bytes32 termsHash) public waiting;
    mapping(ClaimId => ClaimRecord) private _claims;
    Totals private _totals;

    constructor(Wiring memory w, Parameters[] memory tiers) EIP712("OpenGradient", "1") {
        require(
            address(w.opg) != address(0) && address(w.staking) != address(0) && address(w.registry) != address(0)
                && address(w.disputes) != address(0) && w.auditPool != address(0),
            MarketZeroAddress()
        );
        require(tiers.length > 0 && tiers.length <= 16, MarketParameterOutOfRange("tiers", tiers.length, 1, 16));
        (opg, staking, registry, disputes, auditPool) = (w.opg, w.staking, w.registry, w.disputes, w.auditPool);
        uint32 sameFreeze = tiers[0].freeze;
        uint256 longest;
        for (uint256 i; i < tiers.length; i++) {
            Parameters memory p = tiers[i];
            Tiers.check(p);
            require(p.freeze == sameFreeze, MarketParameterOutOfRange("freeze", p.freeze, sameFreeze, sameFreeze));
            uint256 exposure = Tiers.exposure(p);
            if (exposure > longest) longest = exposure;
            _tiers[Tiers.hash(p)] = p;
            emit TierAdded(Tiers.hash(p), p);
        }
        freeze = sameFreeze;
        longestExposure = longest;
    }

    modifier onlyCourt() {
        require(msg.sender == address(disputes), MarketNotCourt(msg.sender));
        _;
    }

    /// @inheritdoc IMarket
    function request(Request calldata terms) external returns (uint256 requestId) {
        _checkTerms(terms);
        requestId = ++_totals.requests;
        waiting[requestId] = _termsHash(requestId, msg.sender, terms);
        emit Requested(requestId, msg.sender, terms.operator, terms);
        opg.transferFrom(msg.sender, address(this), terms.fee);
    }

    /// @inheritdoc IMarket
    function refund(uint256 requestId, address requester, Request calldata terms) external {
        require(block.timestamp > terms.deadline, MarketDeadlineNotPassed(terms.deadline, block.timestamp));
        _takeRequest(requestId, _termsHash(requestId, requester, terms));
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
        uint256 frozenAt = staking.frozenAt(claim.operator);
        uint256 finalAfter = _quietAt(c, frozenAt) + p.grace;
        if (frozenAt != 0 && frozenAt + freeze > finalAfter) finalAfter = frozenAt + freeze;
        require(block.timestamp > finalAfter, MarketNotQuiet(id, finalAfter));
        c.status = ClaimStatus.Final;

        (address author, uint16 royaltyBps) = registry.author(claim.modelRoot);
        Split memory s = FeeSplit.split(claim.fee, royaltyBps, p.auditBps, p.burnBps);
        _totals.burnable += uint96(s.burnt);
        _totals.audits += uint96(s.toAudits);
        emit Finalised(id, s.toOperator, s.toAuthor, s.toAudits, s.burnt);
        address payee = staking.unlock(claim.operator, claim.coverage);
        opg.transfer(payee, s.toOperator);
        if (s.toAuthor > 0) opg.transfer(author, s.toAuthor);
    }

    /// @inheritdoc IMarket
    function burn() external {
        uint256 amount = _totals.burnable;
        _totals.burnable = 0;
        emit Burnt(amount);
        opg.burn(amount);
    }

    /// @inheritdoc IMarket
    function payAudits() external {
        uint256 amount = _totals.audits;
        _totals.audits = 0;
        emit AuditsPaid(amount);
        opg.transfer(auditPool, amount);
    }

    /// @inheritdoc IMarket
    function hold(Claim calldata claim) external onlyCourt returns (Held memory) {
        (ClaimId id, ClaimRecord storage c) = _openClaim(claim);
        c.pending++;
        uint256 frozenAt = staking.frozenAt(claim.operator);
        Parameters storage p = _tiers[claim.parameters];
        return Held({
            id: id,
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
        if (quiet > c.windowEnd + c.extension) c.extension = uint24(quiet - c.windowEnd);
    }

    /// @inheritdoc IMarket
    function void(Claim calldata claim, address challenger) external onlyCourt {
        (ClaimId id, ClaimRecord storage c) = _openClaim(claim);
        c.status = ClaimStatus.Void;
        Shares memory shares = staking.slash(claim.operator, claim.coverage, claim.requester, challenger);
        emit Voided(id, challenger, shares);
        opg.transfer(claim.requester, claim.fee);
    }

    /// @inheritdoc IMarket
    function digest(Claim calldata claim) public view returns (ClaimId) {
        return ClaimId.wrap(_hashTypedDataV4(keccak256(abi.encode(CLAIM_TYPEHASH, claim))));
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
        quiet = c.windowEnd + c.extension;
        // Until then a freeze changes no answer to "is it quiet?", and is not looked up.
        if (block.timestamp > quiet) quiet = _quietAt(c, staking.frozenAt(c.operator));
    }

    /// @inheritdoc IMarket
    function record(ClaimId id) external view returns (ClaimRecord memory stored, uint40 quiet) {
        stored = _claims[id];
        quiet = _quietAt(_claims[id], stored.status == ClaimStatus.Open ? staking.frozenAt(stored.operator) : 0);
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
    function pots() external view returns (uint96 burnable, uint96 audits) {
        return (_totals.burnable, _totals.audits);
    }

    /// @inheritdoc IMarket
    function requests() external view returns (uint256) {
        return _totals.requests;
    }

    function _checkTerms(Request calldata terms) private view {
        require(block.timestamp <= terms.deadline, MarketDeadlinePassed(terms.deadline, block.timestamp));
        uint256 latest = block.timestamp + LONGEST_REQUEST;
        require(terms.deadline <= latest, MarketDeadlineTooFar(terms.deadline, latest));
        require(terms.level == Levels.BUILT, MarketLevelNotBuilt(terms.level));
        require(terms.fee > 0, MarketZeroFee());
        Parameters memory p = tier(terms.parameters);
        uint128 least = terms.fee > p.minCoverage ? terms.fee : p.minCoverage;
        require(
            terms.coverage >= least && terms.coverage <= p.maxCoverage,
            MarketCoverageOutOfRange(terms.coverage, least, p.maxCoverage)
        );
        require(registry.isOpen(terms.modelRoot), MarketModelNotOpen(terms.modelRoot));
        require(staking.signerOf(terms.operator) != address(0), MarketOperatorUnknown(terms.operator));
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
        _takeRequest(claim.requestId, _termsHash(claim.requestId, claim.requester, terms));
        uint40 windowEnd = uint40(block.timestamp) + _tiers[claim.parameters].window;
        _claims[id] = ClaimRecord({
            operator: claim.operator,
            windowEnd: windowEnd,
            extension: 0,
            pending: 0,
            status: ClaimStatus.Open
        });
        emit Posted(id, claim.requestId, claim.operator, claim, windowEnd);
        signer = staking.lock(claim.operator, claim.coverage);
    }

    function _takeRequest(uint256 requestId, bytes32 termsHash) private {
        require(waiting[requestId] == termsHash, MarketRequestUnknown(requestId));
        delete waiting[requestId];
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
        uint256 frozenAt = c.status == ClaimStatus.Open ? staking.frozenAt(c.operator) : 0;
        return Standing({
            id: id,
            status: c.status,
            windowEnd: uint40(_windowEnd(c, frozenAt)),
            quietAt: _quietAt(c, frozenAt),
            parameters: _tiers[parametersHash]
        });
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
