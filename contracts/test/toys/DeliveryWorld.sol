// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Deliveries} from "../../src/consumer/Deliveries.sol";
import {Claim, Parameters} from "../../src/types/Claim.sol";
import {BatchWorld} from "./BatchWorld.sol";

/// @notice World whose claims are brought to contracts.
abstract contract DeliveryWorld is BatchWorld {
    Deliveries internal deliveries;

    /// @dev A Market of its own whose only tier has this mode.
    function _deployDeliveries(uint8 mode) internal {
        Parameters memory p = _parameters();
        p.delivery = mode;
        _deployMarket(p);
        _letIn(requester);
        _letIn(challenger);
        vm.prank(operator);
        staking.authorise(address(market));
        batches = market.batches();
        deliveries = new Deliveries(market);
    }

    /// @dev The claim falls: its operator does not open it.
    function _void(Claim memory claim) internal {
        vm.prank(challenger);
        disputes.demandOpening{value: 1 ether}(claim);
        skip(tier.answer + 1);
        disputes.expire(claim, _claimPosition(), 0);
    }

    function _finalise(Claim memory claim) internal {
        skip(tier.window + tier.grace + 1);
        market.finalise(claim);
    }
}
