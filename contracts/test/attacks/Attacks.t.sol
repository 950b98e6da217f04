// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICourt, Operator} from "../../src/interfaces/IStaking.sol";
import {Staking} from "../../src/staking/Staking.sol";
import {Claim, ClaimRecord, ClaimStatus} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {World} from "../toys/World.sol";

/// @notice A court of the operator's own making, that its stake may be slashed through for a friend.
contract OwnCourt is ICourt {
    uint256 public longestExposure;
    Staking private immutable _staking;

    constructor(Staking staking) {
        _staking = staking;
    }

    function slashFor(address operator, uint128 coverage, address friend) external {
        _staking.lock(operator, coverage);
        _staking.slash(operator, coverage, friend, friend);
    }
}

/// @notice What an operator about to be found out, or a stranger with its signature, may try.
contract AttacksTest is World {
    OwnCourt private court;

    function setUp() public override {
        super.setUp();
        court = new OwnCourt(staking);
        vm.prank(operator);
        staking.authorise(address(court));
    }

    /// @dev Claims as the stake covers, all silent; then the operator's friend takes what an own court can give.
    function testFuzz_ownCourtTakesNothingThatCoversClaims(uint256 open, uint128 taken) external {
        open = bound(open, 1, 20);
        Claim[] memory claims = new Claim[](open);
        for (uint256 i; i < open; i++) {
            (claims[i],) = _posted(_run(i));
            vm.prank(challenger);
            disputes.demandOpening{value: 1 ether}(claims[i]);
        }
        Operator memory o = staking.operators(operator);
        taken = uint128(bound(taken, 1, (o.staked - o.locked - FAULT_BOND) / 3));
        uint256 spare = opg.balanceOf(stranger);
        court.slashFor(operator, taken, stranger);
        // Half of it is burnt at least: the friend gets less than the operator loses.
        assertLe(2 * (opg.balanceOf(stranger) - spare), 3 * uint256(taken) + FAULT_BOND);
        o = staking.operators(operator);
        vm.prank(operator);
        if (o.staked > o.locked) staking.thaw(o.staked - o.locked);

        vm.warp(block.timestamp + tier.answer + 1);
        uint256 victim = opg.balanceOf(requester);
        for (uint256 i; i < open; i++) disputes.expire(claims[i], _claimPosition(), 0);
        assertEq(opg.balanceOf(requester), victim + open * uint256(FEE + COVERAGE));
        assertEq(staking.operators(operator).locked, 0);
    }

    /// @dev The self-made freeze holds claims back by F at most, once, and opens them to challengers as long.
    function test_ownCourtFreezesOnce() external {
        (Claim memory claim, ClaimId id) = _posted(_run(1));
        vm.warp(block.timestamp + tier.window);
        court.slashFor(operator, 1, stranger);
        uint256 frozenAt = block.timestamp;
        (, uint40 quiet) = market.record(id);
        assertEq(quiet, frozenAt + tier.freeze);
        vm.warp(quiet);
        vm.expectRevert();
        court.slashFor(operator, 1, stranger);
        vm.prank(operator);
        vm.expectRevert();
        staking.restore();
        assertEq(staking.frozenAt(operator), frozenAt);
        vm.warp(uint256(quiet) + tier.grace + 1);
        market.finalise(claim);
        (ClaimRecord memory record,) = market.record(id);
        assertEq(uint8(record.status), uint8(ClaimStatus.Final));
    }

    /// @dev The malleable twin of a signature, its short forms, zeros and nothing at all post no claim.
    function test_twistedSignaturesPostNothing() external {
        (Claim memory claim, uint64 deadline) = _asked(_run(2));
        claim.postBy = deadline;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKey, ClaimId.unwrap(market.digest(claim)));
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes[5] memory twisted = [
            abi.encodePacked(r, bytes32(n - uint256(s)), v == 27 ? uint8(28) : uint8(27)),
            new bytes(65),
            abi.encodePacked(r, s),
            abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))),
            abi.encodePacked(r, s, v, uint8(0))
        ];
        for (uint256 i; i < 5; i++) {
            vm.prank(stranger);
            vm.expectRevert();
            market.post(claim, deadline, twisted[i]);
        }
        vm.prank(stranger);
        vm.expectRevert();
        market.post(claim, deadline, "");
        vm.prank(stranger);
        market.post(claim, deadline, abi.encodePacked(r, s, v));
    }
}
