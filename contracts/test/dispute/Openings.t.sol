// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DemandStatus, IDisputes} from "../../src/interfaces/IDisputes.sol";
import {Claim} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {World} from "../toys/World.sol";

/// @notice Whose the OPG of a demanded opening is.
contract OpeningsTest is World {
    function _expect(bytes4 selector, bytes memory arguments) private {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _demandOpening(Claim memory claim) private {
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
    }

    /// The price of an opening is the operator's once its claim is final, and not before.
    function test_openingOfATruthIsPaidWhenItIsFinal() external {
        (Claim memory claim, ClaimId id) = _posted(_run(9));
        _expect(IDisputes.DisputesClaimUndecided.selector, abi.encode(id));
        disputes.settleOpening(claim);
        _demandOpening(claim);
        vm.prank(signer);
        disputes.open(claim, _opening(_run(9), claim));
        vm.warp(START + tier.window + tier.grace + 1);
        market.finalise(claim);
        uint256 before = opg.balanceOf(payee);
        disputes.settleOpening(claim);
        assertEq(opg.balanceOf(payee), before + disputes.openingPrice(claim));
        assertEq(opg.balanceOf(address(disputes)), 0);
        assertEq(uint8(disputes.demands(id, _claimPosition(), 0).status), uint8(DemandStatus.Settled));
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(id, _claimPosition(), bytes32(0)));
        disputes.settleOpening(claim);
    }

    /// What expiry or `reclaim` gave back is not paid again, and a claim that nobody opened owes nobody.
    function test_openingIsPaidOnce() external {
        (Claim memory silent, ClaimId id) = _posted(_run(9));
        (Claim memory opened, ClaimId posted) = _postedOpen(_lie(10, 2, 3));
        _demandOpening(silent);
        vm.warp(START + tier.answer + 1);
        disputes.expire(silent, _claimPosition(), 0);
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(id, _claimPosition(), bytes32(0)));
        disputes.settleOpening(silent);
        vm.warp(block.timestamp + tier.freeze + tier.grace + 1);
        market.finalise(opened);
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(posted, _claimPosition(), bytes32(0)));
        disputes.settleOpening(opened);
        (Claim memory unknown,) = _asked(_run(11));
        _expect(IDisputes.DisputesNoDemand.selector, abi.encode(market.digest(unknown), _claimPosition(), bytes32(0)));
        disputes.settleOpening(unknown);
    }
}
