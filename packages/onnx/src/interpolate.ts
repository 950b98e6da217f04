/** Where the elements of a resized axis come from, in double precision at import. */

/** For each output position the places on the input axis (within it) and their factors, as many for all. */
export type AxisTaps = {
  readonly places: readonly (readonly number[])[];
  readonly factors: readonly (readonly number[])[];
  /** whether a position lies on the input at all; the rest is extrapolated */
  readonly inside: readonly boolean[];
};

export type Axis = {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  /** what of the input is shown, as fractions of it */
  readonly roi: readonly [start: number, end: number];
};

/** The input coordinate of an output position, by coordinate_transformation_mode. */
const COORDINATES: Readonly<Record<string, (x: number, axis: Axis) => number>> = {
  half_pixel: (x, { scale }) => (x + 0.5) / scale - 0.5,
  half_pixel_symmetric: (x, { input, output, scale }) =>
    (input / 2) * (1 - output / (scale * input)) + (x + 0.5) / scale - 0.5,
  pytorch_half_pixel: (x, { output, scale }) => (output > 1 ? (x + 0.5) / scale - 0.5 : 0),
  align_corners: (x, { input, scale }) => (scale * input === 1 ? 0 : (x * (input - 1)) / (scale * input - 1)),
  asymmetric: (x, { scale }) => x / scale,
  // what keeps its size stays, though the formula would shift it by a half
  tf_half_pixel_for_nn: (x, { scale }) => (scale === 1 ? x : (x + 0.5) / scale),
  tf_crop_and_resize: (x, { input, output, roi: [start, end] }) => {
    const last = input - 1;
    return output > 1 ? start * last + (x * (end - start) * last) / (output - 1) : ((start + end) * last) / 2;
  },
};

const ROUNDINGS: Readonly<Record<string, (x: number, axis: Axis) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
  // operator set 10 says nothing of it; what its cases show
  unsaid: (x, { scale }) => (scale < 1 ? Math.ceil(x) : Math.floor(x)),
};

export type Interpolation = {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
  /** of the cubic */
  readonly a: number;
};

/** How an element at a distance weighs, and how far that reaches. */
type Weight = { readonly reach: number; readonly at: (distance: number) => number };

function weightOf({ mode, a }: Interpolation): Weight | undefined {
  if (mode === "linear") return { reach: 1, at: (d) => Math.max(0, 1 - d) };
  if (mode !== "cubic") return undefined;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return { reach: 2, at: (d) => (d <= 1 ? near(d) : d < 2 ? far(d) : 0) };
}

/** A reason why there are none, or the taps. */
export function axisTaps(axis: Axis, how: Interpolation): AxisTaps | string {
  const coordinate = COORDINATES[how.coordinates];
  if (coordinate === undefined) return `coordinate_transformation_mode ${how.coordinates} is not supported`;
  const at = Array.from({ length: axis.output }, (_, o) => coordinate(o, axis));
  const crops = how.coordinates === "tf_crop_and_resize";
  // as scales are: 4/0.8 is 5, though the f32 nearest to 0.8 is above it
  const rounded = at.map(Math.fround);
  const inside = rounded.map((x) => !crops || (x >= 0 && x <= axis.input - 1));
  const within = (place: number): number => Math.min(Math.max(place, 0), axis.input - 1);
  if (how.mode === "nearest") {
    const round = ROUNDINGS[how.nearest];
    if (round === undefined) return `nearest_mode ${how.nearest} is not supported`;
    return { places: rounded.map((x) => [within(round(x, axis))]), factors: at.map(() => [1]), inside };
  }
  const weight = weightOf(how);
  if (weight === undefined) return `mode ${how.mode} is not supported`;
  // shrinking with antialias stretches the weights over all elements that become one
  const stretch = how.antialias ? Math.min(axis.scale, 1) : 1;
  const first = Math.floor(-weight.reach / stretch) + 1;
  const taps = Array.from({ length: 2 - 2 * first }, (_, i) => first + i);
  const places = at.map((x) => taps.map((tap) => Math.floor(x) + tap));
  const factors = at.map((x, o) => {
    const raw = places[o]!.map((place) =>
      how.excludeOutside && place !== within(place) ? 0 : weight.at(Math.abs(x - place) * stretch),
    );
    const sum = how.excludeOutside || how.antialias ? raw.reduce((all, f) => all + f, 0) : 1;
    return raw.map((factor) => factor / sum);
  });
  return { places: places.map((row) => row.map(within)), factors, inside };
}
