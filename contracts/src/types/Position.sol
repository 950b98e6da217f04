// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice u8 object ‖ u32 tensor ‖ u8 j ‖ u32 i: node i of level 8j of an object's tree (docs/spec/commitments.md, Positions).
type Position is uint80;

using PositionFields for Position global;

/// @dev Objects of a position.
library Objects {
    uint8 internal constant CLAIM = 0;
    uint8 internal constant TRACE = 1;
    uint8 internal constant INPUTS = 2;
    uint8 internal constant OUTPUTS = 3;
    uint8 internal constant INPUT = 4;
    uint8 internal constant RESULT = 5;
}

library PositionFields {
    function object(Position p) internal pure returns (uint8) {
        return uint8(Position.unwrap(p) >> 72);
    }

    function tensor(Position p) internal pure returns (uint32) {
        return uint32(Position.unwrap(p) >> 40);
    }

    function j(Position p) internal pure returns (uint8) {
        return uint8(Position.unwrap(p) >> 32);
    }

    function i(Position p) internal pure returns (uint32) {
        return uint32(Position.unwrap(p));
    }

    function isClaim(Position p) internal pure returns (bool) {
        return Position.unwrap(p) == 0;
    }
}
