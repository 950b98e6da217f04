// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {F32} from "../../src/libraries/F32.sol";

/// @dev Runs one operation of F32 over many operand pairs in one call, and says what a call of each costs.
contract F32Harness {
    /// @param op as in docs/spec/program.md
    /// @param pairs a, b as big-endian words, 8 bytes a pair
    /// @return results one big-endian word a pair
    /// @return most the dearest call, in gas
    function run(uint256 op, bytes calldata pairs) external view returns (bytes memory results, uint256 most) {
        uint256 n = pairs.length / 8;
        results = new bytes(n * 4 + 28);
        function(uint256, uint256) pure returns (uint256) f = operation(op);
        for (uint256 i; i < n; ++i) {
            uint256 a;
            uint256 b;
            uint256 r;
            assembly {
                let w := calldataload(add(pairs.offset, shl(3, i)))
                a := shr(224, w)
                b := and(shr(192, w), 0xffffffff)
            }
            uint256 before = gasleft();
            r = f(a, b);
            before -= gasleft();
            if (before > most) most = before;
            require(r < 1 << 32, "not a word");
            assembly {
                mstore(add(results, add(32, shl(2, i))), shl(224, r))
            }
        }
        assembly {
            mstore(results, shl(2, n))
        }
    }

    function operation(uint256 op) private pure returns (function(uint256, uint256) pure returns (uint256)) {
        if (op == 1) return F32.add;
        if (op == 2) return F32.sub;
        if (op == 3) return F32.mul;
        if (op == 4) return F32.div;
        if (op == 5) return sqrt;
        if (op == 6) return F32.min;
        if (op == 7) return F32.max;
        if (op == 8) return neg;
        if (op == 9) return abs;
        if (op == 10) return floor;
        if (op == 11) return rint;
        if (op == 12) return F32.lt;
        if (op == 13) return F32.le;
        if (op == 14) return F32.eq;
        if (op == 15) return fromInt;
        require(op == 16, "no such operation");
        return toInt;
    }

    function sqrt(uint256 a, uint256) private pure returns (uint256) {
        return F32.sqrt(a);
    }

    function neg(uint256 a, uint256) private pure returns (uint256) {
        return F32.neg(a);
    }

    function abs(uint256 a, uint256) private pure returns (uint256) {
        return F32.abs(a);
    }

    function floor(uint256 a, uint256) private pure returns (uint256) {
        return F32.floor(a);
    }

    function rint(uint256 a, uint256) private pure returns (uint256) {
        return F32.rint(a);
    }

    function fromInt(uint256 a, uint256) private pure returns (uint256) {
        return F32.fromInt(a);
    }

    function toInt(uint256 a, uint256) private pure returns (uint256) {
        return F32.toInt(a);
    }
}
