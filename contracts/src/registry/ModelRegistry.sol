// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {HeaderFacts, IValidator, KernelFacts} from "../interfaces/IValidator.sol";
import {Hashes} from "../libraries/Hashes.sol";
import {ModelId} from "../types/Identity.sol";
import {Metadata, Model, Origin, Shape} from "../types/Model.sol";
import {Frontier} from "./Frontier.sol";
import {Shapes} from "./Shapes.sol";

/// @notice Models that anyone may publish and nobody can remove.
contract ModelRegistry is IModelRegistry {
    using Frontier for Frontier.Tree;
    using Shapes for Shapes.Table;

    /// @dev A Program that is being put together, kernel by kernel.
    struct Build {
        uint128 draft;
        address author;
        uint32 inputs;
        uint32 weights;
        uint32 kernels;
        uint32 outputs;
        /// the group of the last kernel added, open iff groupPos + 1 < groupSize
        uint16 groupPos;
        uint16 groupSize;
        uint32 leading;
        uint16 royaltyBps;
        /// header leaf, then one leaf for each kernel
        Frontier.Tree tree;
    }

    /// @dev A Build that waits for its next page.
    struct Draft {
        bytes32 headerHash;
        Build build;
        Origin origin;
        string uri;
    }

    struct Entry {
        address author;
        uint16 royaltyBps;
        bool deprecated;
        bytes32 programRoot;
        bytes32 weightsRoot;
        uint32 inputs;
        uint32 weights;
        uint32 kernels;
        uint32 outputs;
        /// under which shapes and outputs are kept
        uint128 draft;
    }

    uint16 public constant MAX_ROYALTY_BPS = 3000;

    IValidator public immutable validator;

    uint128 private _drafts;
    mapping(uint256 draft => Draft) private _open;
    mapping(ModelId => Entry) private _models;
    mapping(uint256 draft => Shapes.Table) private _shapes;
    mapping(uint256 draft => uint32[]) private _outputs;

    constructor(IValidator validator_) {
        validator = validator_;
    }

    /// @inheritdoc IModelRegistry
    function open(bytes calldata header, Origin calldata origin, Metadata calldata metadata)
        external
        returns (uint256 draft)
    {
        Build memory build = _begin(header, metadata.royaltyBps);
        draft = build.draft;
        Draft storage d = _open[draft];
        d.headerHash = keccak256(header);
        d.origin = origin;
        d.uri = metadata.uri;
        _keep(d.build, build);
        emit DraftOpened(draft, msg.sender, d.headerHash);
    }

    /// @inheritdoc IModelRegistry
    function add(uint256 draft, bytes calldata header, bytes[] calldata descriptors) external {
        Draft storage d = _ownDraft(draft);
        bytes32 given = keccak256(header);
        require(given == d.headerHash, RegistryHeaderDiffers(given, d.headerHash));
        Build memory build = d.build;
        emit KernelsAdded(draft, build.tree.count - 1, uint32(descriptors.length));
        _append(build, header, descriptors);
        _keep(d.build, build);
    }

    /// @inheritdoc IModelRegistry
    function seal(uint256 draft) external returns (ModelId id) {
        Draft storage d = _ownDraft(draft);
        id = _publish(d.build, d.origin, d.uri);
        delete _open[draft];
    }

    /// @inheritdoc IModelRegistry
    function publish(
        bytes calldata header,
        bytes[] calldata descriptors,
        Origin calldata origin,
        Metadata calldata metadata
    ) external returns (ModelId) {
        Build memory build = _begin(header, metadata.royaltyBps);
        _append(build, header, descriptors);
        return _publish(build, origin, metadata.uri);
    }

    /// @inheritdoc IModelRegistry
    function deprecate(ModelId id) external {
        Entry storage m = _entry(id);
        require(msg.sender == m.author, RegistryNotAuthor(msg.sender, m.author));
        m.deprecated = true;
        emit Deprecated(id);
    }

    /// @inheritdoc IModelRegistry
    function model(ModelId id) external view returns (Model memory) {
        Entry storage m = _entry(id);
        return Model({
            author: m.author,
            royaltyBps: m.royaltyBps,
            deprecated: m.deprecated,
            programRoot: m.programRoot,
            weightsRoot: m.weightsRoot,
            inputs: m.inputs,
            weights: m.weights,
            kernels: m.kernels,
            outputs: m.outputs
        });
    }

    /// @inheritdoc IModelRegistry
    function author(ModelId id) external view returns (address, uint16) {
        Entry storage m = _entry(id);
        return (m.author, m.royaltyBps);
    }

    /// @inheritdoc IModelRegistry
    function isOpen(ModelId id) external view returns (bool) {
        Entry storage m = _models[id];
        return m.author != address(0) && !m.deprecated;
    }

    /// @inheritdoc IModelRegistry
    function counts(ModelId id) external view returns (uint32 inputs, uint32 kernels, uint32 outputs_) {
        Entry storage m = _counts(id);
        return (m.inputs, m.kernels, m.outputs);
    }

    /// @inheritdoc IModelRegistry
    function outputs(ModelId id) external view returns (uint32[] memory) {
        return _outputs[_entry(id).draft];
    }

    /// @inheritdoc IModelRegistry
    function inputShape(ModelId id, uint32 input) external view returns (Shape) {
        Entry storage m = _counts(id);
        require(input < m.inputs, RegistryIndexOutOfRange(input, m.inputs));
        return _shapes[m.draft].get(input);
    }

    /// @inheritdoc IModelRegistry
    function resultShape(ModelId id, uint32 kernel) external view returns (Shape) {
        Entry storage m = _counts(id);
        require(kernel < m.kernels, RegistryIndexOutOfRange(kernel, m.kernels));
        return _shapes[m.draft].get(m.inputs + kernel);
    }

    /// @inheritdoc IModelRegistry
    function place(ModelId id, uint32 kernel) external view returns (bool isOutput, uint32 rank) {
        Entry storage m = _counts(id);
        require(kernel < m.kernels, RegistryIndexOutOfRange(kernel, m.kernels));
        uint32[] storage list = _outputs[m.draft];
        // Outputs below `low` are < kernel, from `high` on they are ≥ kernel.
        uint256 low;
        uint256 high = list.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (list[middle] < kernel) low = middle + 1;
            else high = middle;
        }
        isOutput = low < list.length && list[low] == kernel;
        rank = isOutput ? uint32(low) : kernel - uint32(low);
    }

    /// @inheritdoc IModelRegistry
    function progress(uint256 draft) external view returns (uint32 added, uint32 kernels) {
        Build storage b = _open[draft].build;
        if (b.author != address(0)) (added, kernels) = (b.tree.count - 1, b.kernels);
    }

    function _begin(bytes calldata header, uint16 royaltyBps) private returns (Build memory build) {
        require(royaltyBps <= MAX_ROYALTY_BPS, RegistryRoyaltyTooHigh(royaltyBps, MAX_ROYALTY_BPS));
        HeaderFacts memory facts = validator.checkHeader(header);
        build.draft = ++_drafts;
        build.author = msg.sender;
        build.royaltyBps = royaltyBps;
        build.inputs = uint32(facts.inputs.length);
        build.weights = facts.weights;
        build.kernels = facts.kernels;
        build.outputs = uint32(facts.outputs.length);
        build.groupSize = 1;
        build.tree.append(Hashes.header(header));
        _outputs[build.draft] = facts.outputs;
        Shapes.Table storage shapes = _shapes[build.draft];
        for (uint256 i; i < facts.inputs.length; i++) {
            shapes.set(i, facts.inputs[i]);
        }
    }

    function _append(Build memory build, bytes calldata header, bytes[] calldata descriptors) private {
        uint32 first = build.tree.count - 1;
        uint32 room = build.kernels - first;
        require(descriptors.length <= room, RegistryTooManyKernels(descriptors.length, room));
        KernelFacts[] memory facts = validator.checkKernels(header, first, descriptors);
        for (uint32 i; i < descriptors.length; i++) {
            _continueGroup(build, first + i, facts[i]);
            _checkShapes(build, first + i, facts[i]);
            build.tree.append(Hashes.kernel(descriptors[i]));
        }
    }

    /// @dev V8. The validator has seen that the group ends within the Program, so a complete Program leaves none open.
    function _continueGroup(Build memory build, uint32 k, KernelFacts memory facts) private pure {
        bool within = build.groupPos + 1 < build.groupSize;
        bool fits = within
            ? facts.groupPos == build.groupPos + 1 && facts.groupSize == build.groupSize
                && facts.leading == build.leading
            : facts.groupPos == 0;
        require(fits, RegistryGroupBroken(k, facts.groupPos, facts.groupSize, facts.leading));
        build.groupPos = facts.groupPos;
        build.groupSize = facts.groupSize;
        build.leading = facts.leading;
    }

    /// @dev V7. The first to speak of a result, by reading or by writing it, settles its shape; all others must agree.
    function _checkShapes(Build memory build, uint32 k, KernelFacts memory facts) private {
        Shapes.Table storage shapes = _shapes[build.draft];
        _agree(shapes, build.inputs, k, facts.shape);
        for (uint256 i; i < facts.reads.length; i++) {
            _agree(shapes, build.inputs, facts.reads[i].kernel, facts.reads[i].shape);
        }
    }

    function _agree(Shapes.Table storage shapes, uint32 inputs, uint32 kernel, Shape shape) private {
        Shape known = shapes.get(inputs + kernel);
        if (Shape.unwrap(known) == 0) shapes.set(inputs + kernel, shape);
        else require(known == shape, RegistryShapeDiffers(kernel, shape, known));
    }

    function _publish(Build memory build, Origin memory origin, string memory uri) private returns (ModelId id) {
        uint32 added = build.tree.count - 1;
        require(added == build.kernels, RegistryIncomplete(added, build.kernels));
        bytes32 programRoot = build.tree.root();
        id = Hashes.model(programRoot, origin);
        address first = _models[id].author;
        require(first == address(0), RegistryModelKnown(id, first));
        _models[id] = Entry({
            author: build.author,
            royaltyBps: build.royaltyBps,
            deprecated: false,
            programRoot: programRoot,
            weightsRoot: origin.weightsRoot,
            inputs: build.inputs,
            weights: build.weights,
            kernels: build.kernels,
            outputs: build.outputs,
            draft: build.draft
        });
        emit Published(id, build.author, programRoot, origin, build.royaltyBps, uri);
    }

    /// @dev Only frontier nodes that count are written.
    function _keep(Build storage kept, Build memory build) private {
        (kept.draft, kept.author, kept.royaltyBps) = (build.draft, build.author, build.royaltyBps);
        (kept.inputs, kept.weights, kept.kernels, kept.outputs) =
            (build.inputs, build.weights, build.kernels, build.outputs);
        (kept.groupPos, kept.groupSize, kept.leading) = (build.groupPos, build.groupSize, build.leading);
        kept.tree.count = build.tree.count;
        for (uint256 level; level < Frontier.LEVELS; level++) {
            if ((build.tree.count >> level) & 1 == 1) kept.tree.nodes[level] = build.tree.nodes[level];
        }
    }

    function _ownDraft(uint256 draft) private view returns (Draft storage d) {
        d = _open[draft];
        address owner = d.build.author;
        require(owner != address(0), RegistryDraftUnknown(draft));
        require(msg.sender == owner, RegistryNotAuthor(msg.sender, owner));
    }

    /// @dev As _entry, by the slot that holds the counts.
    function _counts(ModelId id) private view returns (Entry storage m) {
        m = _models[id];
        require(m.kernels != 0, RegistryModelUnknown(id));
    }

    function _entry(ModelId id) private view returns (Entry storage m) {
        m = _models[id];
        require(m.author != address(0), RegistryModelUnknown(id));
    }
}
