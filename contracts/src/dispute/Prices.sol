// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice What a demand costs: the data that it buys, at twice the gas of the answer.
/// @dev The gas figures bound the measured cost of the answer from above (contracts/gas.json).
library Prices {
    uint256 private constant OPENING_GAS = 130_000;
    uint256 private constant REVEAL_GAS = 130_000;
    /// @dev One more of the ≤ 256 hashes of an answer: 32 bytes at the calldata floor of 40.
    uint256 private constant HASH_GAS = 1_300;
    /// @dev One more tensorRoot at the foot of the trace, and one more output of the model, which shifts their kernels.
    uint256 private constant TRACED_GAS = 1_700;
    uint256 private constant LEAF_GAS = 10_000;

    function openingGas() internal pure returns (uint256) {
        return OPENING_GAS;
    }

    /// @param hashes 1 … 256, or 0 for the 256 bytes of a leaf
    function revealGas(uint256 hashes) internal pure returns (uint256) {
        return REVEAL_GAS + (hashes == 0 ? LEAF_GAS : hashes * HASH_GAS);
    }

    /// @param hashes tensorRoots at the foot of the trace, 1 … 256
    /// @param outputs of the model
    function tracedGas(uint256 hashes, uint256 outputs) internal pure returns (uint256) {
        return REVEAL_GAS + (hashes + outputs) * TRACED_GAS;
    }

    /// @notice 2 × gas × baseFee, rounded up to whole gwei.
    function native(uint256 gas, uint256 baseFee) internal pure returns (uint256) {
        return (2 * gas * baseFee + 1 gwei - 1) / 1 gwei * 1 gwei;
    }

    /// @notice 3 × fee, but at least ⌈coverage / 100⌉ and at most ⌈coverage / 10⌉ OPG.
    /// @dev The fee may be its signer's word alone: who has to look before it can know stakes no more than a fifth of what a
    /// lie pays.
    function opening(uint256 fee, uint256 coverage) internal pure returns (uint256 price) {
        (uint256 least, uint256 most) = ((coverage + 99) / 100, (coverage + 9) / 10);
        price = 3 * fee;
        if (price < least) price = least;
        if (price > most) price = most;
    }
}
