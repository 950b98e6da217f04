// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

// Where the Arbiter keeps what its inner loops need, in memory, at fixed addresses: a literal costs 3 gas and no stack.
// `Evaluation.reserve` takes this arena before anything else is allocated.

// Calldata offset of the next hint, and where hints end.
uint256 constant HINT_AT = 0x80;
uint256 constant HINT_END = 0xa0;

// The spans: address of the first record, and their number. A record: ordinal of the source, first element held, number of
// elements held, address of the data; one word each.
uint256 constant SPANS_AT = 0xc0;
uint256 constant SPAN_COUNT = 0xe0;
uint256 constant SPAN_SIZE = 0x80;

// Number of fold dimensions, their extents (4 words), and the addresses of the registers that become state 0…3.
uint256 constant FOLD_COUNT = 0x100;
uint256 constant FOLD_EXTENTS = 0x120;
uint256 constant NEXT_STATE = 0x1a0;

// Dot folds: bytes from one read to the next, and an else-word as it would lie in a tensor, for the left and right side.
uint256 constant LEFT_STRIDE = 0x220;
uint256 constant RIGHT_STRIDE = 0x240;
uint256 constant LEFT_ELSE = 0x260;
uint256 constant RIGHT_ELSE = 0x280;
// Scale of the f32 accumulator: 151, or 191 where one unit is 2^40 times as large.
uint256 constant SCALE = 0x2a0;

// Where a run of pairs stands: addresses of the next left and right element, how many pairs are left, and whether the next
// one leads to an infinity or NaN.
uint256 constant RUN_LEFT = 0x2e0;
uint256 constant RUN_RIGHT = 0x300;
uint256 constant RUN_PAIRS = 0x320;
uint256 constant RUN_ENDS = 0x340;

// Calldata offset of the witness: errors name positions in it.
uint256 constant WITNESS_AT = 0x2c0;

// The register file: 256 words.
uint256 constant REGISTERS = 0x400;
uint256 constant LOOP_REGISTERS = 0x480;
uint256 constant FOLD_REGISTERS = 0x580;
uint256 constant CONSTANT_REGISTERS = 0x600;
uint256 constant ARENA_END = 0x2400;

// An access, made ready: its own address (so that `ld` takes it like a register's value), then
uint256 constant ACCESS_END = 0x20; // address past its last coordinate
uint256 constant ACCESS_DYNAMIC = 0x40; // dynMask
uint256 constant ACCESS_ELSE = 0x60; // else-word
uint256 constant ACCESS_LIMIT = 0x80; // addresses below are inside the tensor and visible
uint256 constant ACCESS_TYPE = 0xa0; // dtype
uint256 constant ACCESS_SOURCE = 0xc0; // ordinal of its source
uint256 constant ACCESS_LOW = 0xe0; // current span: first element held
uint256 constant ACCESS_HELD = 0x100; // current span: number of elements held; 0 before the first hint
uint256 constant ACCESS_DATA = 0x120; // current span: address of its data
uint256 constant ACCESS_COORDINATES = 0x140;
// a coordinate: base with the loop part added, extent, stride, and four fold coefficients
uint256 constant COORDINATE_SIZE = 0xe0;
