// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisputes, NodeProof} from "../interfaces/IDisputes.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Hashes} from "../libraries/Hashes.sol";
import {Claim, Opening} from "../types/Claim.sol";
import {ModelId} from "../types/Identity.sol";
import {Shape} from "../types/Model.sol";
import {Objects, Position} from "../types/Position.sol";
import {Nodes} from "./Nodes.sol";

/// @notice What the registry says about the tree that a position is in.
struct Place {
    /// leaves of the tree: of the list, the trace, or the tensor
    uint32 leaves;
    /// j of its root
    uint8 height;
    uint8 depth;
    /// tensors: declared dtype and elements
    Shape shape;
    /// tensors: the list or trace that the tensorRoot is in, its leaves and the rank there
    uint8 listObject;
    uint32 listLeaves;
    uint32 rank;
    /// of the model
    uint32 outputs;
}

/// @notice Positions of depth ≥ 1 of a claim: where they are, and how a node there hangs from the opening.
library Places {
    uint256 private constant LEAF_BYTES = 256;
    /// @dev A challenger that holds nothing buys the inputs first: list 1, tensors 2 … 5. Only then can it run, and know
    /// which part of the trace or the outputs (from 6 on) to ask for.
    uint8 private constant INPUTS_DEPTH = 1;
    uint8 private constant RUN_DEPTH = 6;

    /// @notice Reverts with DisputesPositionInvalid unless the model's runs have such a node.
    function locate(IModelRegistry registry, ModelId model, Position p) internal view returns (Place memory place) {
        (uint32 inputs, uint32 kernels, uint32 outputs) = registry.counts(model);
        place.outputs = outputs;
        uint8 object = p.object();
        bool tensor = object == Objects.INPUT || object == Objects.RESULT;
        uint8 top = object == Objects.INPUTS || object == Objects.INPUT ? INPUTS_DEPTH : RUN_DEPTH;
        if (tensor) {
            require(p.tensor() < (object == Objects.INPUT ? inputs : kernels), IDisputes.DisputesPositionInvalid(p));
            _locateTensor(registry, model, p, place);
            place.listLeaves = _listLeaves(place.listObject, inputs, kernels, outputs);
            top += _listHeight(place.listLeaves);
        } else {
            bool listed = object >= Objects.TRACE && object <= Objects.OUTPUTS;
            require(listed && p.tensor() == 0, IDisputes.DisputesPositionInvalid(p));
            place.leaves = _listLeaves(object, inputs, kernels, outputs);
            place.height = _listHeight(place.leaves);
        }
        uint8 j = p.j();
        require(
            j <= place.height && (tensor || j > 0) && p.i() < Nodes.sizeAt(place.leaves, 8 * uint256(j)),
            IDisputes.DisputesPositionInvalid(p)
        );
        place.depth = top + place.height - j;
    }

    /// @notice What an answer at `p` must hash to, after showing by the proof that it hangs from the opening.
    function target(Place memory place, Claim calldata claim, Opening calldata opening, Position p, NodeProof calldata proof)
        internal
        pure
        returns (bytes32)
    {
        bool tensor = p.object() >= Objects.INPUT;
        bytes32 top = tensor
            ? _hangTensor(place, claim, opening, p, proof)
            : p.object() == Objects.TRACE
                ? opening.traceRoot
                : p.object() == Objects.INPUTS ? opening.inputRoot : opening.outputRoot;
        if (p.j() == place.height) {
            _checkLength(p, proof.path, 0);
            return top;
        }
        (bytes32 got, uint256 length) = Nodes.rootFrom(proof.node, place.leaves, 8 * uint256(p.j()), p.i(), proof.path);
        _checkLength(p, proof.path, length);
        got = wrap(place, p.object(), got);
        require(got == top, IDisputes.DisputesPathInvalid(p, got, top));
        return proof.node;
    }

    /// @notice What stands for the tree with this root: the root, its listRoot or its tensorRoot.
    function wrap(Place memory place, uint8 object, bytes32 treeRoot) internal pure returns (bytes32) {
        if (object == Objects.TRACE) return treeRoot;
        return object >= Objects.INPUT ? Hashes.tensor(place.shape, treeRoot) : Hashes.list(place.leaves, treeRoot);
    }

    /// @notice Turns tensorRoots into the trace leaves of ranks `rank`, rank + 1, ….
    function traceLeaves(bytes32[] memory hashes, bytes32 traceSalt, uint32 rank, uint32[] memory outputs) internal pure {
        uint32 kernel = rank;
        uint256 passed;
        for (uint256 i; i < hashes.length; i++) {
            // Rank r of the trace is kernel r plus the outputs before it.
            for (; passed < outputs.length && outputs[passed] <= kernel; passed++) {
                kernel++;
            }
            hashes[i] = Hashes.traceLeaf(traceSalt, kernel++, hashes[i]);
        }
    }

    function _locateTensor(IModelRegistry registry, ModelId model, Position p, Place memory place) private view {
        place.rank = p.tensor();
        place.listObject = Objects.INPUTS;
        if (p.object() == Objects.RESULT) {
            bool isOutput;
            (isOutput, place.rank) = registry.place(model, p.tensor());
            place.listObject = isOutput ? Objects.OUTPUTS : Objects.TRACE;
            place.shape = registry.resultShape(model, p.tensor());
        } else {
            place.shape = registry.inputShape(model, p.tensor());
        }
        // f32 and i32 take 4 bytes, i8 and u8 one.
        uint256 size = uint256(place.shape.elements()) * (place.shape.dtype() < 2 ? 4 : 1);
        place.leaves = uint32((size + LEAF_BYTES - 1) / LEAF_BYTES);
        place.height = Nodes.height(place.leaves);
    }

    function _hangTensor(
        Place memory place,
        Claim calldata claim,
        Opening calldata opening,
        Position p,
        NodeProof calldata proof
    ) private pure returns (bytes32) {
        bool traced = place.listObject == Objects.TRACE;
        bytes32 leaf = proof.tensorRoot;
        if (traced) {
            bytes32 salt = Hashes.traceSalt(claim.operator, claim.requester, claim.requestId);
            leaf = Hashes.traceLeaf(salt, p.tensor(), leaf);
        }
        (bytes32 got, uint256 length) = Nodes.rootFrom(leaf, place.listLeaves, 0, place.rank, proof.listPath);
        _checkLength(p, proof.listPath, length);
        if (!traced) got = Hashes.list(place.listLeaves, got);
        bytes32 expected = traced
            ? opening.traceRoot
            : place.listObject == Objects.INPUTS ? opening.inputRoot : opening.outputRoot;
        require(got == expected, IDisputes.DisputesPathInvalid(p, got, expected));
        return proof.tensorRoot;
    }

    function _checkLength(Position p, bytes32[] calldata path, uint256 expected) private pure {
        require(path.length == expected, IDisputes.DisputesPathLengthInvalid(p, path.length, expected));
    }

    function _listLeaves(uint8 object, uint32 inputs, uint32 kernels, uint32 outputs) private pure returns (uint32) {
        if (object == Objects.TRACE) return kernels - outputs;
        return object == Objects.INPUTS ? inputs : outputs;
    }

    function _listHeight(uint32 leaves) private pure returns (uint8 h) {
        h = Nodes.height(leaves);
        if (h == 0) h = 1;
    }
}
