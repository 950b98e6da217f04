// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IChannels, Parties, Permit, Redemption} from "../../src/interfaces/IChannels.sol";
import {IDelegation} from "../../src/interfaces/IDelegation.sol";
import {Split} from "../../src/interfaces/IFees.sol";
import {Channels} from "../../src/market/Channels.sol";
import {ChannelWorld} from "../toys/ChannelWorld.sol";

contract ChannelsTest is ChannelWorld {
    function _expect(bytes4 selector, bytes memory arguments) private {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _deposit() private view returns (uint128) {
        return channels.channels(_idOf(_parties())).deposit;
    }

    function test_constructorBounds() external {
        _expect(
            IChannels.ChannelsParameterOutOfRange.selector, abi.encode(bytes32("thawPeriod"), 59, 60, 30 days)
        );
        new Channels(market, 59);
        _expect(
            IChannels.ChannelsParameterOutOfRange.selector,
            abi.encode(bytes32("thawPeriod"), 30 days + 1, 60, 30 days)
        );
        new Channels(market, 30 days + 1);
    }

    function test_redeemIsShared() external {
        assertEq(_pay(10e18), 10e18);
        assertEq(opg.balanceOf(payee), 8e18);
        assertEq(opg.balanceOf(author), 1e18);
        (uint96 burnable, uint96 audits) = channels.pots();
        assertEq(burnable, 0.5e18);
        assertEq(audits, 0.5e18);
        assertEq(_deposit(), DEPOSIT - 10e18);
        assertEq(channels.redeemed(_voucherOf(_voucher(_parties(), sessionKey, 0))), 10e18);
        // Cumulative: the next one pays what is new.
        assertEq(_pay(15e18), 5e18);
        assertEq(_pay(15e18), 0);
        assertEq(_pay(3e18), 0);
        channels.burn();
        channels.payAudits();
        assertEq(opg.balanceOf(auditPool), 0.75e18);
        assertEq(opg.balanceOf(address(channels)), _deposit());
    }

    /// What is quoted is what is charged, with delegators and without.
    function testFuzz_quoteIsTheCharge(uint128 fee, uint128 delegated) external {
        fee = uint128(bound(fee, 1, DEPOSIT));
        delegated = uint128(bound(delegated, 0, 500_000e18));
        IDelegation delegation = staking.delegation();
        if (delegated > 0) {
            vm.startPrank(stranger);
            opg.approve(address(delegation), delegated);
            delegation.delegate(operator, delegated, 0);
            vm.stopPrank();
        }
        Split memory s = channels.quote(operator, model, tierHash, fee);
        assertEq(s.toOperator + s.toDelegators + s.toAuthor + s.toAudits + s.burnt, fee);
        uint256 pool = opg.balanceOf(address(delegation));
        assertEq(_pay(fee), fee);
        assertEq(opg.balanceOf(payee), s.toOperator);
        assertEq(opg.balanceOf(author), s.toAuthor);
        assertEq(opg.balanceOf(address(delegation)), pool + s.toDelegators);
        (uint96 burnable, uint96 audits) = channels.pots();
        assertEq(burnable, s.burnt);
        assertEq(audits, s.toAudits);
    }

    function _inDollars(uint128 price, uint128 cumulative) private view returns (Redemption memory) {
        return _signed(channels, Redemption(_parties(), model, tierHash, "USD", price, cumulative, ""), sessionKey);
    }

    /// Fees in another unit: the price is the signer's, and a new price touches nothing that was signed before.
    function test_feesInAnotherUnit() external {
        // 0.10 dollars at 2.5 OPG
        assertEq(_redeem(_inDollars(2.5e18, 0.1e18)), 0.25e18);
        assertEq(_redeem(_inDollars(2.5e18, 0.1e18)), 0);
        assertEq(_redeem(_inDollars(2.5e18, 0.3e18)), 0.5e18);
        assertEq(_redeem(_inDollars(5e18, 0.1e18)), 0.5e18);
        assertEq(_redeem(_inDollars(2.5e18, 0.2e18)), 0, "less than was paid at that price");
        assertEq(channels.redeemed(_voucherOf(_inDollars(2.5e18, 0))), 0.75e18);
        assertEq(channels.redeemed(_voucherOf(_inDollars(5e18, 0))), 0.5e18);
        assertEq(_pay(1e18), 1e18, "and OPG is a unit of its own");
        assertEq(_deposit(), DEPOSIT - 2.25e18);
    }

    /// All that a lane was ever charged is what its last voucher says, rounded down, whatever came between.
    function testFuzz_chargeOfALane(uint128 price, uint128 first, uint128 second) external {
        uint256 one = channels.charge(first, price);
        uint256 both = channels.charge(second, price);
        assertEq(both, uint256(second) * price / 1e18);
        uint256 paid = _redeem(_inDollars(price, first));
        assertEq(paid, one < DEPOSIT ? one : DEPOSIT);
        paid += _redeem(_inDollars(price, second));
        uint256 owed = one > both ? one : both;
        assertEq(paid, owed < DEPOSIT ? owed : DEPOSIT);
        assertEq(channels.redeemed(_voucherOf(_inDollars(price, 0))), paid);
        assertEq(_deposit(), DEPOSIT - paid);
    }

    function test_manyAtOnce() external {
        uint256 n = 5;
        Redemption[] memory list = new Redemption[](n);
        for (uint256 i; i < n; i++) {
            (address key, uint256 secret) = makeAddrAndKey(vm.toString(i));
            vm.prank(requester);
            channels.open(operator, key, 10e18, NEVER);
            list[i] = _voucher(Parties(requester, operator, key), secret, uint128(i * 1e18));
        }
        // What was redeemed already, or is of an empty channel, does not stop the rest.
        _redeem(list[2]);
        vm.prank(stranger);
        assertEq(channels.redeem(operator, list), 8e18);
        _expect(IChannels.ChannelsOperatorDiffers.selector, abi.encode(operator, stranger));
        channels.redeem(stranger, list);
    }

    function test_closeAndWithdraw() external {
        bytes32 id = _idOf(_parties());
        uint40 least = uint40(block.timestamp) + CHANNEL_THAW;
        vm.startPrank(requester);
        _expect(IChannels.ChannelsNotClosed.selector, abi.encode(id, NEVER));
        channels.withdraw(operator, session);
        _expect(IChannels.ChannelsEndTooNear.selector, abi.encode(least - 1, least));
        channels.setEnd(operator, session, least - 1);
        channels.setEnd(operator, session, least);
        vm.warp(least);
        _expect(IChannels.ChannelsNotClosed.selector, abi.encode(id, least));
        channels.withdraw(operator, session);
        vm.stopPrank();
        assertEq(_pay(1e18), 1e18);
        skip(1);
        assertEq(_pay(2e18), 0);
        uint256 before = opg.balanceOf(requester);
        vm.startPrank(requester);
        assertEq(channels.withdraw(operator, session), DEPOSIT - 1e18);
        assertEq(opg.balanceOf(requester), before + DEPOSIT - 1e18);
        _expect(IChannels.ChannelsZeroAmount.selector, "");
        channels.withdraw(operator, session);
        // Opened again, it owes what was signed.
        channels.open(operator, session, 5e18, NEVER);
        vm.stopPrank();
        assertEq(_pay(2e18), 1e18);
    }

    function test_sessionHasABudgetAndAnEnd() external {
        (address key, uint256 secret) = makeAddrAndKey("agent");
        uint40 end = uint40(block.timestamp) + 3 days;
        vm.prank(requester);
        channels.open(operator, key, 20e18, end);
        Parties memory parties = Parties(requester, operator, key);
        assertEq(_redeem(_voucher(parties, secret, 50e18)), 20e18);
        vm.prank(stranger);
        channels.fund(parties, 7e18);
        vm.warp(end + 1);
        assertEq(_redeem(_voucher(parties, secret, 50e18)), 0);
        vm.prank(requester);
        assertEq(channels.withdraw(operator, key), 7e18);
        _expect(IChannels.ChannelsZeroAmount.selector, "");
        channels.fund(parties, 0);
    }

    function _permit(address owner, uint256 key, uint256 amount) private view returns (Permit memory p) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        p.deadline = block.timestamp;
        bytes32 hash = keccak256(abi.encode(typeHash, owner, channels, amount, opg.nonces(owner), p.deadline));
        (p.v, p.r, p.s) = vm.sign(key, keccak256(abi.encodePacked("\x19\x01", opg.DOMAIN_SEPARATOR(), hash)));
    }

    function test_openWithPermit() external {
        (address owner, uint256 key) = makeAddrAndKey("owner");
        vm.prank(treasury);
        opg.transfer(owner, 100e18);
        Permit memory p = _permit(owner, key, 40e18);
        vm.prank(owner);
        channels.openWithPermit(operator, session, 40e18, NEVER, p);
        assertEq(channels.channels(_idOf(Parties(owner, operator, session))).deposit, 40e18);
        assertEq(opg.allowance(owner, address(channels)), 0);
        vm.prank(owner);
        vm.expectRevert();
        channels.openWithPermit(operator, session, 40e18, NEVER, p);
    }
}
