/** Operators that move elements. */
import {
  anAxis,
  type Case,
  type Family,
  i64,
  MOVED,
  maybe,
  type Random,
  scalar,
  some,
  someAxes,
  trimmed,
} from "./cases.ts";

function pad(r: Random): Case {
  const type = r.pick(MOVED.filter((t) => t !== "i16" && t !== "u16" && t !== "u32"));
  const rank = r.int(1, 4);
  const dims = r.dims(rank, 2, 5);
  const opset = r.pick([2, 11, 13, 18, 19, 21, 23]);
  const mode = r.pick(["constant", "reflect", "edge", ...(opset >= 19 ? ["wrap"] : [])]);
  const axes = opset >= 18 && r.chance() ? someAxes(r, rank, 1) : undefined;
  const n = axes?.length ?? rank;
  // further round than once onnxruntime reads what it does not own
  const limit = mode === "reflect" ? Math.min(...dims) - 1 : mode === "wrap" ? 2 : 3;
  const low = mode === "constant" || (mode !== "wrap" && r.chance(0.2)) ? -1 : 0;
  const pads = Array.from({ length: 2 * n }, () => r.int(low, limit));
  const x = r.tensor(opset < 11 ? "f32" : type, dims);
  if (opset < 11)
    return { op: "Pad", opset, inputs: [x], attributes: { mode, pads, ...some(r, { value: () => ({ float: 1.5 }) }) } };
  const value = r.chance() ? scalar(r.pick([1, 0, x.type === "bool" ? 1 : 2]), x.type ?? "f32") : undefined;
  const inputs = [x, i64(pads), value, axes && { type: r.pick(["i64", "i32"] as const), dims: [n], values: axes }];
  return {
    op: "Pad",
    opset,
    inputs: trimmed(inputs),
    types: [x.type ?? "f32"],
    attributes: some(r, { mode: () => mode }, mode === "constant" ? 0.5 : 1),
    bound: [1, 2, 3],
  };
}

function slice(r: Random): Case {
  const rank = r.int(1, 4);
  const x = r.tensor(r.pick(MOVED), r.dims(rank, 1, 6));
  const opset = r.pick([7, 10, 11, 13]);
  const axes = r.chance(0.7) ? someAxes(r, rank, 1) : undefined;
  const n = axes?.length ?? r.int(1, rank);
  const far = [-(2 ** 31), 2 ** 31 - 1, 1000, -1000];
  const bound = (): number => (r.chance(0.2) ? r.pick(far) : r.int(-8, 8));
  const starts = Array.from({ length: n }, bound);
  const ends = Array.from({ length: n }, bound);
  if (opset < 10) {
    const x4 = { ...x, type: "f32" as const };
    return {
      op: "Slice",
      opset,
      inputs: [x4],
      attributes: { starts, ends, ...(axes && { axes: axes.map((a) => (a + rank) % rank) }) },
    };
  }
  const steps = r.chance(0.7)
    ? Array.from({ length: n }, () => r.pick([1, 1, 2, 3, -1, -2, -3, 100, -100]))
    : undefined;
  const type = r.pick(["i64", "i32"] as const);
  const of = (values: number[] | undefined) => values && { type, dims: [n], values };
  const inputs = [x, of(starts), of(ends), of(axes), of(steps)];
  return { op: "Slice", opset, inputs: trimmed(inputs), types: [x.type ?? "f32"], bound: [1, 2, 3, 4] };
}

function split(r: Random): Case {
  const rank = r.int(1, 4);
  const opset = r.pick([2, 11, 13, 18]);
  const x = r.tensor(opset < 13 ? "f32" : r.pick(["f32", "i32", "u8"]), r.dims(rank, 1, 7));
  const axis = opset < 11 ? r.int(0, rank - 1) : anAxis(r, rank);
  const length = x.dims.at(axis)!;
  const outputs = r.int(1, Math.min(4, length));
  const cuts = r
    .shuffled(Array.from({ length: length - 1 }, (_, i) => i + 1))
    .slice(0, outputs - 1)
    .sort((a, b) => a - b);
  const parts = [...cuts, length].map((c, i) => c - (cuts[i - 1] ?? 0));
  const types = Array.from({ length: outputs }, () => x.type ?? ("f32" as const));
  const equal = length % outputs === 0;
  const explicit = opset < 18 ? !equal || r.chance() : r.chance();
  if (opset < 13)
    return { op: "Split", opset, inputs: [x], types, attributes: { axis, ...(explicit && { split: parts }) } };
  const counted = opset >= 18 && !explicit;
  return {
    op: "Split",
    opset,
    inputs: explicit ? [x, i64(parts)] : [x],
    types,
    attributes: { axis, ...(counted && { num_outputs: outputs }) },
    bound: [1],
  };
}

