// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Deliveries} from "../../src/consumer/Deliveries.sol";
import {IChannels, Parties, Redemption, Voucher} from "../../src/interfaces/IChannels.sol";
import {IDelegation} from "../../src/interfaces/IDelegation.sol";
import {IDeliveries, Result} from "../../src/interfaces/IDeliveries.sol";
import {IDisputes, Proof} from "../../src/interfaces/IDisputes.sol";
import {IFees} from "../../src/interfaces/IFees.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IStaking} from "../../src/interfaces/IStaking.sol";
import {Tensor, Tensors} from "../../src/libraries/Tensors.sol";
import {Channels} from "../../src/market/Channels.sol";
import {Allocation, OPG} from "../../src/token/OPG.sol";
import {Claim, Delivery, Parameters, Request} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Shape} from "../../src/types/Model.sol";
import {HookedOPG} from "../toys/HookedOPG.sol";
import {Run} from "../toys/World.sol";
import {Purse, Worth} from "./Worth.sol";

/// @notice Whenever it is called by anyone, for whatever reason, it tries everything that it has in mind.
contract Reenterer {
    struct Act {
        address to;
        uint256 value;
        bytes data;
    }

    uint256 private constant DEEPEST = 2;
    Act[] private _acts;
    bool public armed;
    uint256 private _depth;
    /// acts that went through while another was under way
    uint256 public nested;

    function mind(address to, uint256 value, bytes calldata data) external {
        _acts.push(Act(to, value, data));
    }

    function arm() external {
        armed = true;
    }

    function acts() external view returns (uint256) {
        return _acts.length;
    }

    function act(uint256 i) public returns (bool done) {
        Act storage a = _acts[i];
        (done,) = a.to.call{value: a.value}(a.data);
    }

    receive() external payable {
        _enter();
    }

    /// Hooks of the token, callbacks of results.
    fallback() external payable {
        _enter();
    }

    function _enter() private {
        if (!armed || _depth == DEEPEST) return;
        _depth++;
        for (uint256 i; i < _acts.length; i++) if (act(i)) nested++;
        _depth--;
    }
}

