// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ModelId} from "../types/Identity.sol";
import {Metadata, Model, Origin, Shape} from "../types/Model.sol";

/// @notice Models that anyone may publish and nobody can remove. What is not valid can not be published.
/// @dev A draft takes kernels in order, in as many transactions as it needs; `publish` does all in one.
interface IModelRegistry {
    event DraftOpened(uint256 indexed draft, address indexed author, bytes32 headerHash);
    event KernelsAdded(uint256 indexed draft, uint32 first, uint32 count);
    event Published(
        ModelId indexed model, address indexed author, bytes32 programRoot, Origin origin, uint16 royaltyBps, string uri
    );
    event Deprecated(ModelId indexed model);

    error RegistryRoyaltyTooHigh(uint16 royaltyBps, uint16 most);
    error RegistryNotAuthor(address caller, address author);
    error RegistryDraftUnknown(uint256 draft);
    /// The header handed to `add` is not the one of `open`.
    error RegistryHeaderDiffers(bytes32 given, bytes32 expected);
    error RegistryTooManyKernels(uint256 given, uint32 room);
    error RegistryIncomplete(uint32 added, uint32 kernels);
    /// A kernel reads a result under another dtype or length than that of the kernel that writes it.
    error RegistryShapeDiffers(uint32 kernel, Shape read, Shape written);
    /// V8: the kernel does not continue, or leaves open, a recurrent group.
    error RegistryGroupBroken(uint32 kernel, uint16 groupPos, uint16 groupSize, uint32 leading);
    error RegistryModelKnown(ModelId model, address author);
    error RegistryModelUnknown(ModelId model);
    error RegistryIndexOutOfRange(uint32 index, uint32 count);

    /// @notice Opens a draft of the caller. The header is checked and its hash kept.
    /// @return draft a number never used before
    function open(bytes calldata header, Origin calldata origin, Metadata calldata metadata)
        external
        returns (uint256 draft);

    /// @notice Appends kernels in order. The same header again, since only its hash was kept.
    function add(uint256 draft, bytes calldata header, bytes[] calldata descriptors) external;

    /// @notice Makes a complete draft a model. The first to seal a modelRoot is its author.
    function seal(uint256 draft) external returns (ModelId);

    /// @notice open, add and seal at once.
    function publish(
        bytes calldata header,
        bytes[] calldata descriptors,
        Origin calldata origin,
        Metadata calldata metadata
    ) external returns (ModelId);

    /// @notice The author asks people not to request it any more; everything else goes on.
    function deprecate(ModelId model) external;

    /// @notice Reverts with RegistryModelUnknown.
    function model(ModelId id) external view returns (Model memory);

    function author(ModelId id) external view returns (address author, uint16 royaltyBps);

    /// @notice Whether new requests may name it.
    function isOpen(ModelId id) external view returns (bool);

    /// @notice Reverts with RegistryModelUnknown.
    function counts(ModelId id) external view returns (uint32 inputs, uint32 kernels, uint32 outputs);

    /// @notice Output kernels, ascending.
    function outputs(ModelId id) external view returns (uint32[] memory);

    function inputShape(ModelId id, uint32 input) external view returns (Shape);

    function resultShape(ModelId id, uint32 kernel) external view returns (Shape);

    /// @notice Where the tensorRoot of a result is committed: among the outputs, or in the trace, and at which rank there.
    function place(ModelId id, uint32 kernel) external view returns (bool isOutput, uint32 rank);

    /// @notice Kernels added to an open draft so far, and their number in the end (0, 0 for no draft).
    function progress(uint256 draft) external view returns (uint32 added, uint32 kernels);
}
