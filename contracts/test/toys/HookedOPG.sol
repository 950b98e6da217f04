// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Allocation, OPG} from "../../src/token/OPG.sol";

/// @notice OPG as it never will be: it calls who sends before the move and who receives after it, if they asked for it, as an
/// ERC-777 does. A call that throws stops nothing.
contract HookedOPG is OPG {
    mapping(address => bool) private _hooked;

    constructor(Allocation[] memory genesis) OPG(genesis) {}

    function hook() external {
        _hooked[msg.sender] = true;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        _call(msg.sender);
        super.transfer(to, value);
        _call(to);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        _call(from);
        super.transferFrom(from, to, value);
        _call(to);
        return true;
    }

    function _call(address who) private {
        if (!_hooked[who]) return;
        (bool ignored,) = who.call("");
        ignored;
    }
}
