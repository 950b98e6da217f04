// Tensors of contracts that ask: made, read and hashed as packages/program does it.
import { toHex } from "@opengradient/commitments";
import { type Dtype, readElement, type Tensor, tensorsRoot, widthOf } from "@opengradient/program";
import { type Random, randomFrom, randomTensor } from "@opengradient/program/random";
import { Revert } from "../evm.ts";
import type { Case } from "./case.ts";

export const TENSORS_HARNESS = "test/libraries/TensorsHarness.sol";

const LENGTHS = [1, 2, 63, 64, 65, 128, 129, 255, 256, 257, 320, 512, 513, 700, 1100];
const DTYPES: readonly Dtype[] = [0, 1, 2, 3];
/** By dtype; i8 has none. */
const MAKERS = ["fromF32", "fromI32", undefined, "fromU8"] as const;

const shapeOf = ({ dtype, dims }: Tensor, elements = dims[0]!): number => dtype * 2 ** 32 + elements;
const struct = (tensor: Tensor) => ({ shape: shapeOf(tensor), data: toHex(tensor.data) });

const harnessCase = (name: string, call: string, args: readonly unknown[], fault: Case["fault"]): Case => ({
  name,
  source: TENSORS_HARNESS,
  call,
  args,
  fault,
});

const differs = (got: unknown, want: unknown): string | undefined =>
  String(got) === String(want) ? undefined : `${got}, not ${want}`;

/** The revert has this name and these arguments. */
const refuses =
  (name: string, ...args: readonly number[]) =>
  (answer: unknown): string | undefined =>
    answer instanceof Revert ? differs(`${answer.errorName} ${answer.args}`, `${name} ${args}`) : `answered ${answer}`;

function* ofOne(random: Random, tensor: Tensor): Generator<Case> {
  const { dtype, dims, data } = tensor;
  const n = dims[0]!;
  const name = `dtype ${dtype} of ${n}`;
  const element = (i: number): number => (dtype === 0 ? readElement(data, 0, i) >>> 0 : readElement(data, dtype, i));
  const maker = MAKERS[dtype];
  if (maker) {
    const values = dtype === 3 ? toHex(data) : Array.from({ length: n }, (_, i) => element(i));
    yield harnessCase(name, maker, [values], (answer) => {
      const { shape, data: bytes } = answer as { shape: number; data: string };
      return differs([shape, bytes], [shapeOf(tensor), toHex(data)]);
    });
  }
  for (const i of [0, n - 1, random.below(n)])
    yield harnessCase(name, "at", [struct(tensor), i, dtype], (answer) => differs(answer, element(i)));
  const other = (dtype + random.between(1, 3)) % 4;
  yield harnessCase(name, "at", [struct(tensor), 0, other], refuses("TensorsDtypeDiffers", dtype, other));
  yield harnessCase(name, "at", [struct(tensor), n, dtype], refuses("TensorsIndexOutOfRange", n, n));
  const [more, bytes] = [{ ...struct(tensor), shape: shapeOf(tensor, n + 1) }, n * widthOf(dtype)];
  const want = bytes + widthOf(dtype);
  yield harnessCase(name, "listRoot", [[more]], refuses("TensorsLengthInvalid", bytes, want));
}

/** Tensors of each dtype whose lengths lie around whole leaves, alone and in lists. */
export function* tensorCases(): Generator<Case> {
  const random = randomFrom(8);
  const all: Tensor[] = [];
  for (const length of LENGTHS)
    for (const dtype of DTYPES) {
      const tensor = randomTensor(random, { dtype, dims: [length] });
      all.push(tensor);
      yield* ofOne(random, tensor);
    }
  for (let count = 1; count <= 9; count++)
    for (let at = 0; at + count <= all.length; at += 7) {
      const list = all.slice(at, at + count);
      yield harnessCase(`list of ${count}`, "listRoot", [list.map(struct)], (answer) =>
        differs(answer, toHex(tensorsRoot(list))),
      );
    }
}
