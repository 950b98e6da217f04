// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IArbiter, Roots} from "../../src/interfaces/IArbiter.sol";
import {HeaderFacts, IValidator, KernelFacts, ResultRead} from "../../src/interfaces/IValidator.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Shape} from "../../src/types/Model.sol";

/// @notice The toy machine that the court is tested with: every kernel reads the result before it (the first the input),
/// 256 letters each, and adds one to every letter. The last kernel is the only output.
library Alphabet {
    /// u8 × 256: one leaf
    Shape internal constant SHAPE = Shape.wrap((3 << 32) | 256);

    function next(bytes memory letters) internal pure returns (bytes memory out) {
        out = new bytes(letters.length);
        for (uint256 i; i < letters.length; i++) {
            unchecked {
                out[i] = bytes1(uint8(letters[i]) + 1);
            }
        }
    }

    function tensorRoot(bytes memory letters) internal pure returns (bytes32) {
        return Hashes.tensor(SHAPE, keccak256(abi.encodePacked(uint8(0), letters)));
    }

    function header(uint32 kernels) internal pure returns (bytes memory) {
        HeaderFacts memory facts;
        facts.kernels = kernels;
        facts.outputs = new uint32[](1);
        facts.outputs[0] = kernels - 1;
        facts.inputs = new Shape[](1);
        facts.inputs[0] = SHAPE;
        return abi.encode(facts);
    }

    function descriptors(uint32 kernels) internal pure returns (bytes[] memory list) {
        list = new bytes[](kernels);
        for (uint32 k; k < kernels; k++) {
            KernelFacts memory facts;
            facts.shape = SHAPE;
            facts.groupSize = 1;
            facts.leading = 256;
            facts.reads = new ResultRead[](k == 0 ? 0 : 1);
            if (k > 0) facts.reads[0] = ResultRead(k - 1, SHAPE);
            list[k] = abi.encode(facts);
        }
    }
}

/// @notice A header or descriptor is the abi.encode of what it says.
contract ToyValidator is IValidator {
    error ToyInvalid();

    function checkHeader(bytes calldata header) external pure returns (HeaderFacts memory facts) {
        facts = abi.decode(header, (HeaderFacts));
        require(facts.kernels > 0, ToyInvalid());
    }

    function checkKernels(bytes calldata, uint32, bytes[] calldata descriptors)
        external
        pure
        returns (KernelFacts[] memory facts)
    {
        facts = new KernelFacts[](descriptors.length);
        for (uint256 i; i < descriptors.length; i++) {
            facts[i] = abi.decode(descriptors[i], (KernelFacts));
        }
    }
}

struct ToyWitness {
    bytes source;
    bytes32[] sourcePath;
    bytes result;
    bytes32[] resultPath;
}

contract ToyArbiter is IArbiter {
    error ToyDoesNotOpen();
    error ToyElementRight();

    function proveElement(Roots calldata roots, uint32 kernel, uint32 element, bytes calldata witness) external pure {
        ToyWitness memory w = abi.decode(witness, (ToyWitness));
        bytes32 source = Alphabet.tensorRoot(w.source);
        if (kernel == 0) require(_list(1, source, 0, w.sourcePath) == roots.inputRoot, ToyDoesNotOpen());
        else _openResult(roots, kernel - 1, source, w.sourcePath);
        _openResult(roots, kernel, Alphabet.tensorRoot(w.result), w.resultPath);
        require(Alphabet.next(w.source)[element] != w.result[element], ToyElementRight());
    }

    function _openResult(Roots calldata roots, uint32 k, bytes32 tensorRoot, bytes32[] memory path) private pure {
        if (k == roots.outputs[0]) {
            require(_list(1, tensorRoot, 0, path) == roots.outputRoot, ToyDoesNotOpen());
        } else {
            bytes32 leaf = Hashes.traceLeaf(roots.traceSalt, k, tensorRoot);
            require(Trees.rootFrom(leaf, roots.kernels - 1, 0, k, path) == roots.traceRoot, ToyDoesNotOpen());
        }
    }

    function _list(uint32 count, bytes32 leaf, uint256 index, bytes32[] memory path) private pure returns (bytes32) {
        return Hashes.list(count, Trees.rootFrom(leaf, count, 0, index, path));
    }
}

/// @notice Trees as docs/spec/commitments.md puts it, over lists in memory, slow and plain.
library Trees {
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), left, right));
    }

    /// @notice Level `level` of the tree over `list`.
    function nodesAt(bytes32[] memory list, uint256 level) internal pure returns (bytes32[] memory nodes) {
        nodes = list;
        for (; level > 0; level--) {
            bytes32[] memory above = new bytes32[]((nodes.length + 1) / 2);
            for (uint256 i; i < above.length; i++) {
                above[i] = 2 * i + 1 < nodes.length ? node(nodes[2 * i], nodes[2 * i + 1]) : nodes[2 * i];
            }
            nodes = above;
        }
    }

    function root(bytes32[] memory list) internal pure returns (bytes32) {
        if (list.length == 0) return 0;
        while (list.length > 1) list = nodesAt(list, 1);
        return list[0];
    }

    function path(bytes32[] memory list, uint256 level, uint256 index) internal pure returns (bytes32[] memory siblings) {
        bytes32[] memory nodes = nodesAt(list, level);
        bytes32[] memory found = new bytes32[](32);
        uint256 count;
        for (; nodes.length > 1; index /= 2) {
            if (index ^ 1 < nodes.length) found[count++] = nodes[index ^ 1];
            nodes = nodesAt(nodes, 1);
        }
        siblings = new bytes32[](count);
        for (uint256 i; i < count; i++) siblings[i] = found[i];
    }

    function rootFrom(bytes32 hash, uint256 n, uint256 level, uint256 index, bytes32[] memory siblings)
        internal
        pure
        returns (bytes32)
    {
        uint256 size = n;
        for (uint256 l; l < level; l++) size = (size + 1) / 2;
        uint256 next;
        for (; size > 1; size = (size + 1) / 2) {
            if (index ^ 1 < size) {
                hash = index % 2 == 0 ? node(hash, siblings[next]) : node(siblings[next], hash);
                next++;
            }
            index /= 2;
        }
        require(next == siblings.length, "path length");
        return hash;
    }
}
