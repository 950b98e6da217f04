// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisputes, NodeProof} from "../../src/interfaces/IDisputes.sol";
import {HeaderFacts, KernelFacts, ResultRead} from "../../src/interfaces/IValidator.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {Claim, Opening, Request} from "../../src/types/Claim.sol";
import {ModelId} from "../../src/types/Identity.sol";
import {Metadata, Origin, Shape} from "../../src/types/Model.sol";
import {Position} from "../../src/types/Position.sol";
import {Trees} from "../toys/Alphabet.sol";
import {World} from "../toys/World.sol";

/// @notice Every object and depth of a model whose trace and tensors need several rounds: 301 kernels, outputs 100 and 300,
/// an f32 input of 300 leaves, an i8 result of 600 whose last leaf holds one byte.
contract PlacesTest is World {
    uint32 private constant MANY = 301;
    Shape private constant SMALL = Shape.wrap((1 << 32) | 64);
    Shape private constant INPUT = Shape.wrap(64 * 299 + 1);
    Shape private constant WIDE = Shape.wrap((2 << 32) | (256 * 599 + 1));
    uint32 private constant WIDE_KERNEL = 150;

    bytes32[] private _inputLeaves;
    bytes32[] private _wideLeaves;
    bytes32[] private _roots;
    bytes32[] private _traceTree;
    Claim private _claim;
    Opening private _opened;

    function setUp() public override {
        super.setUp();
        model = _publishMany();
        for (uint256 i; i < 300; i++) _inputLeaves.push(keccak256(abi.encode("input", i)));
        for (uint256 i; i < 600; i++) _wideLeaves.push(keccak256(abi.encode("wide", i)));
        // The last leaf of the wide tensor has bytes that a reveal can show.
        _wideLeaves[599] = keccak256(abi.encodePacked(uint8(0), new bytes(256)));
        for (uint256 k; k < MANY; k++) {
            bytes32 root = k == WIDE_KERNEL
                ? Hashes.tensor(WIDE, Trees.root(_wideLeaves))
                : Hashes.tensor(SMALL, keccak256(abi.encode("leaf", k)));
            _roots.push(root);
        }
        _post();
    }

    function _publishMany() private returns (ModelId) {
        HeaderFacts memory header;
        header.kernels = MANY;
        header.outputs = new uint32[](2);
        (header.outputs[0], header.outputs[1]) = (100, 300);
        header.inputs = new Shape[](1);
        header.inputs[0] = INPUT;
        bytes[] memory descriptors = new bytes[](MANY);
        for (uint32 k; k < MANY; k++) {
            KernelFacts memory facts;
            facts.shape = k == WIDE_KERNEL ? WIDE : SMALL;
            facts.groupSize = 1;
            facts.reads = new ResultRead[](0);
            descriptors[k] = abi.encode(facts);
        }
        return registry.publish(abi.encode(header), descriptors, Origin(0, "many", "c"), Metadata(0, ""));
    }

    function _post() private {
        _opened.salt = "salt";
        _opened.inputRoot = Hashes.list(1, Hashes.tensor(INPUT, Trees.root(_inputLeaves)));
        bytes32[] memory outputs = new bytes32[](2);
        (outputs[0], outputs[1]) = (_roots[100], _roots[300]);
        _opened.outputRoot = Hashes.list(2, Trees.root(outputs));
        Request memory terms = _request(Hashes.claimSide("salt", 0, _opened.inputRoot));
        vm.prank(requester);
        uint256 requestId = market.request(terms);
        bytes32 salt = Hashes.traceSalt(operator, requester, requestId);
        for (uint32 k; k < MANY; k++) {
            if (k != 100 && k != 300) _traceTree.push(Hashes.traceLeaf(salt, k, _roots[k]));
        }
        _opened.traceRoot = Trees.root(_traceTree);
        _claim = Claim({
            modelRoot: model,
            input: terms.input,
            output: Hashes.claimSide("salt", 1, _opened.outputRoot),
            operator: operator,
            requester: requester,
            requestId: requestId,
            fee: terms.fee,
            coverage: terms.coverage,
            level: terms.level,
            parameters: terms.parameters,
            postBy: terms.deadline
        });
        vm.prank(operator);
        market.postOpened(_claim, terms.deadline, _opened);
    }

    function _join(bytes32[] memory list, uint256 from, uint256 count) private pure returns (bytes memory data) {
        for (uint256 i; i < count; i++) data = bytes.concat(data, list[from + i]);
    }

    function _hang(bytes32 tensorRoot, bytes32[] memory listPath) private pure returns (NodeProof memory proof) {
        proof.tensorRoot = tensorRoot;
        proof.listPath = listPath;
        proof.path = new bytes32[](0);
    }

    function _below(NodeProof memory proof, bytes32[] memory leaves, uint256 j, uint256 i) private pure {
        proof.node = Trees.nodesAt(leaves, 8 * j)[i];
        proof.path = Trees.path(leaves, 8 * j, i);
    }

    function _buy(Position position, NodeProof memory proof, bytes memory data) private {
        uint256 price = disputes.price(_claim, position);
        vm.prank(challenger);
        disputes.demand{value: price}(_claim, _opened, position, proof);
        uint256 before = disputes.credits(signer);
        vm.prank(stranger);
        disputes.reveal(_claim, position, data);
        assertEq(disputes.credits(signer), before + price);
    }

    function test_traceInTwoRounds() external {
        NodeProof memory proof = _hang(0, new bytes32[](0));
        assertEq(disputes.depth(_claim, _position(1, 0, 2, 0)), 6);
        _buy(_position(1, 0, 2, 0), proof, _join(Trees.nodesAt(_traceTree, 8), 0, 2));
        // Ranks 256 … 298 are kernels 257 … 299: output 100 lies before them.
        bytes32[] memory roots = new bytes32[](43);
        for (uint256 i; i < 43; i++) roots[i] = _roots[257 + i];
        _below(proof, _traceTree, 1, 1);
        assertEq(disputes.depth(_claim, _position(1, 0, 1, 1)), 7);
        _buy(_position(1, 0, 1, 1), proof, _join(roots, 0, 43));
        // The first 256 ranks hold output 100 in their midst.
        roots = new bytes32[](256);
        for (uint256 i; i < 256; i++) roots[i] = _roots[i < 100 ? i : i + 1];
        _below(proof, _traceTree, 1, 0);
        _buy(_position(1, 0, 1, 0), proof, _join(roots, 0, 256));
    }

    function test_tracedTensorDownToALeaf() external {
        NodeProof memory proof = _hang(_roots[WIDE_KERNEL], Trees.path(_traceTree, 0, WIDE_KERNEL - 1));
        assertEq(disputes.depth(_claim, _position(5, WIDE_KERNEL, 2, 0)), 8);
        _buy(_position(5, WIDE_KERNEL, 2, 0), proof, _join(Trees.nodesAt(_wideLeaves, 8), 0, 3));
        _below(proof, _wideLeaves, 1, 2);
        assertEq(disputes.depth(_claim, _position(5, WIDE_KERNEL, 1, 2)), 9);
        _buy(_position(5, WIDE_KERNEL, 1, 2), proof, _join(_wideLeaves, 512, 88));
        _below(proof, _wideLeaves, 0, 599);
        assertEq(disputes.depth(_claim, _position(5, WIDE_KERNEL, 0, 599)), 10);
        _buy(_position(5, WIDE_KERNEL, 0, 599), proof, new bytes(256));
    }

    function test_inputTensorAndOutputList() external {
        bytes32 tensorRoot = Hashes.tensor(INPUT, Trees.root(_inputLeaves));
        NodeProof memory proof = _hang(tensorRoot, new bytes32[](0));
        _buy(_position(4, 0, 2, 0), proof, _join(Trees.nodesAt(_inputLeaves, 8), 0, 2));
        _below(proof, _inputLeaves, 1, 0);
        _buy(_position(4, 0, 1, 0), proof, _join(_inputLeaves, 0, 256));
        bytes32[] memory outputs = new bytes32[](2);
        (outputs[0], outputs[1]) = (_roots[100], _roots[300]);
        _buy(_position(3, 0, 1, 0), _hang(0, new bytes32[](0)), _join(outputs, 0, 2));
    }

    function test_pathsThatDoNotFitAreRefused() external {
        uint256 price = 1 ether;
        Position position = _position(5, WIDE_KERNEL, 1, 0);
        NodeProof memory proof = _hang(_roots[WIDE_KERNEL], Trees.path(_traceTree, 0, WIDE_KERNEL - 1));
        _below(proof, _wideLeaves, 1, 0);

        // another tensor, with nodes of its own
        bytes32[] memory other = new bytes32[](600);
        proof.tensorRoot = Hashes.tensor(WIDE, Trees.root(other));
        _below(proof, other, 1, 0);
        vm.expectPartialRevert(IDisputes.DisputesPathInvalid.selector);
        disputes.demand{value: price}(_claim, _opened, position, proof);
        proof.tensorRoot = _roots[WIDE_KERNEL];
        _below(proof, _wideLeaves, 1, 0);

        // another node
        proof.node = _wideLeaves[0];
        vm.expectPartialRevert(IDisputes.DisputesPathInvalid.selector);
        disputes.demand{value: price}(_claim, _opened, position, proof);
        proof.node = Trees.nodesAt(_wideLeaves, 8)[0];

        uint256 length = proof.path.length;
        proof.path = new bytes32[](length + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.DisputesPathLengthInvalid.selector, position, length + 1, length)
        );
        disputes.demand{value: price}(_claim, _opened, position, proof);
        length = proof.listPath.length;
        proof.listPath = new bytes32[](length - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IDisputes.DisputesPathLengthInvalid.selector, position, length - 1, length)
        );
        disputes.demand{value: price}(_claim, _opened, position, proof);

        // the root needs no path
        proof = _hang(0, new bytes32[](0));
        proof.path = new bytes32[](1);
        position = _position(1, 0, 2, 0);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesPathLengthInvalid.selector, position, 1, 0));
        disputes.demand{value: price}(_claim, _opened, position, proof);
    }

    function test_positionsThatAreNotThereAreRefused() external {
        Position[11] memory bad = [
            _position(0, 0, 1, 0),
            _position(1, 0, 0, 0),
            _position(1, 0, 3, 0),
            _position(1, 0, 1, 2),
            _position(1, 1, 2, 0),
            _position(2, 0, 2, 0),
            _position(4, 1, 0, 0),
            _position(5, MANY, 0, 0),
            _position(5, WIDE_KERNEL, 3, 0),
            _position(5, WIDE_KERNEL, 0, 600),
            _position(6, 0, 1, 0)
        ];
        for (uint256 i; i < bad.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesPositionInvalid.selector, bad[i]));
            disputes.price(_claim, bad[i]);
        }
    }
}
