// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Shares} from "../src/interfaces/IStaking.sol";
import {Split} from "../src/interfaces/IFees.sol";
import {Deadlines} from "../src/dispute/Deadlines.sol";
import {Prices} from "../src/dispute/Prices.sol";
import {FeeSplit} from "../src/market/FeeSplit.sol";
import {Tiers} from "../src/market/Tiers.sol";
import {PoolShares} from "../src/staking/PoolShares.sol";
import {Waterfall} from "../src/staking/Waterfall.sol";
import {Parameters} from "../src/types/Claim.sol";

// What the pure libraries promise, for all values in the stated bounds, put to the compiler's model checker one by one
// (`npm run prove`). No loops: BMC unrolls them. What reverts violates nothing here: that nothing does within these bounds
// is what the fuzz tests say.

contract WaterfallSplit {
    function claim(uint128 c, uint128 m) external pure {
        Shares memory s = Waterfall.split(c, m);
        assert(s.total == 3 * uint256(c) + m);
        assert(s.victim == c);
        assert(s.victim + s.challenger + s.burn == s.total);
        assert(2 * s.burn >= s.total);
    }
}

contract WaterfallLodged {
    function claim(uint128 c, uint128 left) external pure {
        Shares memory s = Waterfall.lodged(c, left);
        assert(s.total <= left);
        assert(s.total <= 3 * uint256(c));
        assert(s.victim <= c);
        assert(s.victim + s.challenger + s.burn == s.total);
        assert(2 * s.burn >= s.total);
    }
}

contract FeeSplitWhole {
    function claim(uint128 fee, uint16 royalty, uint16 audit, uint16 burn) external pure {
        require(uint256(royalty) + audit + burn <= 10_000);
        Split memory s = FeeSplit.split(fee, royalty, audit, burn);
        assert(s.toAuthor + s.toAudits + s.toOperator + s.burnt == fee);
    }
}

contract FeeSplitBurns {
    /// With the shares of the deployed tiers: the burn is at least its part, less a unit.
    function claim(uint128 fee) external pure {
        Split memory s = FeeSplit.split(fee, 1000, 500, 500);
        assert(s.toAuthor + s.toAudits + s.toOperator + s.burnt == fee);
        assert(s.burnt >= uint256(fee) * 500 / 10_000);
    }
}

contract DeadlinesLast {
    function claim(uint40 windowEnd, uint40 quietAt, uint8 depth, uint32 round) external pure {
        uint256 last = Deadlines.lastDemand(windowEnd, quietAt, depth, round);
        assert(last <= quietAt);
        assert(last <= windowEnd + uint256(depth) * round);
        assert(last == quietAt || last == windowEnd + uint256(depth) * round);
    }
}

contract DeadlinesStep {
    /// The step of the bound: a demand of depth d that is taken and answered in time moves quietAt to at most
    /// windowEnd + (d + 1)(A + R), or not at all.
    function claim(uint40 windowEnd, uint40 quietAt, uint8 depth, uint32 answer, uint32 reaction, uint40 asked, uint40 met)
        external
        pure
    {
        uint256 round = uint256(answer) + reaction;
        require(asked <= Deadlines.lastDemand(windowEnd, quietAt, depth, round));
        require(met <= Deadlines.due(asked, answer));
        uint256 quiet = Deadlines.quietAfter(quietAt, met, reaction);
        assert(quiet >= quietAt);
        assert(quiet == quietAt || quiet <= windowEnd + uint256(depth) * round + round);
    }
}

contract PricesNative {
    function claim(uint32 gas, uint64 baseFee) external pure {
        uint256 least = 2 * uint256(gas) * baseFee;
        uint256 price = Prices.native(gas, baseFee);
        assert(price >= least);
        assert(price < least + 1 gwei);
        assert(price % 1 gwei == 0);
    }
}

contract PricesOpening {
    function claim(uint128 fee, uint128 coverage) external pure {
        uint256 price = Prices.opening(fee, coverage);
        assert(price >= 3 * uint256(fee) || 10 * price >= coverage);
        assert(100 * price >= coverage);
        assert(10 * price <= uint256(coverage) + 9);
    }
}

contract PricesReveal {
    function claim(uint16 hashes, uint32 outputs) external pure {
        require(hashes >= 1 && hashes <= 256);
        assert(Prices.revealGas(hashes) <= Prices.tracedGas(hashes, outputs));
        assert(Prices.revealGas(0) > 130_000);
    }
}

contract TiersExposure {
    function claim(Parameters memory p) external pure {
        uint256 exposure = Tiers.exposure(p);
        assert(exposure >= 48 hours);
        assert(exposure >= 2 * uint256(p.window) + p.freeze + p.grace);
    }
}

contract PoolSharesRound {
    function claim(uint96 amount, uint96 tokens, uint128 shares) external pure {
        uint256 bought = PoolShares.toShares(amount, tokens, shares);
        assert(PoolShares.toTokens(bought, uint256(tokens) + amount, shares + bought) <= amount);
    }
}
