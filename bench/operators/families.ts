/** All families, by the name that --only takes. */
import type { Family } from "./cases.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { MICROSOFT } from "./microsoft.ts";
import { ML } from "./ml.ts";
import { NETS } from "./nets.ts";
import { PLACES } from "./places.ts";
import { PRODUCTS } from "./products.ts";
import { NARROW_TYPES } from "./quantised.ts";
import { REDUCTIONS } from "./reductions.ts";
import { SAMPLING } from "./sampling.ts";
import { SHAPES } from "./shapes.ts";
import { TREES } from "./trees.ts";
import { WINDOWS } from "./windows.ts";

export const FAMILIES: Readonly<Record<string, Family>> = {
  ...ELEMENTWISE,
  ...REDUCTIONS,
  ...PRODUCTS,
  ...SHAPES,
  ...PLACES,
  ...WINDOWS,
  ...SAMPLING,
  ...NETS,
  ...NARROW_TYPES,
  ...TREES,
  ...ML,
  ...MICROSOFT,
};
