// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice One line of the genesis allocation.
struct Allocation {
    address to;
    uint256 amount;
}

/// @notice The protocol's token: fixed supply, no mint, no owner. Burning is the only way its supply changes.
/// @dev EIP-712 domain OpenGradient / 1, shared by Permit, Votes and ERC-3009. Votes count in seconds (ERC-6372).
contract OPG is ERC20, ERC20Permit, ERC20Votes, ERC3009 {
    uint256 public constant SUPPLY = 1_000_000_000e18;
    uint256 public constant MAX_ALLOCATIONS = 256;

    error OPGAllocationCountOutOfRange(uint256 count, uint256 most);
    error OPGAllocationSumDiffers(uint256 sum, uint256 supply);

    /// @param genesis amounts that add up to SUPPLY exactly
    constructor(Allocation[] memory genesis) ERC20("OpenGradient", "OPG") ERC20Permit("OpenGradient") {
        require(genesis.length <= MAX_ALLOCATIONS, OPGAllocationCountOutOfRange(genesis.length, MAX_ALLOCATIONS));
        for (uint256 i; i < genesis.length; i++) {
            _mint(genesis[i].to, genesis[i].amount);
        }
        require(totalSupply() == SUPPLY, OPGAllocationSumDiffers(totalSupply(), SUPPLY));
    }

    /// @notice Destroys the caller's tokens.
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    /// @notice ERC-3009 with the signature in one piece; a contract wallet's ERC-1271 signature is accepted too.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 typeHash = TRANSFER_WITH_AUTHORIZATION_TYPEHASH;
        _checkSignature(from, keccak256(abi.encode(typeHash, from, to, value, validAfter, validBefore, nonce)), signature);
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @notice As above; only `to` may send it, so that nobody can take the transfer out of a deposit.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        require(to == msg.sender, ERC20InvalidReceiver(to));
        bytes32 typeHash = RECEIVE_WITH_AUTHORIZATION_TYPEHASH;
        _checkSignature(from, keccak256(abi.encode(typeHash, from, to, value, validAfter, validBefore, nonce)), signature);
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        _checkSignature(authorizer, keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce)), signature);
        _cancelAuthorization(authorizer, nonce);
    }

    /// @notice Version of the EIP-712 domain.
    function version() external view returns (string memory) {
        return _EIP712Version();
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }

    function _checkSignature(address signer, bytes32 structHash, bytes calldata signature) private view {
        bytes32 hash = _hashTypedDataV4(structHash);
        require(SignatureChecker.isValidSignatureNowCalldata(signer, hash, signature), ERC3009InvalidSignature());
    }
}
