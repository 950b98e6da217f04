// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Batch, IBatches, SumNode} from "../../src/interfaces/IBatches.sol";
import {Claim, Request} from "../../src/types/Claim.sol";
import {ClaimId} from "../../src/types/Identity.sol";
import {SumTrees} from "./SumTrees.sol";
import {Run, World} from "./World.sol";

/// @notice A batch as its operator keeps it.
struct Posted {
    Batch batch;
    Claim[] claims;
    ClaimId[] ids;
}

/// @notice World with batches of claims that no request waits for.
abstract contract BatchWorld is World {
    uint256 internal constant OFF_CHAIN = 1 << 64;

    IBatches internal batches;

    function setUp() public virtual override {
        super.setUp();
        batches = market.batches();
    }

    /// @notice The claim of a run, numbered by its seed.
    function _offChain(Run memory run, uint256 number) internal view returns (Claim memory claim) {
        Request memory terms = _request(_inputSide(run));
        claim = _claimOf(run, terms, OFF_CHAIN + number);
    }

    function _idsOf(Claim[] memory claims) internal view returns (ClaimId[] memory ids) {
        ids = new ClaimId[](claims.length);
        for (uint256 i; i < claims.length; i++) ids[i] = market.digest(claims[i]);
    }

    /// @notice Honest runs 0 … count − 1.
    function _claims(uint256 count) internal view returns (Claim[] memory claims) {
        claims = new Claim[](count);
        for (uint256 i; i < count; i++) claims[i] = _offChain(_run(i), i);
    }

    function _post(Claim[] memory claims) internal returns (Posted memory p) {
        p.claims = claims;
        p.ids = _idsOf(claims);
        p.batch = _postRoot(SumTrees.root(SumTrees.leaves(claims, p.ids)), uint32(claims.length));
    }

    function _postRoot(SumNode memory root, uint32 count) internal returns (Batch memory batch) {
        batch = Batch(operator, root.hash, root.sum, count, tierHash, uint40(block.timestamp));
        vm.prank(signer);
        bytes32 id = batches.post(operator, root.hash, root.sum, count, tierHash);
        assertEq(id, keccak256(abi.encode(batch)));
    }

    function _path(Posted memory p, uint32 index) internal pure returns (SumNode[] memory) {
        return SumTrees.path(SumTrees.leaves(p.claims, p.ids), index);
    }

    function _show(Posted memory p, uint32 index) internal returns (ClaimId) {
        return batches.show(p.batch, p.claims[index], index, _path(p, index));
    }
}
