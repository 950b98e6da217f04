// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Deadlines} from "../../src/dispute/Deadlines.sol";
import {Nodes} from "../../src/dispute/Nodes.sol";
import {Prices} from "../../src/dispute/Prices.sol";
import {Split} from "../../src/interfaces/IFees.sol";
import {Shares} from "../../src/interfaces/IStaking.sol";
import {FeeSplit} from "../../src/market/FeeSplit.sol";
import {Tiers} from "../../src/market/Tiers.sol";
import {PoolShares} from "../../src/staking/PoolShares.sol";
import {Waterfall} from "../../src/staking/Waterfall.sol";
import {Parameters} from "../../src/types/Claim.sol";

/// @notice The formulas of docs/spec/claim.md worked out by hand, where rounding and bounds show.
contract FormulasTest is Test {
    function test_waterfallRoundsIntoTheBurn() external pure {
        // 3·3 + 7; 3; 1 + 1; the rest
        assertEq(abi.encode(Waterfall.split(3, 7)), abi.encode(Shares(16, 3, 2, 11)));
        assertEq(abi.encode(Waterfall.split(1, 3)), abi.encode(Shares(6, 1, 0, 5)));
        // min(3·7, 20); ⌊20/3⌋; ⌊20/6⌋; the rest
        assertEq(abi.encode(Waterfall.lodged(7, 20)), abi.encode(Shares(20, 6, 3, 11)));
        assertEq(abi.encode(Waterfall.lodged(7, 22)), abi.encode(Shares(21, 7, 3, 11)));
    }

    function test_feeSplitRoundsIntoTheBurn() external pure {
        Split memory s = FeeSplit.split(10_009, 1000, 500, 500);
        assertEq(s.toAuthor, 1000);
        assertEq(s.toAudits, 500);
        assertEq(s.toOperator, 8007);
        assertEq(s.burnt, 502);
        assertEq(s.toDelegators, 0);
    }

    function test_poolShares() external pure {
        // (a · (shares + 10⁶)) / (tokens + 1) and back, both down
        assertEq(PoolShares.toShares(7, 0, 0), 7e6);
        assertEq(PoolShares.toShares(10, 2, 5), 3_333_350);
        assertEq(PoolShares.toTokens(3_333_350, 2, 5), 10);
        assertEq(PoolShares.toTokens(3_333_349, 2, 5), 9);
        assertEq(PoolShares.burnt(100, 50, 100), 50);
        assertEq(PoolShares.burnt(1, 1, 3), 1);
        assertEq(PoolShares.burnt(10, 1, 3), 4);
        assertFalse(PoolShares.wornOut(2, 3e11));
        assertTrue(PoolShares.wornOut(2, 3e11 + 1));
    }

    function test_pricesOfAnswers() external pure {
        assertEq(Prices.openingGas(), 130_000);
        assertEq(Prices.revealGas(0), 140_000);
        assertEq(Prices.revealGas(1), 131_300);
        assertEq(Prices.revealGas(256), 462_800);
        assertEq(Prices.tracedGas(4, 1), 138_500);
        // 2 · 3 · 7 wei, up to a whole gwei
        assertEq(Prices.native(3, 7), 1 gwei);
        assertEq(Prices.native(1, 1 gwei), 2 gwei);
        assertEq(Prices.native(1, 1 gwei + 1), 3 gwei);
        assertEq(Prices.native(0, 1 gwei), 0);
    }

    function test_priceOfAnOpening() external pure {
        assertEq(Prices.opening(10, 3000), 30);
        assertEq(Prices.opening(10, 3001), 31);
        assertEq(Prices.opening(0, 100), 1);
        assertEq(Prices.opening(0, 101), 2);
        assertEq(Prices.opening(10, 300), 30);
        assertEq(Prices.opening(10, 290), 29);
        assertEq(Prices.opening(10, 291), 30);
        assertEq(Prices.opening(1, 1), 1);
    }

    function test_deadlines() external pure {
        assertEq(Deadlines.lastDemand(100, 500, 3, 20), 160);
        assertEq(Deadlines.lastDemand(100, 150, 3, 20), 150);
        assertEq(Deadlines.due(100, 7), 107);
        assertEq(Deadlines.quietAfter(100, 90, 20), 110);
        assertEq(Deadlines.quietAfter(100, 70, 20), 100);
    }

    function test_exposureOfATier() external pure {
        Parameters memory p = Parameters(1, 10, 100, 1000, 10_000, 0, 100, 0, 1, 1);
        assertEq(Tiers.exposure(p), 48 hours + 2 * 1 + 1000 + 12 * 110 + 10_000);
    }

    /// The widest and the narrowest tier there may be.
    function test_boundsOfATierAreInside() external pure {
        Tiers.check(Parameters(1, 1, 1, 1, 1, 0, 100, 0, 1, 1));
        Tiers.check(Parameters(7 days, 2 days, 7 days, 7 days, 7 days, 3000, 3000, 2, 1e27, 1e27));
    }

    function test_nodesOfATree() external pure {
        assertEq(Nodes.height(1), 0);
        assertEq(Nodes.height(2), 1);
        assertEq(Nodes.height(256), 1);
        assertEq(Nodes.height(257), 2);
        assertEq(Nodes.height(65_537), 3);
        assertEq(Nodes.sizeAt(257, 8), 2);
        assertEq(Nodes.children(257, 1, 0), 256);
        assertEq(Nodes.children(257, 1, 1), 1);
        assertEq(Nodes.children(65_537, 2, 1), 1);
    }
}
