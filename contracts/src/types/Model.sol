// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice dtype (high byte) ‖ u32 elements of a flat tensor; never 0, as elements ≥ 1.
type Shape is uint40;

using ShapeFields for Shape global;
using {shapeEquals as ==} for Shape global;

function shapeEquals(Shape a, Shape b) pure returns (bool) {
    return Shape.unwrap(a) == Shape.unwrap(b);
}

library ShapeFields {
    function dtype(Shape s) internal pure returns (uint8) {
        return uint8(Shape.unwrap(s) >> 32);
    }

    function elements(Shape s) internal pure returns (uint32) {
        return uint32(Shape.unwrap(s));
    }
}

/// @notice What the registry keeps of a sealed model.
struct Model {
    address author;
    /// the author's share of every fee, basis points
    uint16 royaltyBps;
    bool deprecated;
    bytes32 programRoot;
    bytes32 weightsRoot;
    uint32 inputs;
    uint32 weights;
    uint32 kernels;
    uint32 outputs;
}

/// @notice What a publisher says about a model beside its bytes.
struct Metadata {
    uint16 royaltyBps;
    /// where header, descriptors and weights can be fetched; kept in the event only
    string uri;
}

/// @notice Everything that a draft binds before its kernels.
struct Origin {
    bytes32 weightsRoot;
    /// keccak256 of the source file
    bytes32 sourceHash;
    /// keccak256 of the compiler's name and version
    bytes32 compilerHash;
}
