// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {
    Authorization,
    Channel,
    IChannels,
    Parties,
    Permit,
    Redemption,
    Voucher
} from "../interfaces/IChannels.sol";
import {Split} from "../interfaces/IFees.sol";
import {IMarket} from "../interfaces/IMarket.sol";
import {Parameters} from "../types/Claim.sol";
import {ModelId} from "../types/Identity.sol";
import {Due, Fees} from "./Fees.sol";

/// @notice Deposits and vouchers. It knows the Market's tiers and asks nothing else of it.
contract Channels is IChannels, Fees, EIP712 {
    bytes32 private constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 channel,bytes32 modelRoot,bytes32 parameters,bytes32 unit,uint128 price,uint128 cumulative)"
    );
    uint256 private constant ONE = 1e18;
    uint256 private constant LEAST_THAW = 1 minutes;
    uint256 private constant MOST_THAW = 30 days;

    IMarket public immutable market;
    /// @inheritdoc IChannels
    uint40 public immutable thawPeriod;

    mapping(bytes32 channel => Channel) private _channels;
    mapping(bytes32 lane => uint128 paid) private _redeemed;

    constructor(IMarket market_, uint40 thawPeriod_)
        Fees(market_.opg(), market_.staking(), market_.registry(), market_.auditPool())
        EIP712("OpenGradient", "1")
    {
        require(
            thawPeriod_ >= LEAST_THAW && thawPeriod_ <= MOST_THAW,
            ChannelsParameterOutOfRange("thawPeriod", thawPeriod_, LEAST_THAW, MOST_THAW)
        );
        (market, thawPeriod) = (market_, thawPeriod_);
    }

    /// @inheritdoc IChannels
    function fund(Parties calldata parties, uint128 amount) external {
        _fund(parties, amount);
        opg.transferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IChannels
    function open(address operator, address signer, uint128 amount, uint40 closesAt) external {
        _open(operator, signer, amount, closesAt);
    }

    /// @inheritdoc IChannels
    function openWithPermit(
        address operator,
        address signer,
        uint128 amount,
        uint40 closesAt,
        Permit calldata permit
    ) external {
        // Whoever saw it in the mempool may have used it: then the allowance is there, and if not the transfer reverts.
        try opg.permit(msg.sender, address(this), amount, permit.deadline, permit.v, permit.r, permit.s) {} catch {}
        _open(operator, signer, amount, closesAt);
    }

    /// @inheritdoc IChannels
    function openWithAuthorization(
        Parties calldata parties,
        uint128 amount,
        uint40 closesAt,
        Authorization calldata authorization
    ) external {
        bytes32 channel = _fund(parties, amount);
        _setEnd(channel, closesAt);
        opg.receiveWithAuthorization(
            parties.requester,
            address(this),
            amount,
            authorization.validAfter,
            authorization.validBefore,
            keccak256(abi.encode(parties.operator, parties.signer, closesAt, authorization.salt)),
            authorization.signature
        );
    }

    /// @inheritdoc IChannels
    function setEnd(address operator, address signer, uint40 closesAt) external {
        _setEnd(_id(Parties(msg.sender, operator, signer)), closesAt);
    }

    /// @inheritdoc IChannels
    function withdraw(address operator, address signer) external returns (uint128 amount) {
        bytes32 id = _id(Parties(msg.sender, operator, signer));
        Channel storage c = _channels[id];
        require(block.timestamp > c.closesAt, ChannelsNotClosed(id, c.closesAt));
        amount = c.deposit;
        require(amount > 0, ChannelsZeroAmount());
        c.deposit = 0;
        emit Withdrawn(id, msg.sender, amount);
        opg.transfer(msg.sender, amount);
    }

    /// @inheritdoc IChannels
    function redeem(address operator, Redemption[] calldata redemptions) external returns (uint256 paid) {
        uint256 toOperator;
        uint256 toDelegators;
        uint256 due;
        for (uint256 i; i < redemptions.length; i++) {
            Redemption calldata r = redemptions[i];
            require(r.parties.operator == operator, ChannelsOperatorDiffers(r.parties.operator, operator));
            due += _take(r);
            // Neighbours of one model and tier are shared out as one fee.
            if (due == 0 || (i + 1 < redemptions.length && _sameSplit(r, redemptions[i + 1]))) continue;
            Split memory s = _settle(_due(operator, r.modelRoot, r.parameters, due));
            emit Shared(operator, r.modelRoot, r.parameters, s);
            paid += due;
            toOperator += s.toOperator;
            toDelegators += s.toDelegators;
            due = 0;
        }
        _payOperator(operator, staking.payeeOf(operator), toOperator, toDelegators);
    }

    /// @inheritdoc IChannels
    function quote(address operator, ModelId model, bytes32 parameters, uint128 fee)
        external
        view
        returns (Split memory s)
    {
        (s,) = _split(_due(operator, model, parameters, fee));
    }

    /// @inheritdoc IChannels
    function channels(bytes32 channel) external view returns (Channel memory) {
        return _channels[channel];
    }

    /// @inheritdoc IChannels
    function redeemed(Voucher calldata voucher) external view returns (uint128) {
        return _redeemed[_lane(voucher)];
    }

    /// @inheritdoc IChannels
    function charge(uint128 amount, uint128 price) public pure returns (uint256) {
        return uint256(amount) * price / ONE;
    }

    /// @inheritdoc IChannels
    function digest(Voucher memory voucher) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, voucher)));
    }

    function _open(address operator, address signer, uint128 amount, uint40 closesAt) private {
        _setEnd(_fund(Parties(msg.sender, operator, signer), amount), closesAt);
        opg.transferFrom(msg.sender, address(this), amount);
    }

    function _fund(Parties memory parties, uint128 amount) private returns (bytes32 id) {
        require(amount > 0, ChannelsZeroAmount());
        id = _id(parties);
        _channels[id].deposit += amount;
        emit Funded(id, parties.requester, parties.operator, parties.signer, amount);
    }

    /// @dev Later than the present end, or a thaw away: an operator that looked has the thaw to redeem what it holds.
    function _setEnd(bytes32 id, uint40 closesAt) private {
        Channel storage c = _channels[id];
        uint256 least = block.timestamp + thawPeriod;
        require(closesAt >= least || closesAt >= c.closesAt, ChannelsEndTooNear(closesAt, least));
        c.closesAt = closesAt;
        emit ClosesAt(id, closesAt);
    }

    /// @dev What a voucher adds, as far as the deposit reaches; it leaves the deposit here.
    function _take(Redemption calldata r) private returns (uint128 fee) {
        require(r.unit != 0 || r.price == ONE, ChannelsPriceInvalid(r.unit, r.price));
        bytes32 id = _id(r.parties);
        Voucher memory v = Voucher(id, r.modelRoot, r.parameters, r.unit, r.price, r.cumulative);
        (address given,,) = ECDSA.tryRecoverCalldata(digest(v), r.signature);
        require(given == r.parties.signer && given != address(0), ChannelsSignerInvalid(id, given));
        bytes32 lane = _lane(v);
        uint128 before = _redeemed[lane];
        uint256 owed = charge(v.cumulative, v.price);
        Channel storage c = _channels[id];
        if (owed <= before || block.timestamp > c.closesAt) return 0;
        owed -= before;
        fee = owed < c.deposit ? uint128(owed) : c.deposit;
        c.deposit -= fee;
        _redeemed[lane] = before + fee;
        emit Redeemed(id, v.modelRoot, v.parameters, v.unit, v.price, v.cumulative, fee);
    }

    function _sameSplit(Redemption calldata a, Redemption calldata b) private pure returns (bool) {
        return ModelId.unwrap(a.modelRoot) == ModelId.unwrap(b.modelRoot) && a.parameters == b.parameters;
    }

    function _due(address operator, ModelId model, bytes32 parameters, uint256 fee) private view returns (Due memory) {
        Parameters memory p = market.tier(parameters);
        return Due(model, operator, fee, p.auditBps, p.burnBps, block.timestamp);
    }

    function _id(Parties memory parties) private pure returns (bytes32) {
        return keccak256(abi.encode(parties));
    }

    function _lane(Voucher memory v) private pure returns (bytes32) {
        return keccak256(abi.encode(v.channel, v.modelRoot, v.parameters, v.unit, v.price));
    }
}
