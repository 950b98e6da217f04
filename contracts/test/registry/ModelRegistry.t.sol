// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {HeaderFacts, KernelFacts, ResultRead} from "../../src/interfaces/IValidator.sol";
import {Hashes} from "../../src/libraries/Hashes.sol";
import {ModelId} from "../../src/types/Identity.sol";
import {Metadata, Model, Origin, Shape} from "../../src/types/Model.sol";
import {Alphabet, ToyValidator, Trees} from "../toys/Alphabet.sol";
import {World} from "../toys/World.sol";

contract ModelRegistryTest is World {
    Origin private origin = Origin("weights", "source", "compiler");
    Shape private constant A = Shape.wrap(7);
    Shape private constant B = Shape.wrap((1 << 32) | 8);

    function _expect(bytes4 selector, bytes memory arguments) internal {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _metadata() private pure returns (Metadata memory) {
        return Metadata(250, "https://models.example/1");
    }

    function _header(uint32 kernels, uint32[] memory outputs, uint256 inputs) private pure returns (bytes memory) {
        HeaderFacts memory facts;
        facts.weights = 9;
        facts.kernels = kernels;
        facts.outputs = outputs;
        facts.inputs = new Shape[](inputs);
        for (uint256 i; i < inputs; i++) facts.inputs[i] = Shape.wrap(uint40(100 + i));
        return abi.encode(facts);
    }

    function _last(uint32 kernels) private pure returns (uint32[] memory outputs) {
        outputs = new uint32[](1);
        outputs[0] = kernels - 1;
    }

    function _facts(Shape shape) private pure returns (KernelFacts memory facts) {
        facts.shape = shape;
        facts.groupSize = 1;
        facts.reads = new ResultRead[](0);
    }

    function _member(uint16 pos, uint16 size, uint32 leading) private pure returns (KernelFacts memory facts) {
        facts = _facts(A);
        (facts.groupPos, facts.groupSize, facts.leading) = (pos, size, leading);
    }

    function _reading(Shape shape, uint32 kernel, Shape read) private pure returns (KernelFacts memory facts) {
        facts = _facts(shape);
        facts.reads = new ResultRead[](1);
        facts.reads[0] = ResultRead(kernel, read);
    }

    function _publish(KernelFacts[] memory facts) private returns (ModelId) {
        bytes[] memory descriptors = new bytes[](facts.length);
        for (uint256 i; i < facts.length; i++) descriptors[i] = abi.encode(facts[i]);
        return registry.publish(
            _header(uint32(facts.length), _last(uint32(facts.length)), 1), descriptors, origin, _metadata()
        );
    }

    /// One transaction and any cut into pages give the same model, with the roots of docs/spec/commitments.md.
    function testFuzz_pagesMakeTheSameModel(uint256 seed, uint32 kernels) external {
        kernels = uint32(bound(kernels, 1, 40));
        bytes memory header = _header(kernels, _last(kernels), 2);
        bytes[] memory descriptors = new bytes[](kernels);
        bytes32[] memory leaves = new bytes32[](kernels + 1);
        leaves[0] = keccak256(abi.encodePacked(uint8(4), header));
        for (uint32 k; k < kernels; k++) {
            Shape shape = Shape.wrap(uint40(1 + k));
            descriptors[k] = abi.encode(k == 0 ? _facts(shape) : _reading(shape, k - 1, Shape.wrap(uint40(k))));
            leaves[k + 1] = keccak256(abi.encodePacked(uint8(3), descriptors[k]));
        }
        bytes32 programRoot = Trees.root(leaves);
        ModelId expected = ModelId.wrap(
            keccak256(abi.encodePacked(uint8(8), programRoot, origin.weightsRoot, origin.sourceHash, origin.compilerHash))
        );
        uint256 snapshot = vm.snapshotState();
        vm.prank(stranger);
        assertEq(ModelId.unwrap(registry.publish(header, descriptors, origin, _metadata())), ModelId.unwrap(expected));
        _checkModel(expected, programRoot, kernels);
        vm.revertToState(snapshot);

        vm.startPrank(stranger);
        uint256 draft = registry.open(header, origin, _metadata());
        uint32 done;
        while (done < kernels) {
            uint256 room = kernels - done;
            bytes[] memory page = new bytes[](1 + uint256(keccak256(abi.encode(seed, done))) % room);
            for (uint256 i; i < page.length; i++) page[i] = descriptors[done + i];
            registry.add(draft, header, page);
            done += uint32(page.length);
            (uint32 added, uint32 all) = registry.progress(draft);
            assertEq(added, done);
            assertEq(all, kernels);
        }
        assertEq(ModelId.unwrap(registry.seal(draft)), ModelId.unwrap(expected));
        vm.stopPrank();
        _checkModel(expected, programRoot, kernels);
        (uint32 none,) = registry.progress(draft);
        assertEq(none, 0);
    }

    function _checkModel(ModelId id, bytes32 programRoot, uint32 kernels) private view {
        Model memory m = registry.model(id);
        assertEq(m.author, stranger);
        assertEq(m.royaltyBps, 250);
        assertEq(m.programRoot, programRoot);
        assertEq(m.weightsRoot, origin.weightsRoot);
        assertEq(m.inputs, 2);
        assertEq(m.weights, 9);
        assertEq(m.kernels, kernels);
        assertEq(m.outputs, 1);
        assertTrue(registry.isOpen(id));
        assertEq(Shape.unwrap(registry.inputShape(id, 1)), 101);
        for (uint32 k; k < kernels; k++) assertEq(Shape.unwrap(registry.resultShape(id, k)), 1 + k);
    }

    function test_publishRefusals() external {
        bytes memory header = Alphabet.header(3);
        bytes[] memory descriptors = Alphabet.descriptors(3);
        _expect(IModelRegistry.RegistryRoyaltyTooHigh.selector, abi.encode(3001, 3000));
        registry.publish(header, descriptors, origin, Metadata(3001, ""));
        _expect(IModelRegistry.RegistryIncomplete.selector, abi.encode(2, 3));
        registry.publish(header, Alphabet.descriptors(2), origin, _metadata());
        _expect(IModelRegistry.RegistryTooManyKernels.selector, abi.encode(4, 3));
        registry.publish(header, Alphabet.descriptors(4), origin, _metadata());
        vm.expectRevert(ToyValidator.ToyInvalid.selector);
        registry.publish(_header(0, new uint32[](0), 0), new bytes[](0), origin, _metadata());
        ModelId id = registry.publish(header, descriptors, origin, _metadata());
        _expect(IModelRegistry.RegistryModelKnown.selector, abi.encode(id, address(this)));
        vm.prank(stranger);
        registry.publish(header, descriptors, origin, _metadata());
    }

    function test_draftRefusals() external {
        bytes memory header = Alphabet.header(3);
        vm.prank(author);
        uint256 draft = registry.open(header, origin, _metadata());
        bytes[] memory page = Alphabet.descriptors(1);
        _expect(IModelRegistry.RegistryNotAuthor.selector, abi.encode(stranger, author));
        vm.prank(stranger);
        registry.add(draft, header, page);
        _expect(IModelRegistry.RegistryDraftUnknown.selector, abi.encode(draft + 1));
        registry.add(draft + 1, header, page);
        vm.startPrank(author);
        bytes memory other = Alphabet.header(4);
        _expect(IModelRegistry.RegistryHeaderDiffers.selector, abi.encode(keccak256(other), keccak256(header)));
        registry.add(draft, other, page);
        registry.add(draft, header, page);
        _expect(IModelRegistry.RegistryIncomplete.selector, abi.encode(1, 3));
        registry.seal(draft);
        bytes[] memory rest = Alphabet.descriptors(3);
        _expect(IModelRegistry.RegistryTooManyKernels.selector, abi.encode(3, 2));
        registry.add(draft, header, rest);
        (rest[0], rest[1]) = (rest[1], rest[2]);
        assembly ("memory-safe") {
            mstore(rest, 2)
        }
        registry.add(draft, header, rest);
        registry.seal(draft);
        _expect(IModelRegistry.RegistryDraftUnknown.selector, abi.encode(draft));
        registry.seal(draft);
    }

    /// V7: reads of earlier, own and later results must name the shape that is written.
    function test_shapesMustAgree() external {
        KernelFacts[] memory facts = new KernelFacts[](2);
        (facts[0], facts[1]) = (_facts(A), _reading(A, 0, B));
        _expect(IModelRegistry.RegistryShapeDiffers.selector, abi.encode(0, B, A));
        _publish(facts);
        (facts[0], facts[1]) = (_facts(A), _reading(A, 1, B));
        _expect(IModelRegistry.RegistryShapeDiffers.selector, abi.encode(1, B, A));
        _publish(facts);
        (facts[0], facts[1]) = (_reading(A, 1, B), _facts(A));
        _expect(IModelRegistry.RegistryShapeDiffers.selector, abi.encode(1, A, B));
        _publish(facts);
        (facts[0], facts[1]) = (_reading(A, 1, B), _reading(B, 0, A));
        ModelId id = _publish(facts);
        assertTrue(registry.resultShape(id, 1) == B);
    }

    /// V8
    function test_groupsContinue() external {
        KernelFacts[] memory facts = new KernelFacts[](4);
        (facts[0], facts[1], facts[2], facts[3]) = (_member(0, 3, 5), _member(1, 3, 5), _member(2, 3, 5), _facts(A));
        uint256 snapshot = vm.snapshotState();
        _publish(facts);
        vm.revertToState(snapshot);
        facts[1] = _member(2, 3, 5);
        _refuseGroup(facts, 1);
        facts[1] = _member(1, 2, 5);
        _refuseGroup(facts, 1);
        facts[1] = _member(1, 3, 6);
        _refuseGroup(facts, 1);
        facts[1] = _facts(A);
        _refuseGroup(facts, 1);
        facts[1] = _member(1, 3, 5);
        facts[3] = _member(3, 4, 5);
        _refuseGroup(facts, 3);
        facts[0] = _member(1, 3, 5);
        _refuseGroup(facts, 0);
    }

    function _refuseGroup(KernelFacts[] memory facts, uint32 k) private {
        _expect(
            IModelRegistry.RegistryGroupBroken.selector,
            abi.encode(k, facts[k].groupPos, facts[k].groupSize, facts[k].leading)
        );
        _publish(facts);
    }

    function testFuzz_placesOfResults(uint256 seed, uint32 kernels) external {
        kernels = uint32(bound(kernels, 1, 60));
        uint32[] memory outputs = new uint32[](kernels);
        uint256 count;
        for (uint32 k; k < kernels; k++) {
            if (k + 1 == kernels || uint256(keccak256(abi.encode(seed, k))) % 4 == 0) outputs[count++] = k;
        }
        assembly ("memory-safe") {
            mstore(outputs, count)
        }
        bytes[] memory descriptors = new bytes[](kernels);
        for (uint32 k; k < kernels; k++) descriptors[k] = abi.encode(_facts(A));
        ModelId id = registry.publish(_header(kernels, outputs, 0), descriptors, origin, _metadata());
        assertEq(abi.encode(registry.outputs(id)), abi.encode(outputs));
        uint32 passed;
        for (uint32 k; k < kernels; k++) {
            (bool isOutput, uint32 rank) = registry.place(id, k);
            bool expected = passed < count && outputs[passed] == k;
            assertEq(isOutput, expected);
            assertEq(rank, expected ? passed : k - passed);
            if (expected) passed++;
        }
        (uint32 inputs, uint32 all, uint32 outs) = registry.counts(id);
        assertEq(abi.encode(inputs, all, outs), abi.encode(0, kernels, count));
    }

    function test_readsOfWhatIsNotThere() external {
        ModelId none = ModelId.wrap("none");
        bytes memory unknown = abi.encodeWithSelector(IModelRegistry.RegistryModelUnknown.selector, none);
        vm.expectRevert(unknown);
        registry.model(none);
        vm.expectRevert(unknown);
        registry.author(none);
        vm.expectRevert(unknown);
        registry.counts(none);
        vm.expectRevert(unknown);
        registry.outputs(none);
        vm.expectRevert(unknown);
        registry.deprecate(none);
        assertFalse(registry.isOpen(none));
        _expect(IModelRegistry.RegistryIndexOutOfRange.selector, abi.encode(1, 1));
        registry.inputShape(model, 1);
        _expect(IModelRegistry.RegistryIndexOutOfRange.selector, abi.encode(KERNELS, KERNELS));
        registry.resultShape(model, KERNELS);
        _expect(IModelRegistry.RegistryIndexOutOfRange.selector, abi.encode(KERNELS, KERNELS));
        registry.place(model, KERNELS);
    }

    function test_onlyTheAuthorDeprecates() external {
        _expect(IModelRegistry.RegistryNotAuthor.selector, abi.encode(stranger, author));
        vm.prank(stranger);
        registry.deprecate(model);
        vm.prank(author);
        registry.deprecate(model);
        assertFalse(registry.isOpen(model));
        assertTrue(registry.model(model).deprecated);
    }

    function test_hashesAreTagged() external pure {
        assertEq(Hashes.list(3, "r"), keccak256(abi.encodePacked(uint8(5), uint32(3), bytes32("r"))));
        assertEq(Hashes.tensor(B, "r"), keccak256(abi.encodePacked(uint8(2), uint8(1), uint32(8), bytes32("r"))));
    }
}
