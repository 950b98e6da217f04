// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Operator} from "../../src/interfaces/IStaking.sol";
import {World} from "../toys/World.sol";

/// @notice What somebody has, before and after an attack.
struct Purse {
    /// in hand and at stake, thawing or not
    uint256 opg;
    /// native coin in hand and credited, without what gas cost
    uint256 coin;
}

/// @notice World with the books of an attack.
abstract contract Worth is World {
    function _purse(address who) internal view returns (Purse memory p) {
        Operator memory o = staking.operators(who);
        p.opg = opg.balanceOf(who) + o.staked + o.thawing;
        p.coin = who.balance + disputes.credits(who);
    }

    /// @notice Everything in the hand of the operator: owner, hot key, payee, and the stranger as its accomplice.
    function _hand() internal view returns (Purse memory sum) {
        address[4] memory all = [operator, signer, payee, stranger];
        for (uint256 i; i < 4; i++) {
            Purse memory p = _purse(all[i]);
            sum.opg += p.opg;
            sum.coin += p.coin;
        }
    }
}
