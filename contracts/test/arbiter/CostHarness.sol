// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {Header, HeaderCode} from "../../src/libraries/HeaderCode.sol";
import {Kernel, KernelCode} from "../../src/libraries/KernelCode.sol";
import {KernelCost} from "../../src/libraries/KernelCost.sol";
import {Findings, KernelRules} from "../../src/libraries/KernelRules.sol";

/// @dev The cost that the Validator compares with its bounds.
contract CostHarness {
    function cost(bytes calldata header, uint32 number, bytes memory descriptor)
        external
        pure
        returns (uint256 gas, uint256 size)
    {
        Header memory parsed = HeaderCode.parse(header);
        Findings memory found;
        found.number = number;
        Kernel memory kernel = KernelCode.parse(descriptor);
        KernelRules.check(parsed, kernel, descriptor.length, found);
        return KernelCost.total(parsed, kernel, found);
    }
}
