// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ModelId} from "../types/Identity.sol";
import {Origin, Shape} from "../types/Model.sol";

/// @notice The tagged hashes of docs/spec/commitments.md. Integers are big-endian.
library Hashes {
    /// @dev 65 bytes from 0x1f: the scratch space and the free memory pointer, which is put back.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(0x1f, 1)
            mstore(0x20, left)
            mstore(0x40, right)
            hash := keccak256(0x1f, 65)
            mstore(0x40, free)
        }
    }

    /// @param data 256 bytes
    function leaf(bytes calldata data) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), data));
    }

    function tensor(Shape shape, bytes32 treeRoot) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), Shape.unwrap(shape), treeRoot));
    }

    function kernel(bytes calldata descriptor) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(3), descriptor));
    }

    function header(bytes calldata data) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(4), data));
    }

    function list(uint32 count, bytes32 treeRoot) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(5), count, treeRoot));
    }

    function traceLeaf(bytes32 salt, uint32 kernel_, bytes32 tensorRoot) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(6), salt, kernel_, tensorRoot));
    }

    function traceSalt(address operator, address requester, uint256 requestId) internal pure returns (bytes32) {
        return keccak256(abi.encode(operator, requester, requestId));
    }

    /// @param side 0 input, 1 output
    function claimSide(bytes32 salt, uint8 side, bytes32 root) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(7), salt, side, root));
    }

    function model(bytes32 programRoot, Origin memory origin) internal pure returns (ModelId) {
        return ModelId.wrap(
            keccak256(
                abi.encodePacked(uint8(8), programRoot, origin.weightsRoot, origin.sourceHash, origin.compilerHash)
            )
        );
    }
}
