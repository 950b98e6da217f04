// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IChannels, Parties, Redemption, Voucher} from "../../src/interfaces/IChannels.sol";
import {Channels} from "../../src/market/Channels.sol";
import {World} from "./World.sol";

/// @notice World with a channel from the requester to the operator, by a session key.
abstract contract ChannelWorld is World {
    uint40 internal constant NEVER = type(uint40).max;
    uint40 internal constant CHANNEL_THAW = 2 days;
    uint128 internal constant DEPOSIT = 1000e18;

    Channels internal channels;
    address internal session;
    uint256 internal sessionKey;

    function setUp() public virtual override {
        super.setUp();
        channels = new Channels(market, CHANNEL_THAW);
        (session, sessionKey) = makeAddrAndKey("session");
        address[3] memory all = [requester, challenger, stranger];
        for (uint256 i; i < 3; i++) {
            vm.prank(all[i]);
            opg.approve(address(channels), type(uint256).max);
        }
        vm.prank(requester);
        channels.open(operator, session, DEPOSIT, NEVER);
    }

    function _parties() internal view returns (Parties memory) {
        return Parties(requester, operator, session);
    }

    function _idOf(Parties memory parties) internal pure returns (bytes32) {
        return keccak256(abi.encode(parties));
    }

    function _voucher(Parties memory parties, uint256 key, uint128 cumulative)
        internal
        view
        returns (Redemption memory)
    {
        return _voucherAt(channels, parties, key, cumulative);
    }

    function _voucherAt(IChannels of_, Parties memory parties, uint256 key, uint128 cumulative)
        internal
        view
        returns (Redemption memory)
    {
        return _signed(of_, Redemption(parties, model, tierHash, 0, 1e18, cumulative, ""), key);
    }

    function _signed(IChannels of_, Redemption memory r, uint256 key) internal view returns (Redemption memory) {
        (uint8 v, bytes32 a, bytes32 b) = vm.sign(key, of_.digest(_voucherOf(r)));
        r.signature = abi.encodePacked(a, b, v);
        return r;
    }

    function _voucherOf(Redemption memory r) internal pure returns (Voucher memory) {
        return Voucher(_idOf(r.parties), r.modelRoot, r.parameters, r.unit, r.price, r.cumulative);
    }

    function _redeem(Redemption memory r) internal returns (uint256) {
        Redemption[] memory list = new Redemption[](1);
        list[0] = r;
        return channels.redeem(r.parties.operator, list);
    }

    function _pay(uint128 cumulative) internal returns (uint256) {
        return _redeem(_voucher(_parties(), sessionKey, cumulative));
    }
}
