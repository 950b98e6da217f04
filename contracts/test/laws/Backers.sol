// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Parties, Redemption, Voucher} from "../../src/interfaces/IChannels.sol";
import {Batch, IBatches, SumNode} from "../../src/interfaces/IBatches.sol";
import {Delegated, IDelegation, Pool} from "../../src/interfaces/IDelegation.sol";
import {Channels} from "../../src/market/Channels.sol";
import {PoolShares} from "../../src/staking/PoolShares.sol";
import {Claim, ClaimRecord, ClaimStatus} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {SumTrees} from "../toys/SumTrees.sol";
import {Run} from "../toys/World.sol";
import {Actors} from "./Actors.sol";
import {Case, Manner} from "./Acts.sol";

/// @notice A batch of two claims of one operator.
struct Bundle {
    Batch batch;
    Case[2] cases;
    bool[2] shown;
    bool released;
}

/// @notice Beside the actors: delegators, operators that post batches, requesters that pay through channels.
contract Backers is Actors {
    uint256 private constant MOST_OPENED = 20;
    uint256 private constant MOST_BUNDLES = 6;
    uint40 internal constant CHANNEL_THAW = 2 days;

    IDelegation internal delegation;
    IBatches internal batches;
    Channels internal channels;
    Bundle[] internal bundles;
    /// of no batch, while it is made
    Case private _lone;
    uint256 private _numbers = 1 << 64;
    uint256 private _griefKey;
    mapping(address operator => uint256) private _keys;
    /// what vouchers say so far, by operator
    mapping(address operator => uint128) private _promised;

    function setUp() public virtual override {
        super.setUp();
        (delegation, batches) = (staking.delegation(), market.batches());
        channels = new Channels(market, CHANNEL_THAW);
        (, _griefKey) = makeAddrAndKey("griefer");
        _keys[operator] = signerKey;
        (, _keys[liar]) = makeAddrAndKey("liar");
        (, _keys[mute]) = makeAddrAndKey("mute");
        address[2] memory all = [griefer, accomplice];
        for (uint256 i; i < 2; i++) {
            vm.startPrank(all[i]);
            opg.approve(address(delegation), type(uint256).max);
            opg.approve(address(channels), type(uint256).max);
            vm.stopPrank();
        }
    }

    // ── delegators ──

    function delegate(uint256 who, uint256 amount) external {
        (address from, address to) = _pair(who);
        amount = _bound(amount, 1e6, 100_000e18);
        uint256 active = staking.activeStake(to);
        Pool memory p = delegation.pools(to);
        if (active == 0 || p.tokens + amount > 10 * active || opg.balanceOf(from) < amount) return;
        uint256 shares = PoolShares.toShares(amount, p.tokens, p.shares);
        if (shares == 0 || shares > type(uint96).max) return;
        vm.prank(from);
        delegation.delegate(to, uint128(amount), uint128(shares));
        _did("delegate");
    }

    function undelegate(uint256 who, uint256 part) external {
        (address from, address to) = _pair(who);
        uint128 all = delegation.positions(to, from).shares;
        if (all > 0) _undelegate(from, to, uint128(_bound(part, 1, all)));
    }

    function withdrawDelegation(uint256 who) external {
        (address from, address to) = _pair(who);
        _withdrawDelegation(from, to);
    }

    // ── batches ──

    function postBatch(uint256 seed, bool lying) external {
        if (bundles.length == MOST_BUNDLES) return;
        address to = lying ? liar : operator;
        if (staking.room(to) < 200e18) return;
        Bundle storage b = bundles.push();
        for (uint256 i; i < 2; i++) {
            uint256 leafSeed = uint256(keccak256(abi.encode(seed, i)));
            // A second honest leaf of the liar would be answered by nobody: it is silent there.
            _make(b.cases[i], !lying ? Manner.Honest : i == 0 ? Manner.Silent : Manner.WrongElement, to, leafSeed);
        }
        SumNode memory root = SumTrees.root(_leaves(b));
        b.batch = Batch(to, root.hash, root.sum, 2, tierHash, uint40(block.timestamp));
        vm.prank(to);
        batches.post(to, root.hash, root.sum, 2, tierHash);
        _did("post: batch");
    }

    /// A leaf that was lodged before gets the batch's lock behind it, and falls on that too where it has fallen.
    function showLeaf(uint256 which, bool second) external {
        if (bundles.length == 0) return;
        Bundle storage b = bundles[which % bundles.length];
        uint256 i = second ? 1 : 0;
        Case storage c = b.cases[i];
        bool lodged = c.postedAt != 0;
        if (b.released || b.shown[i] || (!lodged && cases.length >= MOST_OPENED)) return;
        (ClaimRecord memory record,) = market.record(c.id);
        if (record.status == ClaimStatus.Final) return;
        uint256 frozenAt = staking.frozenAt(b.batch.operator);
        batches.show(b.batch, c.claim, uint32(i), SumTrees.path(_leaves(b), i));
        b.shown[i] = true;
        if (!lodged) _opened(c);
        if (record.status == ClaimStatus.Void) {
            if (frozenAt == 0) _did("jailed");
            return _did("show: fallen");
        }
        _did(lodged ? bytes32("show: lodged") : bytes32("show"));
    }

    /// Signed and never posted.
    function lodge(uint256 seed) external {
        if (cases.length >= MOST_OPENED) return;
        Manner manner = seed % 3 == 0 ? Manner.Honest : seed % 3 == 1 ? Manner.WrongElement : Manner.Silent;
        Case storage c = _lone;
        _make(c, manner, seed % 3 == 0 ? operator : seed % 3 == 1 ? liar : mute, seed);
        c.claim.postBy = uint64(block.timestamp - 1);
        c.id = market.digest(c.claim);
        if (c.claim.postBy >= START) _lodge(c);
    }

    /// Signed, posted in a batch, and lodged all the same.
    function lodgeLeaf(uint256 which, bool second) external {
        if (bundles.length == 0 || cases.length >= MOST_OPENED) return;
        Case storage c = bundles[which % bundles.length].cases[second ? 1 : 0];
        uint256 postBy = c.claim.postBy;
        if (c.postedAt == 0 && block.timestamp > postBy && block.timestamp <= postBy + 1 days) _lodge(c);
    }

    function releaseBatch(uint256 which) external {
        if (bundles.length > 0) _release(bundles[which % bundles.length]);
    }

    // ── channels ──

    function openChannel(uint256 who, uint256 amount, uint256 end) external {
        address to = who % 2 == 0 ? operator : liar;
        amount = _bound(amount, 1, 1000e18);
        if (opg.balanceOf(griefer) < amount) return;
        uint40 closesAt = uint40(block.timestamp) + CHANNEL_THAW + uint40(end % 5 days);
        vm.prank(griefer);
        channels.open(to, griefer, uint128(amount), closesAt);
        _did("openChannel");
    }

    function redeem(uint256 who, uint256 more) external {
        address to = who % 2 == 0 ? operator : liar;
        Parties memory parties = Parties(griefer, to, griefer);
        uint128 total = _promised[to] += uint128(_bound(more, 0, 500e18));
        Redemption[] memory list = new Redemption[](1);
        (bytes32 unit, uint128 price) = more % 2 == 0 ? (bytes32(0), 1e18) : (bytes32("USD"), 0.7e18);
        list[0] = Redemption(parties, model, tierHash, unit, price, total, "");
        bytes32 digest = channels.digest(Voucher(keccak256(abi.encode(parties)), model, tierHash, unit, price, total));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_griefKey, digest);
        list[0].signature = abi.encodePacked(r, s, v);
        if (channels.redeem(to, list) > 0) _did("redeem");
    }

    function closeChannel(uint256 who) external {
        _closeChannel(who % 2 == 0 ? operator : liar);
    }

    // ── what the invariants look at ──

    function owedByDelegation() external view returns (uint256 held, uint256 owed, uint256 claimable) {
        held = opg.balanceOf(address(delegation));
        for (uint256 i; i < 4; i++) {
            (address from, address to) = _pair(i);
            claimable += delegation.stakeOf(to, from);
            if (from != griefer) continue;
            Pool memory p = delegation.pools(to);
            owed += uint256(p.tokens) + p.thawing;
        }
    }

    function owedByChannels() external view returns (uint256 held, uint256 owed) {
        held = opg.balanceOf(address(channels));
        address[2] memory all = [operator, liar];
        for (uint256 i; i < 2; i++) {
            owed += channels.channels(keccak256(abi.encode(Parties(griefer, all[i], griefer)))).deposit;
        }
        (uint96 burnable, uint96 audits) = channels.pots();
        owed += uint256(burnable) + audits;
    }

    /// @dev Coverage that batches of an operator still hold locked.
    function _bundledCoverage(address of_) internal view returns (uint256 sum) {
        for (uint256 i; i < bundles.length; i++) {
            Bundle storage b = bundles[i];
            if (b.released || b.batch.operator != of_) continue;
            for (uint256 k; k < 2; k++) if (!b.shown[k]) sum += b.cases[k].claim.coverage;
        }
    }

    function _leaveAll() internal {
        for (uint256 i; i < bundles.length; i++) _release(bundles[i]);
        for (uint256 i; i < 4; i++) {
            (address from, address to) = _pair(i);
            uint128 all = delegation.positions(to, from).shares;
            if (all > 0) _undelegate(from, to, all);
        }
        _closeChannel(operator);
        _closeChannel(liar);
        channels.burn();
        channels.payAudits();
    }

    function _withdrawAllDelegated() internal {
        for (uint256 i; i < 4; i++) {
            (address from, address to) = _pair(i);
            _withdrawDelegation(from, to);
        }
    }

    function _pair(uint256 who) internal view returns (address from, address to) {
        return (who % 2 == 0 ? griefer : accomplice, who % 4 < 2 ? operator : liar);
    }

    function _undelegate(address from, address to, uint128 shares) private {
        Pool memory p = delegation.pools(to);
        if (PoolShares.toTokens(shares, p.tokens, p.shares) == 0) return;
        vm.prank(from);
        delegation.undelegate(to, shares);
        _did("undelegate");
    }

    function _withdrawDelegation(address from, address to) private {
        Delegated memory d = delegation.positions(to, from);
        if (d.thawShares == 0 || block.timestamp <= d.thawedAt) return;
        vm.prank(from);
        delegation.withdraw(to);
        _did("withdrawDelegation");
    }

    function _release(Bundle storage b) private {
        uint256 frozenAt = staking.frozenAt(b.batch.operator);
        uint256 end = uint256(b.batch.postedAt) + tier.window;
        if (frozenAt != 0 && frozenAt + tier.freeze > end) end = frozenAt + tier.freeze;
        if (b.released || block.timestamp <= end) return;
        batches.release(b.batch);
        b.released = true;
        _did("release");
    }

    function _closeChannel(address to) private {
        bytes32 id = keccak256(abi.encode(Parties(griefer, to, griefer)));
        if (channels.channels(id).deposit == 0 || block.timestamp <= channels.channels(id).closesAt) return;
        vm.prank(griefer);
        channels.withdraw(to, griefer);
        _did("closeChannel");
    }

    /// @dev A case off chain: its fee is what its signer says.
    function _make(Case storage c, Manner manner, address to, uint256 seed) private {
        (c.manner, c.seed, c.postedAt) = (manner, seed, 0);
        (c.kernel, c.element) = (uint32(seed % KERNELS), uint32(seed % 256));
        Run memory run = _runOf(c);
        Claim memory claim = _claimOf(run, _request(_inputSide(run)), ++_numbers);
        (claim.operator, claim.coverage) = (to, 100e18);
        claim.fee = uint128(seed % (100e18 + 1));
        claim.postBy = uint64(block.timestamp + seed % 4 hours);
        claim.output = keccak256(abi.encodePacked(uint8(7), run.salt, uint8(1), _opening(run, claim).outputRoot));
        (c.claim, c.id) = (claim, market.digest(claim));
    }

    function _lodge(Case storage c) private {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[c.claim.operator], ClaimId.unwrap(c.id));
        batches.lodge(c.claim, abi.encodePacked(r, s, v));
        _opened(c);
        _did("lodge");
    }

    function _opened(Case storage c) private {
        c.postedAt = uint64(block.timestamp);
        cases.push(c);
    }

    function _leaves(Bundle storage b) private view returns (SumNode[] memory level) {
        level = new SumNode[](2);
        for (uint256 i; i < 2; i++) {
            level[i] = SumNode(keccak256(abi.encodePacked(uint8(10), b.cases[i].id)), b.cases[i].claim.coverage);
        }
    }
}
