// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Parties, Redemption, Voucher} from "../../src/interfaces/IChannels.sol";
import {Batch, IBatches, SumNode} from "../../src/interfaces/IBatches.sol";
import {Delegated, IDelegation, Pool} from "../../src/interfaces/IDelegation.sol";
import {Channels} from "../../src/market/Channels.sol";
import {PoolShares} from "../../src/staking/PoolShares.sol";
import {Claim} from "../../src/types/Claim.sol";
import {SumTrees} from "../toys/SumTrees.sol";
import {Run} from "../toys/World.sol";
import {Actors} from "./Actors.sol";
import {Case, Manner} from "./Acts.sol";

/// @notice A batch of two claims of one operator.
struct Bundle {
    Batch batch;
    Case[2] cases;
    uint256 shown;
    bool released;
}

/// @notice Beside the actors: delegators, operators that post batches, requesters that pay through channels.
contract Backers is Actors {
    uint256 private constant MOST_SHOWN = 12;
    uint256 private constant MOST_BUNDLES = 6;
    uint40 internal constant CHANNEL_THAW = 2 days;

    IDelegation internal delegation;
    IBatches internal batches;
    Channels internal channels;
    Bundle[] internal bundles;
    uint256 private _numbers = 1 << 64;
    uint256 private _griefKey;
    /// what vouchers say so far, by operator
    mapping(address operator => uint128) private _promised;

    function setUp() public virtual override {
        super.setUp();
        (delegation, batches) = (staking.delegation(), market.batches());
        channels = new Channels(market, CHANNEL_THAW);
        (, _griefKey) = makeAddrAndKey("griefer");
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
        done["delegate"]++;
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
        Claim[] memory claims = new Claim[](2);
        for (uint256 i; i < 2; i++) {
            Case storage c = b.cases[i];
            (c.manner, c.seed) = (lying && i == 1 ? Manner.WrongElement : Manner.Honest, uint256(keccak256(abi.encode(seed, i))));
            // A second honest leaf of the liar would be answered by nobody: it is silent there.
            if (lying && i == 0) c.manner = Manner.Silent;
            (c.kernel, c.element) = (uint32(seed % KERNELS), uint32(seed % 256));
            claims[i] = _bundled(c, to);
            c.claim = claims[i];
            c.id = market.digest(claims[i]);
        }
        SumNode memory root = SumTrees.root(_leaves(b));
        b.batch = Batch(to, root.hash, root.sum, 2, tierHash, uint40(block.timestamp));
        vm.prank(to);
        batches.post(to, root.hash, root.sum, 2, tierHash);
        done["postBatch"]++;
    }

    function showLeaf(uint256 which, bool second) external {
        if (bundles.length == 0 || cases.length >= MOST_SHOWN) return;
        Bundle storage b = bundles[which % bundles.length];
        uint256 i = second ? 1 : 0;
        if (b.released || b.cases[i].postedAt != 0) return;
        batches.show(b.batch, b.cases[i].claim, uint32(i), SumTrees.path(_leaves(b), i));
        b.shown += b.cases[i].claim.coverage;
        b.cases[i].postedAt = uint64(block.timestamp);
        cases.push(b.cases[i]);
        done["showLeaf"]++;
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
        done["openChannel"]++;
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
        if (channels.redeem(to, list) > 0) done["redeem"]++;
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
            if (!b.released && b.batch.operator == of_) sum += b.batch.coverage - b.shown;
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
        done["undelegate"]++;
    }

    function _withdrawDelegation(address from, address to) private {
        Delegated memory d = delegation.positions(to, from);
        if (d.thawShares == 0 || block.timestamp <= d.thawedAt) return;
        vm.prank(from);
        delegation.withdraw(to);
        done["withdrawDelegation"]++;
    }

    function _release(Bundle storage b) private {
        uint256 frozenAt = staking.frozenAt(b.batch.operator);
        uint256 end = uint256(b.batch.postedAt) + tier.window;
        if (frozenAt != 0 && frozenAt + tier.freeze > end) end = frozenAt + tier.freeze;
        if (b.released || block.timestamp <= end) return;
        batches.release(b.batch);
        b.released = true;
        done["releaseBatch"]++;
    }

    function _closeChannel(address to) private {
        bytes32 id = keccak256(abi.encode(Parties(griefer, to, griefer)));
        if (channels.channels(id).deposit == 0 || block.timestamp <= channels.channels(id).closesAt) return;
        vm.prank(griefer);
        channels.withdraw(to, griefer);
        done["closeChannel"]++;
    }

    function _bundled(Case storage c, address to) private returns (Claim memory claim) {
        Run memory run = _runOf(c);
        claim = _claimOf(run, _request(_inputSide(run)), ++_numbers);
        (claim.operator, claim.fee, claim.coverage) = (to, 0, 100e18);
        claim.postBy = uint64(block.timestamp + 1 days);
        claim.output = keccak256(abi.encodePacked(uint8(7), run.salt, uint8(1), _opening(run, claim).outputRoot));
    }

    function _leaves(Bundle storage b) private view returns (SumNode[] memory level) {
        level = new SumNode[](2);
        for (uint256 i; i < 2; i++) {
            level[i] = SumNode(keccak256(abi.encodePacked(uint8(10), b.cases[i].id)), b.cases[i].claim.coverage);
        }
    }
}
