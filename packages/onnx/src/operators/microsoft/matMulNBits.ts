import type { Expr } from "@opengradient/program";
import { elementwise, zero } from "../../broadcast.ts";
import { type Frame, type Index, type Value, view } from "../../builder.ts";
import type { Node } from "../../node.ts";
import { register } from "../../registry.ts";
import { and, fadd, fmul, fsub, i2f, imul, int, loop, shr } from "../../scalar.ts";
import { matmul } from "../matmul.ts";

type Packing = { readonly bits: number; readonly perByte: number };

/** Digit `at` of a byte. */
const digit = ({ bits }: Packing, byte: Expr, at: Expr): Expr =>
  and(shr(byte, imul(at, int(bits))), int((1 << bits) - 1));

/** The zero point of block loop(1): f32 as it stands, or digits packed like the weights. */
function zeroPoint({ read, readAt, loops }: Frame, zeros: Value | undefined, blocks: number, packing: Packing): Expr {
  const [n, block] = loops as [Index, Index];
  if (zeros === undefined) return i2f(int(1 << (packing.bits - 1)));
  const perRow = zeros.dims.reduce((all, d) => all * d, 1) / (zeros.type === "u8" ? 1 : blocks);
  if (zeros.type !== "u8") return read(view(zeros, [perRow, blocks]), [n, block]);
  const bytes = Math.ceil(blocks / packing.perByte);
  const table = view(zeros, [perRow / bytes, bytes]);
  const byte = readAt(table, [n, zero(block)], 1, shr(loop(1), int(packing.perByte >> 1)));
  return i2f(digit(packing, byte, and(loop(1), int(packing.perByte - 1))));
}

/** B [N, blocks, bytes] packs the rows of a [N, K] in blocks that share a scale and a zero point; as f32 [K, N]. */
function unpacked(node: Node, packing: Packing): Value {
  const [K, N, size] = [node.int("K"), node.int("N"), node.int("block_size")];
  const [packed, scales, zeros] = [node.typed(1, "u8"), node.typed(2, "f32"), node.optional(3)];
  const blocks = Math.ceil(K / size);
  const bytes = size / packing.perByte;
  if (String(packed.dims) !== String([N, blocks, bytes]))
    return node.refuse(`B is [${packed.dims}], expected [${N},${blocks},${bytes}]`);
  if (zeros && zeros.type !== "u8" && zeros.type !== "f32")
    return node.refuse(`zero points of type ${zeros.type} are not supported`);
  const table = view(scales, [N, blocks]);
  const whole = node.build.map("f32", [N, blocks, bytes, packing.perByte], (frame) => {
    const [n, block, byte] = frame.loops as [Index, Index, Index];
    const value = i2f(digit(packing, frame.read(packed, [n, block, byte]), loop(3)));
    return fmul(fsub(value, zeroPoint(frame, zeros, blocks, packing)), frame.read(table, [n, block]));
  });
  const rows = view(whole, [N, blocks * size]);
  return node.build.map("f32", [K, N], ({ loops: [k, n], read }) => read(rows, [n!, k!]));
}

/** A·B + bias, B in 4 or 8 bits; unpacked when the model is imported. */
register(
  "MatMulNBits",
  (node) => {
    const bits = node.int("bits", 4);
    if (bits !== 4 && bits !== 8) return node.refuse(`bits = ${bits} is not supported`);
    node.ignore("accuracy_level");
    if (node.optional(4)) return node.refuse("g_idx is not supported");
    const bias = node.optional(5);
    const product = matmul(node, node.typed(0, "f32"), unpacked(node, { bits, perByte: 8 / bits }));
    return bias ? elementwise(node, "f32", [product, bias], (x, b) => fadd(x!, b!)) : product;
  },
  "com.microsoft",
);
