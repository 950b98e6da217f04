// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ModelId} from "../types/Identity.sol";
import {IFees, Split} from "./IFees.sol";

/// @notice Who pays whom, by whose key. keccak256(abi.encode(parties)) is the channel's id.
struct Parties {
    /// owns the deposit
    address requester;
    /// by its owner
    address operator;
    /// ECDSA key that signs vouchers: the requester itself, or one that it names (a wallet contract must)
    address signer;
}

/// @notice What is kept of a channel: one slot.
struct Channel {
    uint128 deposit;
    /// last second in which vouchers are redeemed; then the deposit is the requester's again
    uint40 closesAt;
}

/// @notice What a signer owes an operator in one lane, all told (EIP-712, domain OpenGradient / 1 / chainId / Channels).
/// @dev Everything but `cumulative` is the lane: another price begins another one, and what was signed before keeps its own.
struct Voucher {
    bytes32 channel;
    ModelId modelRoot;
    /// tier, whose fee split counts
    bytes32 parameters;
    /// what fees are counted in: 0 for OPG, else a name in ASCII, which only people read
    bytes32 unit;
    /// OPG for one unit, both with 18 decimals; 1e18 where the unit is OPG
    uint128 price;
    /// all fees of the lane so far, in the unit, 18 decimals
    uint128 cumulative;
}

/// @notice One voucher to be redeemed.
struct Redemption {
    Parties parties;
    ModelId modelRoot;
    bytes32 parameters;
    bytes32 unit;
    uint128 price;
    uint128 cumulative;
    bytes signature;
}

/// @notice A transfer by ERC-3009 that its receiver may make.
struct Authorization {
    uint256 validAfter;
    uint256 validBefore;
    /// the nonce is keccak256(abi.encode(operator, signer, closesAt, salt)): the deposit can go to this channel only
    bytes32 salt;
    bytes signature;
}

/// @notice An allowance by ERC-2612.
struct Permit {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice Deposits of requesters, paid out to operators by cumulative vouchers.
/// @dev docs/spec/claim.md, Channels. A deposit is promised to one operator, by one key: that key's budget.
interface IChannels is IFees {
    event Funded(bytes32 indexed channel, address indexed requester, address indexed operator, address signer, uint128 amount);
    event ClosesAt(bytes32 indexed channel, uint40 closesAt);
    /// `paid` is OPG, `cumulative` in the unit.
    event Redeemed(
        bytes32 indexed channel,
        ModelId indexed model,
        bytes32 parameters,
        bytes32 unit,
        uint128 price,
        uint128 cumulative,
        uint128 paid
    );
    event Shared(address indexed operator, ModelId indexed model, bytes32 parameters, Split split);
    event Withdrawn(bytes32 indexed channel, address indexed requester, uint128 amount);

    error ChannelsParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    error ChannelsZeroAmount();
    /// An end nearer than one thaw would take from an operator what it was promised.
    error ChannelsEndTooNear(uint40 closesAt, uint256 least);
    error ChannelsNotClosed(bytes32 channel, uint40 closesAt);
    /// One OPG costs one OPG.
    error ChannelsPriceInvalid(bytes32 unit, uint128 price);
    error ChannelsSignerInvalid(bytes32 channel, address given);
    /// Redemptions of one call are all of this operator.
    error ChannelsOperatorDiffers(address given, address expected);

    /// @notice Adds to a channel from the caller's allowance. The deposit belongs to the requester, whoever brings it.
    function fund(Parties calldata parties, uint128 amount) external;

    /// @notice Requester: funds a channel and sets its end, 2⁴⁰ − 1 for none.
    function open(address operator, address signer, uint128 amount, uint40 closesAt) external;

    /// @notice The same with an allowance by signature; one that was used by somebody else already does not stop it.
    function openWithPermit(address operator, address signer, uint128 amount, uint40 closesAt, Permit calldata permit)
        external;

    /// @notice The same by anyone, with the requester's signature over a transfer that names this channel and end.
    function openWithAuthorization(
        Parties calldata parties,
        uint128 amount,
        uint40 closesAt,
        Authorization calldata authorization
    ) external;

    /// @notice Requester: moves the end. It never comes nearer than one thaw from now.
    function setEnd(address operator, address signer, uint40 closesAt) external;

    /// @notice Requester: the deposit of a channel that is closed.
    function withdraw(address operator, address signer) external returns (uint128 amount);

    /// @notice Anyone: pays one operator, and whom its fees are shared with, what vouchers say beyond what was paid before, as
    /// far as deposits reach. Vouchers of one model and tier are best neighbours: they are shared out as one. A voucher with nothing new, or whose channel is closed or empty, is passed over.
    function redeem(address operator, Redemption[] calldata redemptions) external returns (uint256 paid);

    /// @notice OPG owed for an amount of a unit, ⌊amount × price / 10¹⁸⌋: the signer never pays more than it signed, and
    /// an operator loses less than one smallest unit of OPG in a lane.
    function charge(uint128 amount, uint128 price) external pure returns (uint256);

    /// @notice What the split of a voucher's next `fee` would be, OPG.
    function quote(address operator, ModelId model, bytes32 parameters, uint128 fee) external view returns (Split memory);

    function channels(bytes32 channel) external view returns (Channel memory);

    /// @notice OPG paid so far of a voucher's lane.
    function redeemed(Voucher calldata voucher) external view returns (uint128);

    /// @notice EIP-712 digest.
    function digest(Voucher calldata voucher) external view returns (bytes32);

    /// @notice seconds from setting an end to reaching it, at least
    function thawPeriod() external view returns (uint40);
}
