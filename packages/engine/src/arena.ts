/** Addresses in one memory: tensors that are never alive together share theirs (first fit in order of birth). */

export const ALIGNMENT = 16;

export const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export type Life = { readonly bytes: number; readonly from: number; readonly to: number };

type Block = { readonly at: number; readonly end: number; readonly to: number };

function firstFit(alive: readonly Block[], bytes: number): number {
  let at = 0;
  for (const block of alive) {
    if (block.at - at >= bytes) return at;
    at = block.end;
  }
  return at;
}

/** Offsets in the order given, and the bytes of the whole. A life includes both of its ends. */
export function planArena(lives: readonly Life[]): { readonly offsets: number[]; readonly bytes: number } {
  const order = lives.map((_, i) => i).sort((a, b) => lives[a]!.from - lives[b]!.from || a - b);
  const offsets = new Array<number>(lives.length);
  let alive: Block[] = [];
  let bytes = 0;
  for (const i of order) {
    const life = lives[i]!;
    alive = alive.filter((block) => block.to >= life.from);
    const size = aligned(life.bytes);
    const at = firstFit(alive, size);
    offsets[i] = at;
    bytes = Math.max(bytes, at + size);
    const block = { at, end: at + size, to: life.to };
    const place = alive.findIndex((other) => other.at > at);
    alive.splice(place < 0 ? alive.length : place, 0, block);
  }
  return { offsets, bytes };
}
