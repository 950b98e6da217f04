// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Claim, ClaimRecord, ClaimStatus} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {Run, World} from "../toys/World.sol";

contract MarketTest is World {
    function test_honestClaimBecomesFinalAndPays() external {
        (Claim memory claim, ClaimId id) = _posted(_run(1));
        (ClaimRecord memory record, uint40 quietAt) = market.record(id);
        assertEq(quietAt, START + tier.window);
        vm.warp(quietAt + tier.grace + 1);
        market.finalise(claim);
        (record,) = market.record(id);
        assertEq(uint8(record.status), uint8(ClaimStatus.Final));
        assertEq(opg.balanceOf(author), 1e18);
        (uint96 burnable, uint96 audits) = market.pots();
        assertEq(burnable, 0.5e18);
        assertEq(audits, 0.5e18);
        assertEq(opg.balanceOf(payee), 8e18);
    }
}
