// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDeliveries, Result} from "../interfaces/IDeliveries.sol";
import {Hashes} from "../libraries/Hashes.sol";
import {Tensors} from "../libraries/Tensors.sol";
import {Claim} from "../types/Claim.sol";

library Results {
    /// @notice Reverts unless these bytes are what the claim's output side hides.
    function check(Claim calldata claim, Result calldata result) internal pure {
        bytes32 output = Hashes.claimSide(result.salt, 1, Tensors.listRoot(result.outputs));
        require(output == claim.output, IDeliveries.DeliveriesOutputDiffers(output, claim.output));
    }
}