function tile(r: Random): Case {
  const rank = r.int(0, 4);
  const x = r.tensor(r.pick(["f32", "i32", "i8", "u8", "bool"]), r.dims(rank, 1, 4));
  return {
    op: "Tile",
    opset: r.pick([6, 13]),
    inputs: [x, i64(r.dims(rank, 1, 3))],
    types: [x.type ?? "f32"],
    bound: [1],
  };
}

function expand(r: Random): Case {
  const rank = r.int(0, 4);
  const x = r.tensor(
    r.pick(MOVED),
    r.dims(rank, 1, 3).map((d) => (r.chance() ? 1 : d)),
  );
  const longer = r.int(0, 4);
  const shape = Array.from({ length: longer }, (_, i) => {
    const d = x.dims[i - longer + rank] ?? 1;
    return r.chance() ? 1 : d === 1 ? r.int(1, 4) : d;
  });
  return { op: "Expand", opset: r.pick([8, 13]), inputs: [x, i64(shape)], types: [x.type ?? "f32"], bound: [1] };
}

function transpose(r: Random): Case {
  const rank = r.int(1, 6);
  const x = r.tensor(r.pick(MOVED), r.dims(rank, 1, 3));
  return {
    op: "Transpose",
    opset: r.pick([1, 13, 21]),
    inputs: [x],
    types: [x.type ?? "f32"],
    attributes: some(r, { perm: () => r.shuffled(x.dims.map((_, i) => i)) }, 0.8),
  };
}

function reshape(r: Random): Case {
  const x = r.tensor(r.pick(MOVED), r.dims(r.int(1, 4), 1, 4));
  const all = r.shuffled(x.dims);
  let shape = r.chance() ? all : [...x.dims, ...(r.chance() ? [1] : [])];
  if (r.chance(0.3)) shape = shape.map((d, i) => (d === x.dims[i] && r.chance() ? 0 : d));
  if (r.chance()) shape = shape.with(r.int(0, shape.length - 1), -1);
  return {
    op: "Reshape",
    opset: r.pick([5, 13, 14, 19]),
    inputs: [x, i64(shape)],
    types: [x.type ?? "f32"],
    bound: [1],
  };
}

function concat(r: Random): Case {
  const rank = r.int(1, 4);
  const dims = r.dims(rank, 1, 4);
  const opset = r.pick([4, 11, 13]);
  const axis = opset < 11 ? r.int(0, rank - 1) : anAxis(r, rank);
  const type = r.pick(["f32", "i32", "u8", "i8", "bool"] as const);
  const inputs = Array.from({ length: r.chance(0.1) ? r.int(14, 40) : r.int(1, 6) }, () =>
    r.tensor(type, dims.with(axis, r.int(r.chance(0.1) ? 0 : 1, 4))),
  );
  return { op: "Concat", opset, inputs, types: [type], attributes: { axis }, bound: maybe(r, 0, 1, 2) };
}

function depthToSpace(r: Random): Case {
  const b = r.int(1, 3);
  const [n, c, h, w] = r.dims(4, 1, 3);
  const type = r.pick(["f32", "f32", "u8", "i8"] as const);
  if (r.chance())
    return {
      op: "SpaceToDepth",
      opset: r.pick([1, 13]),
      inputs: [r.tensor("f32", [n, c, h * b, w * b])],
      attributes: { blocksize: b },
    };
  const opset = r.pick([1, 11, 13]);
  return {
    op: "DepthToSpace",
    opset,
    inputs: [r.tensor(opset < 13 ? "f32" : type, [n, c * b * b, h, w])],
    types: [opset < 13 ? "f32" : type],
    attributes: { blocksize: b, ...(opset >= 11 && some(r, { mode: () => r.pick(["DCR", "CRD"]) }, 0.8)) },
  };
}

function trilu(r: Random): Case {
  const x = r.tensor(r.pick(["f32", "i64", "i32", "bool"]), r.dims(r.int(2, 4)));
  const k = r.chance(0.7) ? scalar(r.pick([-100, -3, -2, -1, 0, 1, 2, 3, 100]), "i64") : undefined;
  return {
    op: "Trilu",
    opset: 14,
    inputs: k ? [x, k] : [x],
    types: [x.type ?? "f32"],
    attributes: some(r, { upper: () => r.int(0, 1) }),
    bound: [1],
  };
}

function reverseSequence(r: Random): Case {
  const x = r.tensor(r.pick(["f32", "i32", "u8"]), r.dims(r.int(2, 4), 1, 5));
  const flipped = r.chance();
  const [time, batch] = flipped ? [1, 0] : [0, 1];
  const lens = r.ints("i64", [x.dims[batch]!], 1, x.dims[time]!);
  const attributes = flipped ? { batch_axis: 0, time_axis: 1 } : r.chance() ? {} : { batch_axis: 1, time_axis: 0 };
  return {
    op: "ReverseSequence",
    opset: 10,
    inputs: [x, lens],
    types: [x.type ?? "f32"],
    attributes,
    bound: maybe(r, 1),
  };
}

