// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Disputes} from "../../src/dispute/Disputes.sol";
import {IArbiter} from "../../src/interfaces/IArbiter.sol";
import {IDisputes} from "../../src/interfaces/IDisputes.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IOPG} from "../../src/interfaces/IOPG.sol";
import {IStaking} from "../../src/interfaces/IStaking.sol";
import {Split} from "../../src/interfaces/IFees.sol";
import {FeeSplit} from "../../src/market/FeeSplit.sol";
import {Market, Wiring} from "../../src/market/Market.sol";
import {Staking} from "../../src/staking/Staking.sol";
import {Parameters} from "../../src/types/Claim.sol";
import {World} from "../toys/World.sol";

contract MarketSetupTest is World {
    function _refuse(Parameters memory p, bytes32 name, uint256 value, uint256 least, uint256 most) internal {
        Parameters[] memory tiers = new Parameters[](1);
        tiers[0] = p;
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.MarketParameterOutOfRange.selector, name, value, least, most)
        );
        new Market(_wiring(address(disputes)), tiers);
    }

    function test_tiersOutsideTheBoundsAreRefused() external {
        Parameters memory p = _parameters();
        (p.window = 0);
        _refuse(p, "window", 0, 1, 7 days);
        p = _parameters();
        p.reaction = 2 days + 1;
        _refuse(p, "reaction", 2 days + 1, 1, 2 days);
        p = _parameters();
        p.answer = 0;
        _refuse(p, "answer", 0, 1, 7 days);
        p = _parameters();
        p.freeze = 8 days;
        _refuse(p, "freeze", 8 days, 1, 7 days);
        p = _parameters();
        p.grace = 0;
        _refuse(p, "grace", 0, 1, 7 days);
        p = _parameters();
        p.auditBps = 3001;
        _refuse(p, "auditBps", 3001, 0, 3000);
        p = _parameters();
        p.burnBps = 99;
        _refuse(p, "burnBps", 99, 100, 3000);
        p = _parameters();
        p.delivery = 3;
        _refuse(p, "delivery", 3, 0, 2);
        p = _parameters();
        p.minCoverage = 0;
        _refuse(p, "minCoverage", 0, 1, 1e27);
        p = _parameters();
        p.maxCoverage = p.minCoverage - 1;
        _refuse(p, "maxCoverage", p.maxCoverage, p.minCoverage, 1e27);
    }

    function test_wiringAndTierCountAreChecked() external {
        Parameters[] memory tiers = new Parameters[](0);
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketParameterOutOfRange.selector, bytes32("tiers"), 0, 1, 16));
        new Market(_wiring(address(disputes)), tiers);
        tiers = new Parameters[](2);
        (tiers[0], tiers[1]) = (_parameters(), _parameters());
        tiers[1].freeze++;
        uint256 freeze = tiers[0].freeze;
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarket.MarketParameterOutOfRange.selector, bytes32("freeze"), freeze + 1, freeze, freeze
            )
        );
        new Market(_wiring(address(disputes)), tiers);
        Wiring memory w = _wiring(address(disputes));
        w.auditPool = address(0);
        vm.expectRevert(IMarket.MarketZeroAddress.selector);
        new Market(w, tiers);
    }

    function test_everyTierIsKeptAndTheLongestCounts() external {
        Parameters[] memory tiers = new Parameters[](2);
        (tiers[0], tiers[1]) = (_parameters(), _parameters());
        tiers[1].window = 24 hours;
        tiers[1].reaction = 12 hours;
        Market both = new Market(_wiring(address(disputes)), tiers);
        assertEq(both.tier(keccak256(abi.encode(tiers[0]))).window, tiers[0].window);
        assertEq(both.tier(keccak256(abi.encode(tiers[1]))).window, 24 hours);
        assertEq(
            both.longestExposure(), 48 hours + 2 * 24 hours + 24 hours + 12 * (36 hours + 12 hours) + 24 hours
        );
        vm.expectRevert(abi.encodeWithSelector(IMarket.MarketTierUnknown.selector, bytes32(uint256(1))));
        both.tier(bytes32(uint256(1)));
    }

    /// Law 3: nobody can opt in to a court whose claims outlive thawing stake.
    function test_optInNeedsALongEnoughThaw() external {
        Staking brief = new Staking(IOPG(address(opg)), FAULT_BOND, uint40(market.longestExposure()) - 1);
        vm.startPrank(operator);
        brief.register(signer, payee, "", _noOffers());
        vm.expectRevert(
            abi.encodeWithSelector(
                IStaking.StakingExposureTooLong.selector,
                market,
                market.longestExposure(),
                market.longestExposure() - 1
            )
        );
        brief.authorise(address(market));
        vm.stopPrank();
        Staking enough = new Staking(IOPG(address(opg)), FAULT_BOND, uint40(market.longestExposure()));
        vm.startPrank(operator);
        enough.register(signer, payee, "", _noOffers());
        enough.authorise(address(market));
    }

    function test_courtChecksItsMarket() external {
        IArbiter arbiter = disputes.arbiter();
        vm.expectRevert(abi.encodeWithSelector(IDisputes.DisputesNotMarket.selector, market));
        new Disputes(market, arbiter, BOND, FLOOR);
    }

    function test_courtParametersOutsideTheBoundsAreRefused() external {
        IArbiter arbiter = disputes.arbiter();
        Parameters[] memory tiers = new Parameters[](1);
        tiers[0] = _parameters();
        Wiring memory w = _wiring(address(disputes));
        // Every refused creation still spends a nonce: four Markets, each naming the court that would come next.
        uint128[4] memory bonds = [uint128(0), 1e27 + 1, 1, 1];
        uint256[4] memory floors = [uint256(1), 1, 0, 100 gwei + 1];
        for (uint256 i; i < 4; i++) {
            w.disputes = Disputes(vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1));
            Market next = new Market(w, tiers);
            bytes memory arguments = i < 2
                ? abi.encode(bytes32("bond"), bonds[i], 1, 1e27)
                : abi.encode(bytes32("baseFeeFloor"), floors[i], 1, 100 gwei);
            vm.expectRevert(bytes.concat(IDisputes.DisputesParameterOutOfRange.selector, arguments));
            new Disputes(next, arbiter, bonds[i], floors[i]);
        }
    }

    function testFuzz_splitIsTheFee(uint128 fee, uint16 royalty, uint16 audit, uint16 burn) external pure {
        royalty = uint16(bound(royalty, 0, 3000));
        audit = uint16(bound(audit, 0, 3000));
        burn = uint16(bound(burn, 100, 3000));
        Split memory s = FeeSplit.split(fee, royalty, audit, burn);
        assertEq(s.toOperator + s.toAuthor + s.toAudits + s.burnt, fee);
        assertGe(s.burnt * 10_000, uint256(fee) * burn);
        // A self-dealer that is operator and author at once gets back less than the fee.
        if (fee > 0) assertLt(s.toOperator + s.toAuthor, fee);
    }
}
