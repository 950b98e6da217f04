// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice Carries out what its creator, a Governor, decided, once a delay has passed; anyone may carry it out.
/// @dev Its roles and its delay are for good: no vote hands them on, and no key ever has one.
contract Timelock is TimelockController {
    error TimelockFixed();

    constructor(uint256 delay) TimelockController(delay, _only(msg.sender), _only(address(0)), address(0)) {}

    function updateDelay(uint256) public pure override {
        revert TimelockFixed();
    }

    function _grantRole(bytes32 role, address account) internal override returns (bool) {
        require(address(this).code.length == 0, TimelockFixed());
        return super._grantRole(role, account);
    }

    function _revokeRole(bytes32, address) internal pure override returns (bool) {
        revert TimelockFixed();
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
