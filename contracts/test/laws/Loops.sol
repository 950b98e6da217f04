// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Deliveries} from "../../src/consumer/Deliveries.sol";
import {Result, Told} from "../../src/interfaces/IDeliveries.sol";
import {Tensor, Tensors} from "../../src/libraries/Tensors.sol";
import {Allocation, OPG} from "../../src/token/OPG.sol";
import {ClaimStatus, Delivery, Parameters} from "../../src/types/Claim.sol";
import {Shape} from "../../src/types/Model.sol";
import {HookedOPG} from "../toys/HookedOPG.sol";
import {Run} from "../toys/World.sol";
import {Case, Manner} from "./Acts.sol";
import {Backers} from "./Backers.sol";

/// @notice A contract that asks, demands and accuses, and that does something else whenever it is called: by the token before
/// and after its OPG moves, by coin that is paid out to it, by the callbacks of its results.
contract Looper {
    Loops private immutable _books;
    bool private _inside;

    constructor(Loops books) {
        _books = books;
    }

    receive() external payable {
        _enter();
    }

    fallback() external payable {
        _enter();
    }

    function _enter() private {
        if (_inside) return;
        _inside = true;
        try _books.reenter() {} catch {}
        _inside = false;
    }
}

/// @notice Beside the backers: who comes back, and who brings results.
contract Loops is Backers {
    Deliveries internal deliveries;
    uint256 private _entries;
    /// nothing new is begun any more
    bool internal _leaving;

    function setUp() public virtual override {
        looper = address(new Looper(this));
        super.setUp();
        _fund(looper);
        vm.prank(looper);
        HookedOPG(address(opg)).hook();
        deliveries = new Deliveries(market);
    }

    function _token(Allocation[] memory genesis) internal override returns (OPG) {
        return new HookedOPG(genesis);
    }

    function _parameters() internal pure override returns (Parameters memory p) {
        p = super._parameters();
        p.delivery = Delivery.FAST;
    }

    /// Anybody brings what the looper is due to be told.
    function deliver(uint256 which) external {
        if (cases.length == 0) return;
        uint256 index = which % cases.length;
        Case storage c = cases[index];
        uint256 requestId = c.claim.requestId;
        Told before = deliveries.told(requestId);
        ClaimStatus now_ = status(index);
        if (c.claim.requester != looper || requestId > type(uint64).max || before > Told.Result) return;
        if (c.refunded) {
            if (deliveries.deliverRefund(requestId)) _did("deliver: refunded");
        } else if (now_ == ClaimStatus.Void) {
            if (!deliveries.deliverVoid(c.claim)) return;
            _did(before == Told.Result ? bytes32("deliver: revoked") : bytes32("deliver: failed"));
        } else if (now_ != ClaimStatus.None && before == Told.Nothing && c.manner != Manner.ForgedOutput) {
            if (deliveries.deliver(c.claim, _resultOf(_runOf(c)))) _did("deliver: result");
        }
    }

    /// @notice Three acts of anybody's, while another is under way.
    function reenter() external {
        require(msg.sender == looper);
        uint256 before = _doings;
        for (uint256 i; i < 3; i++) {
            uint256 r = uint256(keccak256(abi.encode(++_entries, block.timestamp)));
            (bool ignored,) = address(this).call(_nested(r % (_leaving ? 11 : 16), r >> 8));
            ignored;
        }
        done["while another is under way"] += _doings - before;
    }

    function _nested(uint256 act, uint256 r) private view returns (bytes memory) {
        if (act == 0) return abi.encodeCall(this.expire, (r));
        if (act == 1) return abi.encodeCall(this.reclaim, (r));
        if (act == 2) return abi.encodeCall(this.settleBond, (r));
        if (act == 3) return abi.encodeCall(this.settleOpening, (r));
        if (act == 4) return abi.encodeCall(this.finalise, (r));
        if (act == 5) return abi.encodeCall(this.withdrawCredits, (r));
        if (act == 6) return abi.encodeCall(this.refund, (r));
        if (act == 7) return abi.encodeCall(this.proveAccusation, (r));
        if (act == 8) return abi.encodeCall(this.deliver, (r));
        if (act == 9) return abi.encodeCall(this.releaseBatch, (r));
        if (act == 10) return abi.encodeCall(this.sweep, (r & 1 == 0));
        if (act == 11) return abi.encodeCall(this.demand, (r, r >> 64, r & 1 == 0));
        if (act == 12) return abi.encodeCall(this.accuse, (r, uint32(r >> 64), uint32(r >> 96)));
        if (act == 13) return abi.encodeCall(this.showLeaf, (r, r & 1 << 64 == 0));
        if (act == 14) return abi.encodeCall(this.answer, (r, r & 1 << 64 == 0));
        return abi.encodeCall(this.restore, (r));
    }

    function _resultOf(Run memory run) private pure returns (Result memory r) {
        r.salt = run.salt;
        r.outputs = new Tensor[](1);
        r.outputs[0] = Tensor(Shape.wrap((uint40(Tensors.U8) << 32) | 256), run.results[KERNELS - 1]);
    }
}
