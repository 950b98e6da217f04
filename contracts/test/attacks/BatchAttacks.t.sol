// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batch, IBatches, SumNode} from "../../src/interfaces/IBatches.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IStaking} from "../../src/interfaces/IStaking.sol";
import {SumTree} from "../../src/market/SumTree.sol";
import {Claim, ClaimRecord, ClaimStatus, Opening, Request} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Position} from "../../src/types/Position.sol";
import {BatchWorld, Posted} from "../toys/BatchWorld.sol";
import {SumTrees} from "../toys/SumTrees.sol";
import {Run} from "../toys/World.sol";

/// @notice Attacks on batches. Each test says what the attacker gains (≤ 0) and what each victim loses (≤ its bound).
contract BatchAttacksTest is BatchWorld {
    function _expect(bytes4 selector, bytes memory arguments) private {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _wealth() private view returns (uint256) {
        return opg.balanceOf(operator) + opg.balanceOf(payee) + opg.balanceOf(signer) + opg.balanceOf(stranger)
            + staking.operators(operator).staked + staking.operators(operator).thawing;
    }

    /// @dev Silence on an opening that was demanded: the claim falls.
    function _fell(Claim memory claim) private {
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        skip(tier.answer + 1);
        disputes.expire(claim, _claimPosition(), 0);
    }

    /// Posted in a batch whose path the operator keeps. Attacker: gains the fee, loses min(3c, M). Victim: loses nothing.
    function test_signedAndNeverPosted() external {
        Claim memory claim = _offChain(_lie(1, 2, 3), 1);
        bytes memory signature = _sign(claim);
        uint256 attacker = _wealth();
        uint256 victim = opg.balanceOf(requester);
        vm.warp(claim.postBy + 24 hours);
        batches.lodge(claim, signature);
        _fell(claim);
        assertEq(opg.balanceOf(requester), victim + COVERAGE, "coverage covers the fee");
        assertEq(_wealth(), attacker - 3 * COVERAGE);
    }

    /// Sold, then the key is rotated, the court left and the stake withdrawn as fast as can be: the bond still answers.
    function test_exitBeforeSlash() external {
        Claim memory claim = _offChain(_lie(1, 2, 3), 1);
        claim.postBy = uint64(block.timestamp + 24 hours);
        bytes memory signature = _sign(claim);
        vm.startPrank(operator);
        staking.rotate(stranger, 0);
        staking.revoke(address(market));
        staking.thaw(50_000e18);
        vm.stopPrank();
        vm.warp(claim.postBy + 24 hours);
        batches.lodge(claim, signature);
        uint256 victim = opg.balanceOf(requester);
        _fell(claim);
        assertEq(opg.balanceOf(requester), victim + COVERAGE);
        assertEq(staking.operators(operator).thawing, 50_000e18 - 3 * COVERAGE);
    }

    /// Signed for a Market that the operator never let in, or left long ago: it can not be lodged, so it never stands.
    function test_lodgedAgainstNobody() external {
        vm.prank(operator);
        staking.revoke(address(market));
        skip(staking.thawPeriod() + 1);
        Claim memory claim = _offChain(_lie(1, 2, 3), 1);
        bytes memory signature = _sign(claim);
        vm.warp(claim.postBy + 1);
        _expect(IBatches.BatchesNotAnswered.selector, abi.encode(operator));
        batches.lodge(claim, signature);
    }

    /// The bond stops to answer while a lodged lie is open: it falls all the same. Attacker: nothing. Victim: nothing.
    function test_lodgedOutlivesTheBond() external {
        vm.prank(operator);
        staking.revoke(address(market));
        skip(staking.thawPeriod() - 1 hours);
        Claim memory claim = _offChain(_lie(1, 2, 3), 1);
        claim.postBy = uint64(block.timestamp);
        bytes memory signature = _sign(claim);
        skip(1);
        ClaimId id = batches.lodge(claim, signature);
        uint256 attacker = _wealth();
        _fell(claim);
        (ClaimRecord memory fallen,) = market.record(id);
        assertEq(uint8(fallen.status), uint8(ClaimStatus.Void));
        assertEq(_wealth(), attacker);
    }

    /// The same claim lodged again, while open and after it fell. Attacker: nothing. Operator: loses once.
    function test_lodgedTwice() external {
        Claim memory claim = _offChain(_lie(1, 2, 3), 1);
        bytes memory signature = _sign(claim);
        vm.warp(claim.postBy + 1);
        ClaimId id = batches.lodge(claim, signature);
        _expect(IMarket.MarketClaimKnown.selector, abi.encode(id, ClaimStatus.Open));
        batches.lodge(claim, signature);
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        vm.warp(claim.postBy + 24 hours);
        uint256 attacker = opg.balanceOf(stranger);
        vm.prank(stranger);
        _expect(IMarket.MarketClaimKnown.selector, abi.encode(id, ClaimStatus.Open));
        batches.lodge(claim, signature);
        skip(tier.answer);
        disputes.expire(claim, _claimPosition(), 0);
        Posted memory none;
        none.claims = new Claim[](1);
        vm.expectRevert();
        this.show(none);
        assertEq(opg.balanceOf(stranger), attacker);
        assertEq(staking.operators(operator).staked, 50_000e18 - 3 * COVERAGE);
    }

    function show(Posted memory p) external {
        _show(p, 0);
    }

    /// More coverage signed and never posted than the bond holds: together the victims get a third of what is left of it,
    /// first come first served; a posted claim beside them is paid in full. Attacker: loses M, gets back at most half.
    function test_bondSoldManyTimes() external {
        (Claim memory posted,) = _posted(_run(50));
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(posted);
        uint256 n = 5;
        for (uint256 i; i < n; i++) {
            Claim memory claim = _offChain(_lie(i, 2, 3), i);
            claim.coverage = 1000e18;
            bytes memory signature = _sign(claim);
            uint256 now_ = block.timestamp;
            vm.warp(claim.postBy + 1);
            batches.lodge(claim, signature);
            vm.prank(challenger);
            disputes.demandOpening{value: 1 ether}(claim);
            vm.warp(now_);
        }
        uint256 victim = opg.balanceOf(requester);
        vm.warp(block.timestamp + tier.answer + 3 hours);
        for (uint256 i; i < n; i++) {
            Claim memory claim = _offChain(_lie(i, 2, 3), i);
            claim.coverage = 1000e18;
            claim.postBy = uint64(START + 1 hours);
            disputes.expire(claim, _claimPosition(), 0);
        }
        // Rounded down in each: 3 × 1000 and what 1000 is left of the bond.
        assertEq(opg.balanceOf(requester), victim + 3 * 1000e18 + uint256(FAULT_BOND - 9000e18) / 3);
        assertEq(staking.bondLeft(operator), 0);
        disputes.expire(posted, _claimPosition(), 0);
        assertEq(opg.balanceOf(requester), victim + 3 * 1000e18 + uint256(FAULT_BOND - 9000e18) / 3 + COVERAGE + FEE);
    }

    /// A friend lodges a false claim of a batch, so that only the bond would pay. Who holds its path shows it: in full.
    function test_lodgedToDodgeTheLock() external {
        Claim[] memory claims = _claims(2);
        claims[0] = _offChain(_lie(9, 2, 3), 0);
        Posted memory p = _post(claims);
        bytes memory signature = _sign(claims[0]);
        vm.warp(claims[0].postBy + 1);
        vm.prank(stranger);
        batches.lodge(claims[0], signature);
        _show(p, 0);
        uint256 victim = opg.balanceOf(requester);
        uint256 attacker = _wealth();
        _fell(claims[0]);
        assertEq(opg.balanceOf(requester), victim + COVERAGE);
        assertEq(_wealth(), attacker - 3 * COVERAGE - FAULT_BOND);
    }

    /// The liar's friend lodges and proves its own lies before any holder can show a leaf, so that they fall under the bond
    /// and the batch's lock comes free. Who shows them then is paid from the lock all the same. Attacker: loses at least 3c/2
    /// a lie. Holders: lose nothing.
    function test_fallenBeforeItIsShown() external {
        Run[2] memory runs = [_lie(9, 2, 3), _lie(10, 2, 3)];
        Claim[] memory claims = new Claim[](2);
        for (uint256 i; i < 2; i++) {
            claims[i] = _offChain(runs[i], i);
            claims[i].postBy = uint64(block.timestamp);
        }
        Posted memory p = _post(claims);
        skip(1);
        for (uint256 i; i < 2; i++) batches.lodge(claims[i], _sign(claims[i]));
        vm.startPrank(challenger);
        for (uint256 i; i < 2; i++) disputes.demandOpening{value: 1 ether}(claims[i]);
        vm.stopPrank();
        skip(tier.answer + 1);
        for (uint256 i; i < 2; i++) disputes.expire(claims[i], _claimPosition(), 0);
        uint256 victim = opg.balanceOf(requester);
        uint256 supply = opg.totalSupply();
        uint256 own = staking.operators(operator).staked;
        for (uint32 i; i < 2; i++) _show(p, i);
        uint256 lost = own - staking.operators(operator).staked;
        assertGe(lost, 6 * COVERAGE);
        assertGe(opg.balanceOf(requester) - victim, 2 * COVERAGE, "coverage is paid in full");
        assertGe(2 * (supply - opg.totalSupply()), lost, "at least half burns");
        assertEq(staking.operators(operator).locked, 0);
        SumNode[] memory path = _path(p, 0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketClaimKnown.selector, p.ids[0], ClaimStatus.Void));
        batches.show(p.batch, claims[0], 0, path);
        skip(tier.freeze + tier.window);
        batches.release(p.batch);
        assertEq(staking.operators(operator).locked, 0);
    }

    /// A claim for nobody could not be voided, since OPG can not be paid to 0. Nobody's claim is none.
    function test_claimForNobody() external {
        Claim[] memory claims = _claims(1);
        claims[0].requester = address(0);
        Posted memory p = _post(claims);
        SumNode[] memory path = _path(p, 0);
        vm.expectRevert(IMarket.MarketZeroAddress.selector);
        batches.show(p.batch, claims[0], 0, path);
        bytes memory signature = _sign(claims[0]);
        vm.warp(claims[0].postBy + 1);
        vm.expectRevert(IMarket.MarketZeroAddress.selector);
        batches.lodge(claims[0], signature);
    }

    /// One bad leaf among good ones: it falls alone; the others' lock and verdict are untouched.
    function test_batchWithOneBadLeaf() external {
        Claim[] memory claims = _claims(4);
        claims[2] = _offChain(_lie(9, 2, 3), 2);
        Posted memory p = _post(claims);
        for (uint32 i; i < 4; i++) _show(p, i);
        _fell(claims[2]);
        assertEq(staking.operators(operator).locked, 9 * COVERAGE);
        skip(tier.freeze + tier.window + tier.grace + 1);
        market.finalise(claims[0]);
        market.finalise(claims[1]);
        market.finalise(claims[3]);
        batches.release(p.batch);
        assertEq(staking.operators(operator).locked, 0);
    }

    /// The fee of a claim in a batch is its signer's word, and the price of its opening follows it. A liar whose bond is gone
    /// signs fee = coverage, opens when asked, and withholds the rest. Attacker, its requester included: loses 2c, gets the
    /// coin of one answer. Challenger: gains c/2 and pays that coin. Nobody else loses.
    function test_openingPriceIsNoIncome() external {
        Claim[] memory claims = _claims(2);
        Run memory run = _lie(9, 2, 3);
        claims[1] = _offChain(run, 1);
        claims[1].fee = claims[1].coverage;
        Posted memory p = _post(claims);
        _show(p, 0);
        _fell(claims[0]);
        assertEq(staking.bondLeft(operator), 0);
        _show(p, 1);

        uint256 attacker = _wealth() + opg.balanceOf(requester);
        uint256 gain = opg.balanceOf(challenger);
        Claim memory lie = claims[1];
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(lie);
        assertEq(opg.balanceOf(challenger), gain - COVERAGE / 10, "at most, whatever fee the liar signed");
        Opening memory opening = _opening(run, lie);
        vm.prank(signer);
        disputes.open(lie, opening);
        assertEq(_wealth() + opg.balanceOf(requester), attacker, "nothing before the verdict");
        Position foot = _position(1, 0, 1, 0);
        vm.prank(challenger);
        disputes.demand{value: 1 ether}(lie, opening, foot, _noProof());
        skip(tier.answer + 1);
        disputes.expire(lie, foot, opening.traceRoot);
        disputes.settleOpening(lie);
        assertEq(opg.balanceOf(challenger), gain + COVERAGE / 2);
        assertEq(_wealth() + opg.balanceOf(requester), attacker - 2 * COVERAGE);
        assertEq(opg.balanceOf(address(disputes)), 0);
        assertEq(disputes.credits(signer), 1 ether);
    }

    /// Truths whose input is withheld, signed with fee = coverage, so that who has to look before it can know pays. Attacker:
    /// gains c/10 of each look, a fifth of what a watcher gets of a lie. Victim: a watcher, loses that and the coin of an answer.
    function test_watcherTrappedByTruths() external {
        Claim[] memory claims = _claims(1);
        claims[0].fee = claims[0].coverage;
        _show(_post(claims), 0);
        uint256 watcher = opg.balanceOf(challenger);
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claims[0]);
        Opening memory opening = _opening(_run(0), claims[0]);
        vm.prank(signer);
        disputes.open(claims[0], opening);
        skip(tier.window + tier.grace + 1);
        market.finalise(claims[0]);
        disputes.settleOpening(claims[0]);
        assertEq(opg.balanceOf(challenger), watcher - COVERAGE / 10);
        assertEq(opg.balanceOf(payee), COVERAGE / 10);
    }

    /// After the release nothing of the batch can be shown: who was silent until then has its signature and the bond.
    function test_leafDisputedAfterRelease() external {
        Posted memory p = _post(_claims(2));
        skip(tier.window + 1);
        batches.release(p.batch);
        bytes32 id = keccak256(abi.encode(p.batch));
        SumNode[] memory path = _path(p, 0);
        _expect(IBatches.BatchesNotOpen.selector, abi.encode(id));
        batches.show(p.batch, p.claims[0], 0, path);
        assertEq(staking.operators(operator).locked, 0);
        vm.expectRevert();
        disputes.demandOpening{value: 1 ether}(p.claims[0]);
    }

    /// An inner node is no leaf, a leaf no inner node: nothing opens.
    function test_leafAndInnerNodeConfused() external {
        Claim[] memory claims = _claims(4);
        ClaimId[] memory ids = _idsOf(claims);
        SumNode[] memory level = SumTrees.leaves(claims, ids);
        SumNode[] memory above = SumTrees.up(level);
        // Posted as if it had two leaves, which are nodes in truth.
        Batch memory batch = _postRoot(SumTrees.root(level), 2);
        SumNode[] memory path = new SumNode[](1);
        path[0] = above[1];
        vm.expectPartialRevert(IBatches.BatchesRootDiffers.selector);
        batches.show(batch, claims[0], 0, path);
        // And a leaf whose "digest" is a node's preimage can not be written: the tags differ.
        assertNotEq(above[0].hash, SumTree.leaf(ClaimId.wrap(above[0].hash)));
    }

    /// Paths of another length than the tree's are no paths.
    function test_wrongDepth() external {
        Posted memory p = _post(_claims(5));
        SumNode[] memory path = _path(p, 4);
        assertEq(path.length, 1);
        SumNode[] memory longer = new SumNode[](2);
        longer[0] = path[0];
        _expect(IBatches.BatchesPathLengthInvalid.selector, abi.encode(2, 1));
        batches.show(p.batch, p.claims[4], 4, longer);
        _expect(IBatches.BatchesPathLengthInvalid.selector, abi.encode(1, 2));
        batches.show(p.batch, p.claims[4], 0, path);
        _expect(IBatches.BatchesIndexOutOfRange.selector, abi.encode(5, 5));
        batches.show(p.batch, p.claims[4], 5, path);
    }

    /// A root that says less than its leaves add up to, or whose sums wrap: such leaves are no claims, and what can be shown
    /// never exceeds what is locked.
    function test_sumsThatOverflowOrDoNotAdd() external {
        Claim[] memory claims = _claims(4);
        ClaimId[] memory ids = _idsOf(claims);
        SumNode[] memory level = SumTrees.leaves(claims, ids);
        SumNode[] memory above = SumTrees.up(level);
        // The right half understates its sum by all but 1.
        SumNode memory low = SumNode(above[1].hash, 1);
        Batch memory batch = _postRoot(SumTrees.join(above[0], low), 4);
        SumNode[] memory path = SumTrees.path(level, 2);
        vm.expectPartialRevert(IBatches.BatchesRootDiffers.selector);
        batches.show(batch, claims[2], 2, path);
        path[1] = above[0];
        vm.expectPartialRevert(IBatches.BatchesRootDiffers.selector);
        batches.show(batch, claims[2], 2, path);
        path = SumTrees.path(level, 0);
        path[1] = low;
        batches.show(batch, claims[0], 0, path);
        path = SumTrees.path(level, 1);
        path[1] = low;
        batches.show(batch, claims[1], 1, path);
        assertLe(batches.batches(keccak256(abi.encode(batch))).shown, batch.coverage);
        // Sums that would wrap to a small one.
        path[1] = SumNode("wraps", type(uint128).max);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        batches.show(batch, claims[3], 3, path);
    }

    /// A stolen former key: signs nothing that is posted, opens nothing, and lodges at most min(3c, M) for a day after.
    function test_stolenKeyAfterRotation() external {
        vm.prank(operator);
        staking.rotate(stranger, 0);
        Claim[] memory claims = _claims(1);
        vm.prank(signer);
        _expect(IBatches.BatchesNotOperator.selector, abi.encode(operator, signer));
        batches.post(operator, "root", COVERAGE, 1, tierHash);
        claims[0].postBy = uint64(block.timestamp + 24 hours + 1);
        bytes memory late = _sign(claims[0]);
        vm.warp(claims[0].postBy + 1);
        _expect(IBatches.BatchesSignerUnknown.selector, abi.encode(operator, signer));
        batches.lodge(claims[0], late);
    }

    /// A stranger shows every leaf of an honest batch in its last second. Attacker: gas for each. Operator: its lock stays W + C
    /// longer, and nothing else; anyone ends each claim.
    function test_leavesShownByAStranger() external {
        Posted memory p = _post(_claims(4));
        uint256 operators = _wealth();
        vm.warp(p.batch.postedAt + tier.window);
        vm.startPrank(stranger);
        for (uint32 i; i < 4; i++) _show(p, i);
        skip(1);
        batches.release(p.batch);
        assertEq(staking.operators(operator).locked, 12 * COVERAGE);
        skip(tier.window + tier.grace);
        for (uint32 i; i < 4; i++) market.finalise(p.claims[i]);
        vm.stopPrank();
        assertEq(staking.operators(operator).locked, 0);
        assertEq(_wealth(), operators);
        assertEq(staking.activeStake(operator), 50_000e18);
    }

    /// A stolen hot key that is not rotated yet, spent at once: its thief asks, answers falsely and proves it, in two blocks.
    /// Operator: loses what was free. Thief: half of that at most; it neither thaws nor withdraws.
    function test_stolenKeySpentAtOnce() external {
        uint256 thief = opg.balanceOf(stranger);
        Run[2] memory runs = [_lie(1, 2, 3), _lie(2, 2, 3)];
        Claim[2] memory claims;
        for (uint256 i; i < 2; i++) {
            Request memory terms = _request(_inputSide(runs[i]));
            terms.coverage = i == 0 ? tier.maxCoverage : staking.room(operator);
            vm.prank(stranger);
            claims[i] = _claimOf(runs[i], terms, market.request(terms));
            claims[i].requester = stranger;
            vm.prank(signer);
            ClaimId id = market.postOpened(claims[i], terms.deadline, _opening(runs[i], claims[i]));
            _commit(stranger, id, 2, 3);
        }
        vm.prank(signer);
        _expect(IStaking.StakingNotRegistered.selector, abi.encode(signer));
        staking.thaw(1);
        vm.roll(block.number + 2);
        for (uint256 i; i < 2; i++) _prove(stranger, runs[i], claims[i], 2, 3);
        uint256 lost = 50_000e18 - staking.operators(operator).staked;
        assertGt(lost, 50_000e18 - 3);
        assertLe(2 * (opg.balanceOf(stranger) - thief), lost);
    }

    /// A batch costs its operator 3 × coverage of lock whoever shows what: Σ shown ≤ locked for any order of shows.
    function test_stakeDoubleUsed() external {
        Posted memory p = _post(_claims(3));
        skip(1);
        Posted memory again = _post(p.claims);
        uint256 order = uint256(keccak256("order"));
        for (uint256 i; i < 12; i++) {
            uint32 index = uint32((order >> (8 * i)) % 3);
            Posted memory from = (order >> (8 * i)) & 128 == 0 ? p : again;
            (ClaimRecord memory r,) = market.record(p.ids[index]);
            if (r.status == ClaimStatus.None) _show(from, index);
            else {
                SumNode[] memory path = _path(from, index);
                _expect(IMarket.MarketClaimKnown.selector, abi.encode(p.ids[index], r.status));
                batches.show(from.batch, from.claims[index], index, path);
            }
        }
        assertEq(staking.operators(operator).locked, 2 * 3 * 3 * COVERAGE);
        assertLe(batches.batches(keccak256(abi.encode(p.batch))).shown, p.batch.coverage);
    }
}