/// @notice Who has something of every kind coming, and comes back from every transfer, coin and callback for more, gets what
/// it would have got one after another. Attacker: gains ≤ 0 by it. Victims: lose nothing.
contract ReentrancyAttacksTest is Worth {
    Reenterer private attacker;
    /// an operator that others trust, with a pool that is not slashed
    address private host = makeAddr("host");
    IDelegation private delegation;
    Channels private channels;
    Deliveries private deliveries;
    uint256 private sessionKey;
    /// what the attacker has when it did everything in turn, and what the contracts hold then
    Purse private fair;
    uint256 private atMarket;
    uint256 private atDisputes;

    function _token(Allocation[] memory genesis) internal override returns (OPG) {
        return new HookedOPG(genesis);
    }

    function _parameters() internal pure override returns (Parameters memory p) {
        p = super._parameters();
        (p.delivery, p.grace) = (Delivery.FAST, 48 hours);
    }

    function setUp() public override {
        super.setUp();
        attacker = new Reenterer();
        delegation = staking.delegation();
        channels = new Channels(market, 2 days);
        deliveries = new Deliveries(market);
        address session;
        (session, sessionKey) = makeAddrAndKey("session");
        _fund(address(attacker));
        // Others' money lies everywhere.
        address[3] memory all = [address(attacker), requester, stranger];
        for (uint256 i; i < 3; i++) {
            vm.startPrank(all[i]);
            opg.approve(address(delegation), type(uint256).max);
            opg.approve(address(channels), type(uint256).max);
            vm.stopPrank();
        }
        _fund(host);
        _enrol(host, host, host, 50_000e18);
        _enrol(address(attacker), makeAddr("hot"), address(attacker), 50_000e18);
        vm.prank(requester);
        channels.open(address(attacker), session, 1000e18, type(uint40).max);
        vm.startPrank(stranger);
        channels.open(operator, session, 5000e18, type(uint40).max);
        delegation.delegate(host, 5000e18, 0);
        vm.stopPrank();
        _prepare();
        vm.prank(address(attacker));
        HookedOPG(address(opg)).hook();

        // In turn, until nothing more is to be had.
        uint256 before = vm.snapshotState();
        _exhaust();
        Purse memory all_ = _all();
        uint256[2] memory held = [opg.balanceOf(address(market)), opg.balanceOf(address(disputes))];
        vm.revertToState(before);
        (fair, atMarket, atDisputes) = (all_, held[0], held[1]);
    }

    function _exhaust() private {
        for (uint256 i; i < attacker.acts(); i++) attacker.act(i);
    }

    /// @dev What the attacker has anywhere.
    function _all() private view returns (Purse memory p) {
        address a = address(attacker);
        p = _purse(a);
        p.opg += delegation.stakeOf(host, a) + channels.channels(_channel(a, operator, a)).deposit;
    }

    function _channel(address from, address to, address key) private pure returns (bytes32) {
        return keccak256(abi.encode(Parties(from, to, key)));
    }

    function _mind(address to, bytes memory data) private {
        attacker.mind(to, 0, data);
    }

    /// @dev What is due to the attacker; then what it may bring.
    function _prepare() private {
        _prepareQuiet();
        vm.warp(block.timestamp + 31 days);
        _prepareLie();
        _prepareSilence();
        _prepareGifts();
    }

    /// @dev A claim of its own that is long quiet, one that it asked for, and money that thawed or lies in a closed channel.
    function _prepareQuiet() private {
        address a = address(attacker);
        (Claim memory mine, uint64 deadline) = _askedOf(_run(1), a, requester);
        vm.prank(a);
        market.post(mine, deadline, "");
        (Claim memory told, uint64 until) = _askedOf(_run(2), operator, a);
        vm.prank(signer);
        market.post(told, until, "");
        vm.startPrank(a);
        delegation.undelegate(host, delegation.delegate(host, 100e18, 0));
        staking.thaw(1000e18);
        channels.fund(Parties(a, operator, a), 77e18);
        Request memory terms = _request(_inputSide(_run(4)));
        uint256 asked = market.request(terms);
        vm.stopPrank();
        _mind(address(market), abi.encodeCall(IMarket.finalise, (mine)));
        _mind(address(market), abi.encodeCall(IMarket.refund, (asked, a, terms)));
        _mind(address(deliveries), abi.encodeCall(IDeliveries.deliver, (told, _resultOf(_run(2)))));
        _mind(address(delegation), abi.encodeCall(IDelegation.withdraw, (host)));
        _mind(address(staking), abi.encodeCall(IStaking.withdraw, ()));
        _mind(address(channels), abi.encodeCall(IChannels.withdraw, (operator, a)));
        _mind(address(channels), abi.encodeCall(IChannels.redeem, (a, _vouchers(a))));
        _mind(address(market), abi.encodeCall(IFees.burn, ()));
        _mind(address(market), abi.encodeCall(IFees.payAudits, ()));
    }

    /// @dev A lie that it can prove.
    function _prepareLie() private {
        address a = address(attacker);
        Run memory run = _lie(7, 2, 9);
        (Claim memory lie, ClaimId id) = _postedOpen(run);
        vm.prank(a);
        disputes.commit(id, _commitment(id, 2, 9, a));
        Proof memory proof = Proof(2, 9, "salt", _witness(run, lie, 2));
        _mind(address(disputes), abi.encodeCall(IDisputes.prove, (lie, _opening(run, lie), proof)));
    }

    /// @dev A claim whose opening it bought in vain, and one that fell to another, with a bond of its own in it.
    function _prepareSilence() private {
        address a = address(attacker);
        (Claim memory silent,) = _posted(_run(6));
        (Claim memory fallen, ClaimId id) = _posted(_run(5));
        vm.startPrank(a);
        disputes.demandOpening{value: 1 ether}(silent);
        disputes.commit(id, "bond");
        vm.stopPrank();
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(fallen);
        vm.roll(block.number + 2);
        skip(tier.answer + 1);
        disputes.expire(fallen, _claimPosition(), 0);
        _mind(address(disputes), abi.encodeCall(IDisputes.settleBond, (fallen, a, "bond")));
        _mind(address(disputes), abi.encodeCall(IDisputes.expire, (silent, _claimPosition(), 0)));
        _mind(address(disputes), abi.encodeCall(IDisputes.reclaim, (silent, _claimPosition(), 0)));
        _mind(address(disputes), abi.encodeCall(IDisputes.withdraw, (payable(a))));
    }

    /// @dev What it brings would be counted before it is there, if something were badly made.
    function _prepareGifts() private {
        address a = address(attacker);
        (Claim memory fresh, uint64 deadline) = _askedOf(_run(8), a, requester);
        vm.prank(a);
        ClaimId id = market.post(fresh, deadline, "");
        _mind(address(disputes), abi.encodeCall(IDisputes.commit, (id, "late")));
        attacker.mind(address(disputes), 1 ether, abi.encodeCall(IDisputes.demandOpening, (fresh)));
        _mind(address(channels), abi.encodeCall(IChannels.fund, (Parties(a, operator, a), 5e18)));
        _mind(address(staking), abi.encodeCall(IStaking.stake, (a, 5e18)));
        _mind(address(delegation), abi.encodeCall(IDelegation.delegate, (host, 5e18, 0)));
    }

    function _askedOf(Run memory run, address to, address from) private returns (Claim memory claim, uint64 deadline) {
        Request memory terms = _request(_inputSide(run));
        terms.operator = to;
        vm.prank(from);
        uint256 requestId = market.request(terms);
        claim = _claimOf(run, terms, requestId);
        (claim.operator, claim.requester) = (to, from);
        return (claim, terms.deadline);
    }

    function _resultOf(Run memory run) private pure returns (Result memory r) {
        r.salt = run.salt;
        r.outputs = new Tensor[](1);
        r.outputs[0] = Tensor(Shape.wrap((uint40(Tensors.U8) << 32) | 256), run.results[KERNELS - 1]);
    }

    function _vouchers(address to) private view returns (Redemption[] memory list) {
        list = new Redemption[](1);
        Parties memory parties = Parties(requester, to, vm.addr(sessionKey));
        list[0] = Redemption(parties, model, tierHash, 0, 1e18, 40e18, "");
        bytes32 digest = channels.digest(Voucher(keccak256(abi.encode(parties)), model, tierHash, 0, 1e18, 40e18));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(sessionKey, digest);
        list[0].signature = abi.encodePacked(r, s, v);
    }

    /// Each act is once the first, and comes back for all others from wherever it is called.
    function test_reentrantTokenCoinAndCallback() external {
        uint256 nested;
        for (uint256 first; first < attacker.acts(); first++) {
            uint256 before = vm.snapshotState();
            attacker.arm();
            attacker.act(first);
            uint256 seen = attacker.nested();
            // And for what is left.
            _exhaust();
            Purse memory had = _all();
            assertLe(had.opg, fair.opg, "attacker: gains nothing");
            assertLe(had.coin, fair.coin, "nor coin");
            assertEq(opg.balanceOf(address(market)), atMarket, "Market keeps what it owes to others");
            assertEq(opg.balanceOf(address(disputes)), atDisputes, "Disputes too");
            assertGe(opg.balanceOf(address(channels)), 5000e18, "the stranger's deposit");
            assertGe(delegation.stakeOf(host, stranger), 5000e18, "the stranger's delegation");
            vm.revertToState(before);
            nested += seen;
        }
        assertGt(nested, 10 * attacker.acts(), "it did come back");
    }
}
