// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Allocation, OPG} from "../../src/token/OPG.sol";

/// @notice A wallet that signs by saying so.
contract Wallet {
    function isValidSignature(bytes32, bytes calldata signature) external pure returns (bytes4) {
        return keccak256(signature) == keccak256("yes") ? this.isValidSignature.selector : bytes4(0);
    }
}

contract OPGTest is Test {
    bytes32 private constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    OPG private opg;
    address private holder;
    uint256 private key;
    address private shop = makeAddr("shop");

    function setUp() external {
        vm.warp(1_800_000_000);
        (holder, key) = makeAddrAndKey("holder");
        opg = new OPG(_genesis(holder, 1_000_000_000e18));
    }

    function _genesis(address to, uint256 amount) private pure returns (Allocation[] memory list) {
        list = new Allocation[](1);
        list[0] = Allocation(to, amount);
    }

    function _sign(bytes32 structHash) private view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", opg.DOMAIN_SEPARATOR(), structHash)));
    }

    function _packed(bytes32 structHash) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = _sign(structHash);
        return abi.encodePacked(r, s, v);
    }

    function _authorization(bytes32 typeHash, bytes32 nonce) private view returns (bytes32) {
        return keccak256(abi.encode(typeHash, holder, shop, 5e18, 0, block.timestamp + 60, nonce));
    }

    function test_genesisAddsUpToTheSupply() external {
        assertEq(opg.totalSupply(), opg.SUPPLY());
        vm.expectRevert(abi.encodeWithSelector(OPG.OPGAllocationSumDiffers.selector, 1, opg.SUPPLY()));
        new OPG(_genesis(holder, 1));
        Allocation[] memory many = new Allocation[](257);
        vm.expectRevert(abi.encodeWithSelector(OPG.OPGAllocationCountOutOfRange.selector, 257, 256));
        new OPG(many);
    }

    function test_burnIsTheOnlyChangeOfSupply() external {
        vm.prank(holder);
        opg.burn(7);
        assertEq(opg.totalSupply(), opg.SUPPLY() - 7);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, shop, 0, 1));
        vm.prank(shop);
        opg.burn(1);
    }

    function test_permit() external {
        uint256 deadline = block.timestamp + 1;
        (uint8 v, bytes32 r, bytes32 s) = _sign(keccak256(abi.encode(PERMIT, holder, shop, 9, 0, deadline)));
        opg.permit(holder, shop, 9, deadline, v, r, s);
        assertEq(opg.allowance(holder, shop), 9);
        assertEq(opg.nonces(holder), 1);
    }

    function test_votesFollowDelegatedBalance() external {
        vm.prank(holder);
        opg.delegate(shop);
        assertEq(opg.getVotes(shop), opg.SUPPLY());
        vm.prank(holder);
        opg.transfer(shop, 1e18);
        assertEq(opg.getVotes(shop), opg.SUPPLY() - 1e18);
        assertEq(opg.clock(), block.timestamp);
        assertEq(opg.CLOCK_MODE(), "mode=timestamp");
        assertEq(opg.version(), "1");
    }

    function test_transferWithAuthorizationInOnePiece() external {
        bytes memory signature = _packed(_authorization(TRANSFER, "n"));
        opg.transferWithAuthorization(holder, shop, 5e18, 0, block.timestamp + 60, "n", signature);
        assertEq(opg.balanceOf(shop), 5e18);
        assertTrue(opg.authorizationState(holder, "n"));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, holder, bytes32("n")));
        opg.transferWithAuthorization(holder, shop, 5e18, 0, block.timestamp + 60, "n", signature);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        opg.transferWithAuthorization(holder, shop, 6e18, 0, block.timestamp + 60, "m", signature);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        opg.transferWithAuthorization(holder, shop, 5e18, 0, block.timestamp + 60, "m", hex"00");
    }

    function test_transferWithAuthorizationInThree() external {
        (uint8 v, bytes32 r, bytes32 s) = _sign(_authorization(TRANSFER, "n"));
        uint256 before = block.timestamp + 60;
        vm.warp(before);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, 0, before));
        opg.transferWithAuthorization(holder, shop, 5e18, 0, before, "n", v, r, s);
        vm.warp(before - 1);
        opg.transferWithAuthorization(holder, shop, 5e18, 0, before, "n", v, r, s);
        assertEq(opg.balanceOf(shop), 5e18);
    }

    function test_onlyThePayeeReceives() external {
        bytes memory signature = _packed(_authorization(RECEIVE, "n"));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, shop));
        opg.receiveWithAuthorization(holder, shop, 5e18, 0, block.timestamp + 60, "n", signature);
        vm.prank(shop);
        opg.receiveWithAuthorization(holder, shop, 5e18, 0, block.timestamp + 60, "n", signature);
        assertEq(opg.balanceOf(shop), 5e18);
    }

    function test_cancelledAuthorizationIsSpent() external {
        bytes memory signature = _packed(keccak256(abi.encode(CANCEL, holder, bytes32("n"))));
        opg.cancelAuthorization(holder, "n", signature);
        signature = _packed(_authorization(TRANSFER, "n"));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, holder, bytes32("n")));
        opg.transferWithAuthorization(holder, shop, 5e18, 0, block.timestamp + 60, "n", signature);
    }

    function test_walletContractsMaySign() external {
        address wallet = address(new Wallet());
        vm.prank(holder);
        opg.transfer(wallet, 3);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        opg.transferWithAuthorization(wallet, shop, 3, 0, block.timestamp + 60, "n", "no");
        opg.transferWithAuthorization(wallet, shop, 3, 0, block.timestamp + 60, "n", "yes");
        assertEq(opg.balanceOf(shop), 3);
    }
}
