// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {HeaderFacts, IValidator, KernelFacts, ResultRead} from "../interfaces/IValidator.sol";
import {Header, HeaderCode} from "../libraries/HeaderCode.sol";
import {Kernel, KernelCode} from "../libraries/KernelCode.sol";
import {KernelCost} from "../libraries/KernelCost.sol";
import {Findings, KernelRules} from "../libraries/KernelRules.sol";
import {Shape} from "../types/Model.sol";

/// @title Validator
/// @notice What may be published: see IValidator.
contract Validator is IValidator {
    using KernelCode for Kernel;

    uint256 private constant MAX_GAS = 6_000_000;
    uint256 private constant MAX_BYTES = 65_536;

    /// @inheritdoc IValidator
    function checkHeader(bytes calldata header) external pure returns (HeaderFacts memory facts) {
        Header memory parsed = HeaderCode.parse(header);
        facts.weights = uint32(parsed.weights.length);
        facts.kernels = parsed.kernels;
        facts.outputs = parsed.outputs;
        facts.inputs = parsed.inputs;
    }

    /// @inheritdoc IValidator
    function checkKernels(bytes calldata header, uint32 first, bytes[] calldata descriptors)
        external
        pure
        returns (KernelFacts[] memory facts)
    {
        Header memory parsed = HeaderCode.parse(header);
        facts = new KernelFacts[](descriptors.length);
        for (uint256 i; i < descriptors.length; ++i) {
            facts[i] = check(parsed, first + i, descriptors[i]);
        }
    }

    function check(Header memory header, uint256 number, bytes calldata descriptor)
        private
        pure
        returns (KernelFacts memory facts)
    {
        Findings memory found;
        found.number = uint32(number);
        if (number >= header.kernels) KernelRules.fail(8, found, number);
        Kernel memory kernel = KernelCode.parse(copy(descriptor));
        KernelRules.check(header, kernel, descriptor.length, found);
        checkCost(header, kernel, found);
        checkOutput(header, found);
        facts.shape = Shape.wrap(uint40((kernel.outType << 32) | found.elements));
        facts.groupPos = uint16(kernel.groupPos);
        facts.groupSize = uint16(kernel.groupSize);
        if (kernel.loops != 0) facts.leading = uint32(KernelCode.u32At(kernel.extentsAt));
        facts.reads = reads(kernel, found);
    }

    /// @dev With room after the end, so that whole words can be read there.
    function copy(bytes calldata descriptor) private pure returns (bytes memory result) {
        assembly ("memory-safe") {
            result := mload(0x40)
            mstore(0x40, add(result, add(and(add(descriptor.length, 31), not(31)), 0x60)))
            mstore(result, descriptor.length)
            calldatacopy(add(result, 32), descriptor.offset, descriptor.length)
        }
    }

    /// @dev V9.
    function checkCost(Header memory header, Kernel memory kernel, Findings memory found) private pure {
        (uint256 gas, uint256 size) = KernelCost.total(header, kernel, found);
        if (gas > MAX_GAS) KernelRules.fail(9, found, gas);
        if (size > MAX_BYTES) KernelRules.fail(9, found, size);
    }

    /// @dev Where the kernel is an output, the header's dims multiply to its elements.
    function checkOutput(Header memory header, Findings memory found) private pure {
        for (uint256 i; i < header.outputs.length; ++i) {
            if (header.outputs[i] != found.number) continue;
            uint256 elements = header.outputElements[i];
            require(elements == found.elements, ValidatorOutput(found.number, uint32(elements), uint32(found.elements)));
        }
    }

    function reads(Kernel memory kernel, Findings memory found) private pure returns (ResultRead[] memory list) {
        unchecked {
            list = new ResultRead[](kernel.accesses);
            uint256 count;
            for (uint256 i; i < kernel.accesses; ++i) {
                uint256 here = found.accesses[i].here;
                if (KernelCode.u8At(here) != KernelCode.SPACE_RESULT) continue;
                list[count].kernel = uint32(KernelCode.u32At(here + 4));
                list[count++].shape = Shape.wrap(uint40((KernelCode.u8At(here + 3) << 32) | KernelCode.u32At(here + 8)));
            }
            assembly ("memory-safe") {
                mstore(list, count)
            }
        }
    }
}
