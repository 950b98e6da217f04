// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {DotF32} from "../../src/arbiter/DotF32.sol";
import {DotI8} from "../../src/arbiter/DotI8.sol";
import {ARENA_END, LEFT_STRIDE, RIGHT_STRIDE} from "../../src/arbiter/Layout.sol";

/// @dev The inner loops of dot folds, without kernel and witness.
contract DotHarness {
    /// @param acc where to begin
    /// @param data pairs of rows of little-endian f32, `n` each: left, right, left, right …
    /// @return ends the accumulator after each pair of rows, each begun at `acc`
    /// @return most gas of the dearest pair of rows
    function f32(uint256 acc, uint256 n, bytes calldata data)
        external
        view
        returns (uint256[] memory ends, uint256 most)
    {
        uint256 base;
        assembly {
            if iszero(eq(mload(0x40), 0x80)) { invalid() }
            mstore(LEFT_STRIDE, 4)
            mstore(RIGHT_STRIDE, 4)
            base := ARENA_END
            calldatacopy(base, data.offset, data.length)
            mstore(0x40, add(base, add(data.length, 64)))
        }
        ends = new uint256[](data.length / (8 * n));
        for (uint256 i; i < ends.length; ++i) {
            uint256 before = gasleft();
            ends[i] = DotF32.run(acc, base, base + 4 * n, n);
            before -= gasleft();
            if (before > most) most = before;
            base += 8 * n;
        }
    }

    /// @param data `n` left bytes, then `n` right ones
    function i8(uint256 n, uint256 flipP, uint256 flipQ, bytes memory data)
        external
        view
        returns (uint256 products, uint256 ps, uint256 qs, uint256 gas)
    {
        uint256 base;
        assembly {
            base := add(data, 32)
        }
        gas = gasleft();
        (products, ps, qs) = DotI8.sums(base, base + n, n, flipP, flipQ);
        gas -= gasleft();
    }
}
