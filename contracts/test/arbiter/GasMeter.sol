// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// @dev What a call costs to execute, without what its transaction pays for calldata.
contract GasMeter {
    function measure(address target, bytes calldata data) external view returns (uint256 gas) {
        bytes memory copy = data;
        gas = gasleft();
        (bool ok,) = target.staticcall(copy);
        gas -= gasleft();
        require(ok, "the call reverted");
    }
}
