// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ICourt, Shares} from "../../src/interfaces/IStaking.sol";
import {Staking} from "../../src/staking/Staking.sol";

/// @notice A court that does what it is told.
contract ToyCourt is ICourt {
    uint256 public longestExposure = 1 days;
    Staking private immutable _staking;

    constructor(Staking staking) {
        _staking = staking;
    }

    function lock(address operator, uint128 coverage) external returns (address) {
        return _staking.lock(operator, coverage);
    }

    function unlock(address operator, uint128 coverage) external returns (address) {
        return _staking.unlock(operator, coverage);
    }

    function slash(address operator, uint128 coverage, address victim, address challenger) external {
        _staking.slash(operator, coverage, victim, challenger);
    }

    function slashBond(address operator, uint128 coverage) external returns (Shares memory) {
        return _staking.slashBond(operator, coverage, address(1), address(2));
    }
}
