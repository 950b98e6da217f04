// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Shape} from "../types/Model.sol";

/// @notice Shapes by index, six to a slot.
library Shapes {
    uint256 private constant PER_SLOT = 6;
    uint256 private constant BITS = 40;
    uint256 private constant MASK = (1 << BITS) - 1;

    struct Table {
        mapping(uint256 => uint256) slots;
    }

    function get(Table storage table, uint256 index) internal view returns (Shape) {
        return Shape.wrap(uint40(table.slots[index / PER_SLOT] >> (BITS * (index % PER_SLOT))));
    }

    function set(Table storage table, uint256 index, Shape shape) internal {
        uint256 shift = BITS * (index % PER_SLOT);
        uint256 slot = table.slots[index / PER_SLOT];
        table.slots[index / PER_SLOT] = (slot & ~(MASK << shift)) | (uint256(Shape.unwrap(shape)) << shift);
    }
}
