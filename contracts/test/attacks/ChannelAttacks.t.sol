// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Authorization, IChannels, Parties, Permit, Redemption} from "../../src/interfaces/IChannels.sol";
import {Channels} from "../../src/market/Channels.sol";
import {ModelId} from "../../src/types/Identity.sol";
import {ChannelWorld} from "../toys/ChannelWorld.sol";

/// @notice A wallet contract that tries to use the moment in which its signature is asked for.
contract GreedyWallet is IERC1271 {
    IChannels private immutable _channels;
    address private immutable _operator;

    constructor(IChannels channels, address operator) {
        (_channels, _operator) = (channels, operator);
    }

    function take() external {
        _channels.withdraw(_operator, address(this));
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        // A static call: withdrawing here is impossible.
        try this.peek() {} catch {}
        return IERC1271.isValidSignature.selector;
    }

    function peek() external view {
        (bool taken,) = address(this).staticcall(abi.encodeCall(this.take, ()));
        require(!taken);
    }
}

/// @notice Attacks on channels. Each test says what the attacker gains (≤ 0) and what each victim loses (≤ its bound).
contract ChannelAttacksTest is ChannelWorld {
    function _expect(bytes4 selector, bytes memory arguments) private {
        vm.expectRevert(bytes.concat(selector, arguments));
    }

    function _refused(Redemption memory r) private {
        uint256 before = opg.balanceOf(payee);
        vm.expectPartialRevert(IChannels.ChannelsSignerInvalid.selector);
        _redeem(r);
        assertEq(opg.balanceOf(payee), before);
    }

    /// Another chain, contract or channel: nothing is paid.
    function test_voucherReplayedOnAnotherChainContractChannel() external {
        Redemption memory r = _voucher(_parties(), sessionKey, 10e18);
        uint256 here = block.chainid;
        vm.chainId(here + 1);
        _refused(r);
        vm.chainId(here);
        Channels other = new Channels(market, CHANNEL_THAW);
        _refused(_voucherAt(other, _parties(), sessionKey, 10e18));
        // The same session key in another requester's channel.
        vm.prank(stranger);
        channels.open(operator, session, 10e18, NEVER);
        r.parties.requester = stranger;
        _refused(r);
        r.parties = _parties();
        r.modelRoot = ModelId.wrap("other");
        _refused(r);
    }

    /// A voucher in dollars is turned at another price, into another unit, or into OPG: not what was signed. And nobody signs
    /// OPG away at a price. Attacker: nothing.
    function test_priceTwisted() external {
        Redemption memory r =
            _signed(channels, Redemption(_parties(), model, tierHash, "USD", 2e18, 1e18, ""), sessionKey);
        r.price = 3e18;
        _refused(r);
        (r.price, r.unit) = (2e18, "EUR");
        _refused(r);
        r.unit = 0;
        _expect(IChannels.ChannelsPriceInvalid.selector, abi.encode(bytes32(0), uint128(2e18)));
        _redeem(r);
        r = _signed(channels, r, sessionKey);
        _expect(IChannels.ChannelsPriceInvalid.selector, abi.encode(bytes32(0), uint128(2e18)));
        _redeem(r);
        r.price = 1e18;
        _refused(r);
        assertEq(channels.channels(_idOf(_parties())).deposit, DEPOSIT);
    }

    /// Vouchers above the deposit pay the deposit. The operator served on credit: it loses what it did not check.
    function test_overRedeemed() external {
        assertEq(_pay(5 * DEPOSIT), DEPOSIT);
        assertEq(_pay(9 * DEPOSIT), 0);
        assertEq(channels.channels(_idOf(_parties())).deposit, 0);
        assertEq(channels.redeemed(_voucherOf(_voucher(_parties(), sessionKey, 0))), DEPOSIT);
    }

    /// A requester that takes its deposit out can not do so faster than an operator that looks redeems.
    function test_redeemedAfterWithdrawal() external {
        uint40 end = uint40(block.timestamp) + CHANNEL_THAW;
        vm.prank(requester);
        channels.setEnd(operator, session, end);
        vm.warp(end);
        assertEq(_pay(900e18), 900e18);
        skip(1);
        vm.prank(requester);
        assertEq(channels.withdraw(operator, session), DEPOSIT - 900e18);
        assertEq(_pay(950e18), 0);
    }

    /// One deposit for many operators: each channel is one operator's, whatever the key signs.
    function test_oneDepositForManyOperators() external {
        Parties memory other = Parties(requester, stranger, session);
        assertEq(_redeem(_voucher(other, sessionKey, 10e18)), 0);
        Redemption memory r = _voucher(_parties(), sessionKey, 10e18);
        Redemption[] memory list = new Redemption[](1);
        list[0] = r;
        _expect(IChannels.ChannelsOperatorDiffers.selector, abi.encode(operator, stranger));
        channels.redeem(stranger, list);
    }

    /// The client never signs above its running total before a receipt: an answer withheld costs it one fee.
    function test_answerWithheldAfterTheVoucher() external {
        uint256 before = opg.balanceOf(requester);
        _pay(FEE);
        vm.prank(requester);
        channels.setEnd(operator, session, uint40(block.timestamp) + CHANNEL_THAW);
        skip(CHANNEL_THAW + 1);
        vm.prank(requester);
        channels.withdraw(operator, session);
        assertEq(opg.balanceOf(requester), before + DEPOSIT - FEE, "loses one fee");
    }

    /// The operator holds the vouchers of all answers but the last: it loses one fee.
    function test_voucherWithheldAfterTheAnswer() external {
        uint128 answers = 7;
        assertEq(_pay((answers - 1) * FEE), (answers - 1) * uint256(FEE));
    }

    function _authorize(uint256 key, address from, uint128 amount, bytes32 nonce)
        private
        view
        returns (bytes memory)
    {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                from,
                channels,
                amount,
                0,
                NEVER,
                nonce
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked("\x19\x01", opg.DOMAIN_SEPARATOR(), hash)));
        return abi.encodePacked(r, s, v);
    }

    /// ERC-3009 and permit seen in the mempool: sent first by another, they fund what was signed and nothing else.
    function test_erc3009AndPermitFrontRunning() external {
        (address owner, uint256 key) = makeAddrAndKey("owner");
        vm.prank(treasury);
        opg.transfer(owner, 100e18);
        bytes32 nonce = keccak256(abi.encode(operator, session, NEVER, bytes32("salt")));
        bytes memory signature = _authorize(key, owner, 30e18, nonce);
        Authorization memory a = Authorization(0, NEVER, "salt", signature);
        vm.startPrank(stranger);
        // Not by the token itself, not to another operator, key, end or amount.
        vm.expectRevert();
        opg.receiveWithAuthorization(owner, address(channels), 30e18, 0, NEVER, nonce, signature);
        vm.expectRevert();
        channels.openWithAuthorization(Parties(owner, stranger, session), 30e18, NEVER, a);
        vm.expectRevert();
        channels.openWithAuthorization(Parties(owner, operator, stranger), 30e18, NEVER, a);
        vm.expectRevert();
        channels.openWithAuthorization(Parties(owner, operator, session), 30e18, NEVER - 1, a);
        vm.expectRevert();
        channels.openWithAuthorization(Parties(owner, operator, session), 31e18, NEVER, a);
        channels.openWithAuthorization(Parties(owner, operator, session), 30e18, NEVER, a);
        vm.expectRevert();
        channels.openWithAuthorization(Parties(owner, operator, session), 30e18, NEVER, a);
        vm.stopPrank();
        assertEq(channels.channels(_idOf(Parties(owner, operator, session))).deposit, 30e18);

        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(typeHash, owner, channels, 40e18, opg.nonces(owner), block.timestamp));
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked("\x19\x01", opg.DOMAIN_SEPARATOR(), hash)));
        vm.prank(stranger);
        opg.permit(owner, address(channels), 40e18, block.timestamp, v, r, s);
        vm.prank(owner);
        channels.openWithPermit(operator, session, 40e18, NEVER, Permit(block.timestamp, v, r, s));
        assertEq(channels.channels(_idOf(Parties(owner, operator, session))).deposit, 70e18);
        assertEq(opg.balanceOf(owner), 30e18);
    }

    /// The malleable twin of a voucher's signature, short forms, zeros, nothing, and a channel of signer 0.
    function test_signatureMalleability() external {
        Redemption memory r = _voucher(_parties(), sessionKey, 10e18);
        bytes32 digest = channels.digest(_voucherOf(r));
        (uint8 v, bytes32 a, bytes32 b) = vm.sign(sessionKey, digest);
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes[4] memory twisted = [
            abi.encodePacked(a, bytes32(n - uint256(b)), v == 27 ? uint8(28) : uint8(27)),
            new bytes(65),
            abi.encodePacked(a, b),
            bytes("")
        ];
        for (uint256 i; i < 4; i++) {
            r.signature = twisted[i];
            _refused(r);
        }
        vm.prank(stranger);
        channels.open(operator, address(0), 10e18, NEVER);
        r.parties = Parties(stranger, operator, address(0));
        r.signature = new bytes(65);
        _refused(r);
    }

    /// A wallet that re-enters when its signature is asked: it can not, and gets no more than it brought.
    function test_reentrantSigner() external {
        GreedyWallet wallet = new GreedyWallet(channels, operator);
        vm.prank(treasury);
        opg.transfer(address(wallet), 10e18);
        Parties memory parties = Parties(address(wallet), operator, address(wallet));
        uint256 held = opg.balanceOf(address(channels));
        channels.openWithAuthorization(parties, 10e18, 0, Authorization(0, NEVER, "salt", ""));
        assertEq(opg.balanceOf(address(channels)), held + 10e18);
        wallet.take();
        assertEq(opg.balanceOf(address(channels)), held);
        vm.expectRevert();
        wallet.take();
    }

    /// 10⁴ vouchers of one unit each: shares round down to nothing and all is burnt. The operator gets what it would have got
    /// at once or less, by under 4 units a voucher; nobody gains.
    function test_roundingDrainByDustMoves() external {
        // More than a transaction's gas here, as all of them are one.
        vm.pauseGasMetering();
        uint256 moves = 10_000;
        uint256 before = opg.balanceOf(payee) + opg.balanceOf(author);
        for (uint256 i = 1; i <= moves; i++) _pay(uint128(i));
        (uint96 burnable, uint96 audits) = channels.pots();
        uint256 got = opg.balanceOf(payee) + opg.balanceOf(author) - before;
        assertEq(got + burnable + audits, moves);
        assertEq(channels.channels(_idOf(_parties())).deposit, DEPOSIT - moves);
        assertLe(got, moves * 9 / 10);
        assertLe(moves * 9 / 10 - got, 4 * moves);
    }

    /// Self-paid traffic: requester, operator, author and sole delegator in one hand lose burn and audits of every fee.
    function test_washRequests() external {
        _pay(1000e18);
        (uint96 burnable, uint96 audits) = channels.pots();
        assertEq(opg.balanceOf(payee) + opg.balanceOf(author), 1000e18 - uint256(burnable) - audits);
        assertGe(uint256(burnable) + audits, 1000e18 * uint256(tier.burnBps + tier.auditBps) / 10_000);
    }

    /// The requester can not make a voucher out of another's deposit, nor move another's end.
    function test_strangersTouchNothing() external {
        vm.startPrank(stranger);
        bytes32 id = _idOf(Parties(stranger, operator, session));
        assertEq(channels.channels(id).deposit, 0);
        vm.expectRevert(IChannels.ChannelsZeroAmount.selector);
        channels.withdraw(operator, session);
        channels.setEnd(operator, session, uint40(block.timestamp) + CHANNEL_THAW);
        vm.stopPrank();
        assertEq(channels.channels(_idOf(_parties())).closesAt, NEVER);
    }
}