function range(r: Random): Case {
  const type = r.pick(["f32", "i32", "i64", "i16", "f64"] as const);
  const whole = type !== "f32" && type !== "f64";
  const step = whole ? r.pick([1, 2, 3, -1, -2, -5]) : r.pick([0.5, 1, -0.3, 0.7, 2, -1.25]);
  const start = whole ? r.int(-9, 9) : r.int(-9, 9) / 4;
  const limit = start + step * r.int(1, 9) + (whole ? 0 : step * r.pick([0, 0.5]));
  return {
    op: "Range",
    opset: 11,
    inputs: [start, limit, step].map((v) => scalar(v, type)),
    types: [type],
    bound: [0, 1, 2],
  };
}

function centerCropPad(r: Random): Case {
  const rank = r.int(1, 4);
  const x = r.tensor(r.pick(["f32", "i32", "u8"]), r.dims(rank, 1, 7));
  const axes = r.chance() ? someAxes(r, rank, 1) : undefined;
  return {
    op: "CenterCropPad",
    opset: 18,
    inputs: [x, i64(r.dims(axes?.length ?? rank, 1, 8))],
    types: [x.type ?? "f32"],
    attributes: axes ? { axes } : {},
    bound: [1],
  };
}

function squeeze(r: Random): Case {
  const dims = r.dims(r.int(1, 5), 1, 3).map((d) => (r.chance() ? 1 : d));
  const ones = dims.flatMap((d, i) => (d === 1 ? [i] : []));
  const chosen = ones.filter(() => r.chance()).map((i) => (r.chance() ? i - dims.length : i));
  const opset = r.pick([11, 13, 21]);
  const x = r.f32(dims);
  if (chosen.length === 0) return { op: "Squeeze", opset, inputs: [x] };
  return opset < 13
    ? { op: "Squeeze", opset, inputs: [x], attributes: { axes: chosen } }
    : { op: "Squeeze", opset, inputs: [x, i64(chosen)], bound: [1] };
}

function unsqueeze(r: Random): Case {
  const x = r.tensor(r.pick(["f32", "i32"]), r.dims(r.int(0, 3), 1, 3));
  const more = r.int(1, 3);
  const rank = x.dims.length + more;
  const axes = someAxes(r, rank, rank).slice(0, more);
  const opset = r.pick([11, 13, 21]);
  const types = [x.type ?? ("f32" as const)];
  return opset < 13
    ? { op: "Unsqueeze", opset, inputs: [x], types, attributes: { axes } }
    : { op: "Unsqueeze", opset, inputs: [x, i64(axes)], types, bound: [1] };
}

function flatten(r: Random): Case {
  const rank = r.int(0, 4);
  const opset = r.pick([1, 9, 11, 13]);
  const axis = opset < 11 ? r.int(0, rank) : r.int(-rank, rank);
  return {
    op: "Flatten",
    opset,
    inputs: [r.f32(r.dims(rank, 1, 3))],
    attributes: axis === 1 && r.chance() ? {} : { axis },
  };
}

function shape(r: Random): Case {
  const rank = r.int(0, 4);
  return {
    op: "Shape",
    opset: r.pick([15, 19]),
    inputs: [r.f32(r.dims(rank))],
    types: ["i64"],
    attributes: some(r, { start: () => r.int(-6, 6), end: () => r.int(-6, 6) }),
  };
}

function eyeLike(r: Random): Case {
  const types = { 1: "f32", 6: "i32", 7: "i64", 11: "f64" } as const;
  const dtype = r.pick([1, 6, 7, 11] as const);
  const own = r.pick(["f32", "i32", "i64"] as const);
  const named = r.chance();
  return {
    op: "EyeLike",
    opset: 9,
    inputs: [r.tensor(own, r.dims(2))],
    types: [named ? types[dtype] : own],
    attributes: { ...(named && { dtype }), ...some(r, { k: () => r.int(-5, 5) }) },
  };
}

function constantOfShape(r: Random): Case {
  const type = r.pick(["f32", "i64", "i32", "u8", "bool", "i8"] as const);
  const value = r.chance(0.8) ? { value: r.ints(type, [1], 0, 1) } : {};
  return {
    op: "ConstantOfShape",
    opset: r.pick([9, 20, 21]),
    inputs: [i64(r.dims(r.int(0, 4)))],
    types: [value.value ? type : "f32"],
    attributes: value,
    bound: [0],
  };
}

export const SHAPES: Readonly<Record<string, Family>> = {
  Pad: pad,
  Slice: slice,
  Split: split,
  Tile: tile,
  Expand: expand,
  Transpose: transpose,
  Reshape: reshape,
  Concat: concat,
  DepthToSpace: depthToSpace,
  Trilu: trilu,
  ReverseSequence: reverseSequence,
  Range: range,
  CenterCropPad: centerCropPad,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
  Shape: shape,
  EyeLike: eyeLike,
  ConstantOfShape: constantOfShape,
};
