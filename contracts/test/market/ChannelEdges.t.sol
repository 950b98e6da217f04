// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IChannels, Redemption} from "../../src/interfaces/IChannels.sol";
import {ModelId} from "../../src/types/Identity.sol";
import {Metadata, Origin} from "../../src/types/Model.sol";
import {Alphabet} from "../toys/Alphabet.sol";
import {ChannelWorld} from "../toys/ChannelWorld.sol";

/// @notice The last second that still counts, and whose money it is when vouchers are redeemed together.
contract ChannelEdgesTest is ChannelWorld {
    function _voucherFor(ModelId other, uint128 cumulative) private view returns (Redemption memory) {
        return _signed(channels, Redemption(_parties(), other, tierHash, 0, 1e18, cumulative, ""), sessionKey);
    }

    /// Neighbours of one tier and two models: each author gets the royalty of its own.
    function test_neighboursOfTwoModels() external {
        vm.prank(stranger);
        ModelId second = registry.publish(
            Alphabet.header(3), Alphabet.descriptors(3), Origin(0, "other", "compiler"), Metadata(2000, "")
        );
        Redemption[] memory list = new Redemption[](3);
        list[0] = _voucherFor(model, 1e18);
        list[1] = _voucherFor(second, 2e18);
        list[2] = _voucherFor(second, 3e18);
        uint256 first = opg.balanceOf(author);
        uint256 other = opg.balanceOf(stranger);
        uint256 operators = opg.balanceOf(payee);
        assertEq(channels.redeem(operator, list), 4e18);
        assertEq(opg.balanceOf(author) - first, 0.1e18);
        assertEq(opg.balanceOf(stranger) - other, 0.6e18);
        assertEq(opg.balanceOf(payee) - operators, 0.8e18 + 2.1e18);
        (uint96 burnable, uint96 audits) = channels.pots();
        assertEq(burnable, 0.2e18);
        assertEq(audits, 0.2e18);
    }

    /// Neighbours of one model and two tiers: each fee is shared out as its own tier says.
    function test_neighboursOfTwoTiers() external {
        vm.prank(governance);
        bytes32 second = market.resplit(tierHash, 2000, 1000);
        Redemption[] memory list = new Redemption[](3);
        list[0] = _voucherFor(model, 1e18);
        for (uint128 i = 1; i < 3; i++) {
            list[i] = _signed(channels, Redemption(_parties(), model, second, 0, 1e18, i * 1e18, ""), sessionKey);
        }
        uint256 operators = opg.balanceOf(payee);
        assertEq(channels.redeem(operator, list), 3e18);
        (uint96 burnable, uint96 audits) = channels.pots();
        assertEq(burnable, 0.05e18 + 0.2e18);
        assertEq(audits, 0.05e18 + 0.4e18);
        assertEq(opg.balanceOf(payee) - operators, 0.8e18 + 1.2e18);
    }

    function test_redeemedInTheLastSecond() external {
        uint40 end = uint40(block.timestamp) + CHANNEL_THAW;
        vm.startPrank(requester);
        channels.setEnd(operator, session, end);
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelsEndTooNear.selector, end - 1, end));
        channels.setEnd(operator, session, end - 1);
        vm.warp(end);
        bytes32 id = _idOf(_parties());
        vm.expectRevert(abi.encodeWithSelector(IChannels.ChannelsNotClosed.selector, id, end));
        channels.withdraw(operator, session);
        vm.stopPrank();
        assertEq(_pay(1e18), 1e18);
        vm.warp(end + 1);
        assertEq(_pay(2e18), 0);
        assertEq(channels.redeemed(_voucherOf(_voucher(_parties(), sessionKey, 0))), 1e18);
        vm.prank(requester);
        assertEq(channels.withdraw(operator, session), DEPOSIT - 1e18);
        assertEq(channels.channels(id).deposit, 0);
    }
}
