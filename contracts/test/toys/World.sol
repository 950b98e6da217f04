// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Disputes} from "../../src/dispute/Disputes.sol";
import {NodeProof, Proof} from "../../src/interfaces/IDisputes.sol";
import {IOPG} from "../../src/interfaces/IOPG.sol";
import {Offer} from "../../src/interfaces/IStaking.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Market, Wiring} from "../../src/market/Market.sol";
import {ModelRegistry} from "../../src/registry/ModelRegistry.sol";
import {Staking} from "../../src/staking/Staking.sol";
import {Allocation, OPG} from "../../src/token/OPG.sol";
import {Claim, ClaimRecord, ClaimStatus, Levels, Opening, Parameters, Request} from "../../src/types/Claim.sol";
import {ClaimId, ModelId} from "../../src/types/Identity.sol";
import {Metadata, Origin} from "../../src/types/Model.sol";
import {Position} from "../../src/types/Position.sol";
import {Alphabet, ToyArbiter, ToyValidator, ToyWitness, Trees} from "./Alphabet.sol";

/// @notice What an operator committed to in one run; the liar's is the honest one's with changes.
struct Run {
    bytes32 salt;
    bytes input;
    /// result of each kernel
    bytes[] results;
}

/// @notice All contracts on a fresh chain with the toy machine, and what actors do to them.
abstract contract World is Test {
    uint32 internal constant KERNELS = 5;
    uint128 internal constant BOND = 100e18;
    uint128 internal constant FAULT_BOND = 10_000e18;
    uint128 internal constant FEE = 10e18;
    uint128 internal constant COVERAGE = 100e18;
    uint256 internal constant FLOOR = 1 gwei;
    uint256 internal constant START = 1_800_000_000;

    OPG internal opg;
    ModelRegistry internal registry;
    Staking internal staking;
    Market internal market;
    Disputes internal disputes;

    Parameters internal tier;
    bytes32 internal tierHash;
    ModelId internal model;

    address internal treasury = makeAddr("treasury");
    address internal author = makeAddr("author");
    address internal auditPool = makeAddr("auditPool");
    address internal operator = makeAddr("operator");
    address internal payee = makeAddr("payee");
    address internal requester = makeAddr("requester");
    address internal challenger = makeAddr("challenger");
    address internal stranger = makeAddr("stranger");
    address internal governance;
    address internal guardian = makeAddr("guardian");
    address internal signer;
    uint256 internal signerKey;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1000);
        vm.fee(1 gwei);
        (signer, signerKey) = makeAddrAndKey("signer");
        _deploy();
        _publish();
        _fund(operator);
        _fund(requester);
        _fund(challenger);
        _fund(stranger);
        vm.deal(signer, 100 ether);
        _enrol(operator, signer, payee, 50_000e18);
    }

    function _parameters() internal pure virtual returns (Parameters memory) {
        return Parameters({
            window: 2 hours,
            reaction: 1 hours,
            answer: 36 hours,
            freeze: 24 hours,
            grace: 24 hours,
            auditBps: 500,
            burnBps: 500,
            delivery: 0,
            minCoverage: 1e18,
            maxCoverage: 10_000e18
        });
    }

    function _deploy() internal {
        Allocation[] memory genesis = new Allocation[](1);
        genesis[0] = Allocation(treasury, 1_000_000_000e18);
        opg = _token(genesis);
        registry = new ModelRegistry(new ToyValidator());
        staking = new Staking(IOPG(address(opg)), FAULT_BOND, 30 days);
        governance = _governance();
        _deployMarket(_parameters());
    }

    function _governance() internal virtual returns (address) {
        return makeAddr("governance");
    }

    function _wiring(address court) internal view returns (Wiring memory) {
        return Wiring(IOPG(address(opg)), staking, registry, Disputes(court), auditPool, governance, guardian);
    }

    function _token(Allocation[] memory genesis) internal virtual returns (OPG) {
        return new OPG(genesis);
    }

    function _deployMarket(Parameters memory only) internal {
        tier = only;
        tierHash = keccak256(abi.encode(tier));
        Parameters[] memory tiers = new Parameters[](1);
        tiers[0] = tier;
        // The Market is created next, the toy arbiter after it, then the court.
        address court = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        market = new Market(_wiring(court), tiers);
        disputes = new Disputes(market, new ToyArbiter(), BOND, FLOOR);
    }

    function _publish() internal {
        vm.prank(author);
        model = registry.publish(
            Alphabet.header(KERNELS), Alphabet.descriptors(KERNELS), Origin(0, "source", "compiler"), Metadata(1000, "ipfs://")
        );
    }

    function _fund(address actor) internal {
        vm.prank(treasury);
        opg.transfer(actor, 1_000_000e18);
        vm.deal(actor, 100 ether);
        _letIn(actor);
    }

    function _letIn(address actor) internal {
        vm.startPrank(actor);
        opg.approve(address(staking), type(uint256).max);
        opg.approve(address(market), type(uint256).max);
        opg.approve(address(disputes), type(uint256).max);
        vm.stopPrank();
    }

    function _enrol(address owner, address hot, address to, uint128 stake) internal {
        vm.startPrank(owner);
        staking.register(hot, to, "https://operator.example", new Offer[](0));
        staking.authorise(address(market));
        if (stake > 0) staking.stake(owner, stake);
        vm.stopPrank();
    }

    function _noOffers() internal pure returns (Offer[] memory) {
        return new Offer[](0);
    }

    function _claimPosition() internal pure returns (Position) {
        return Position.wrap(0);
    }

    function _position(uint8 object, uint32 tensor, uint8 j, uint32 i) internal pure returns (Position) {
        return Position.wrap((uint80(object) << 72) | (uint80(tensor) << 40) | (uint80(j) << 32) | i);
    }

    function _request(bytes32 input) internal view returns (Request memory) {
        return Request({
            modelRoot: model,
            input: input,
            operator: operator,
            fee: FEE,
            coverage: COVERAGE,
            level: Levels.BUILT,
            parameters: tierHash,
            deadline: uint64(block.timestamp + 1 hours)
        });
    }

    /// @notice The honest run over letters that follow from the seed.
    function _run(uint256 seed) internal pure returns (Run memory run) {
        run.salt = keccak256(abi.encode("salt", seed));
        run.input = new bytes(256);
        for (uint256 i; i < 256; i++) run.input[i] = bytes1(uint8(uint256(keccak256(abi.encode(seed, i / 32))) >> (8 * (i % 32))));
        run.results = new bytes[](KERNELS);
        bytes memory last = run.input;
        for (uint256 k; k < KERNELS; k++) last = run.results[k] = Alphabet.next(last);
    }

    /// @notice A run that goes wrong at kernel k and is consistent from there on.
    function _lie(uint256 seed, uint256 k, uint256 element) internal pure returns (Run memory run) {
        run = _run(seed);
        run.results[k][element] ^= 0x01;
        for (uint256 next = k + 1; next < KERNELS; next++) run.results[next] = Alphabet.next(run.results[next - 1]);
    }

    function _inputRoot(Run memory run) internal pure returns (bytes32) {
        return Hashes.list(1, Alphabet.tensorRoot(run.input));
    }

    function _inputSide(Run memory run) internal pure returns (bytes32) {
        return Hashes.claimSide(run.salt, 0, _inputRoot(run));
    }

    function _traceLeaves(Run memory run, Claim memory claim) internal pure returns (bytes32[] memory leaves) {
        bytes32 salt = Hashes.traceSalt(claim.operator, claim.requester, claim.requestId);
        leaves = new bytes32[](KERNELS - 1);
        for (uint32 k; k < leaves.length; k++) {
            leaves[k] = Hashes.traceLeaf(salt, k, Alphabet.tensorRoot(run.results[k]));
        }
    }

    function _opening(Run memory run, Claim memory claim) internal pure returns (Opening memory) {
        bytes32 outputRoot = Hashes.list(1, Alphabet.tensorRoot(run.results[KERNELS - 1]));
        return Opening(run.salt, _inputRoot(run), outputRoot, Trees.root(_traceLeaves(run, claim)));
    }

    function _claimOf(Run memory run, Request memory terms, uint256 requestId) internal view returns (Claim memory claim) {
        claim = Claim({
            modelRoot: terms.modelRoot,
            input: terms.input,
            output: bytes32(0),
            operator: terms.operator,
            requester: requester,
            requestId: requestId,
            fee: terms.fee,
            coverage: terms.coverage,
            level: terms.level,
            parameters: terms.parameters,
            postBy: uint64(block.timestamp + 1 hours)
        });
        claim.output = Hashes.claimSide(run.salt, 1, _opening(run, claim).outputRoot);
    }

    /// @notice Requested by the requester, not posted yet.
    function _asked(Run memory run) internal returns (Claim memory claim, uint64 deadline) {
        Request memory terms = _request(_inputSide(run));
        vm.prank(requester);
        uint256 requestId = market.request(terms);
        return (_claimOf(run, terms, requestId), terms.deadline);
    }

    /// @notice Requested and posted by the operator, depth 0 not answered.
    function _posted(Run memory run) internal returns (Claim memory claim, ClaimId id) {
        uint64 deadline;
        (claim, deadline) = _asked(run);
        vm.prank(signer);
        id = market.post(claim, deadline, "");
    }

    /// @notice Requested and posted with depth 0 answered.
    function _postedOpen(Run memory run) internal returns (Claim memory claim, ClaimId id) {
        uint64 deadline;
        (claim, deadline) = _asked(run);
        vm.prank(signer);
        id = market.postOpened(claim, deadline, _opening(run, claim));
    }

    function _sign(Claim memory claim) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKey, ClaimId.unwrap(market.digest(claim)));
        return abi.encodePacked(r, s, v);
    }

    /// @notice What proves kernel k of a run wrong, if it is.
    function _witness(Run memory run, Claim memory claim, uint32 k) internal pure returns (bytes memory) {
        ToyWitness memory w;
        bytes32[] memory leaves = _traceLeaves(run, claim);
        w.source = k == 0 ? run.input : run.results[k - 1];
        w.sourcePath = k == 0 ? new bytes32[](0) : Trees.path(leaves, 0, k - 1);
        w.result = run.results[k];
        w.resultPath = k == KERNELS - 1 ? new bytes32[](0) : Trees.path(leaves, 0, k);
        return abi.encode(w);
    }

    function _status(ClaimId id) internal view returns (ClaimStatus) {
        (ClaimRecord memory record,) = market.record(id);
        return record.status;
    }

    function _noProof() internal pure returns (NodeProof memory) {
        return NodeProof(0, new bytes32[](0), 0, new bytes32[](0));
    }

    /// @notice What answers a demand of the trace's foot.
    function _tensorRoots(Run memory run) internal pure returns (bytes memory roots) {
        for (uint256 k; k < KERNELS - 1; k++) roots = bytes.concat(roots, Alphabet.tensorRoot(run.results[k]));
    }

    function _commitment(ClaimId id, uint32 k, uint32 e, address prover) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, k, e, prover, bytes32("salt")));
    }

    function _commit(address prover, ClaimId id, uint32 k, uint32 e) internal returns (bytes32 commitment) {
        commitment = _commitment(id, k, e, prover);
        vm.prank(prover);
        disputes.commit(id, commitment);
    }

    function _prove(address prover, Run memory run, Claim memory claim, uint32 k, uint32 e) internal {
        Opening memory opening = _opening(run, claim);
        bytes memory witness = _witness(run, claim, k);
        vm.prank(prover);
        disputes.prove(claim, opening, Proof(k, e, "salt", witness));
    }
}
