import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { emptyDigit, SIDE, stroke } from "../digit.ts";

type Props = { readonly pixels: Uint8Array; readonly onChange: (pixels: Uint8Array) => void };

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** Draws a digit with a pointer, or with the arrow keys while the pen is down (space). */
export function DigitPad({ pixels, onChange }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<{ x: number; y: number } | undefined>(undefined);
  const [pen, setPen] = useState({ x: 14, y: 6, down: false, shown: false });
  /** what each stroke began with, and what was cleared */
  const [past, setPast] = useState<readonly Uint8Array[]>([]);
  useEffect(() => {
    paint(canvas.current!, pixels, pen.shown ? pen : undefined);
  }, [pixels, pen]);

  const at = ({ clientX, clientY }: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    return { x: ((clientX - box.left) / box.width) * SIDE, y: ((clientY - box.top) / box.height) * SIDE };
  };
  const draw = (from: { x: number; y: number }, to: { x: number; y: number }) => {
    const next = pixels.slice();
    stroke(next, from, to);
    onChange(next);
  };
  const begin = () => setPast([...past, pixels]);
  const start = (event: PointerEvent<HTMLCanvasElement>) => {
    begin();
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = at(event);
    draw(last.current, last.current);
  };
  const move = (event: PointerEvent) => {
    if (!last.current) return;
    const to = at(event);
    draw(last.current, to);
    last.current = to;
  };
  const end = () => {
    last.current = undefined;
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === " ") {
      event.preventDefault();
      if (!pen.down) {
        begin();
        draw(pen, pen);
      }
      setPen({ ...pen, down: !pen.down, shown: true });
    }
    const step = MOVES[event.key];
    if (!step) return;
    event.preventDefault();
    const to = { x: clamp(pen.x + step[0]), y: clamp(pen.y + step[1]) };
    if (pen.down) draw(pen, to);
    setPen({ ...pen, ...to, shown: true });
  };
  const undo = () => {
    onChange(past.at(-1)!);
    setPast(past.slice(0, -1));
  };
  const clear = () => {
    begin();
    onChange(emptyDigit());
  };
  const drawn = pixels.some((grey) => grey > 0);
  return (
    <div className="pad">
      <canvas
        ref={canvas}
        width={SIDE}
        height={SIDE}
        tabIndex={0}
        role="img"
        aria-label="Drawing area for one digit. Space puts the pen down or up, arrow keys move it."
        onPointerDown={start}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
        onKeyDown={press}
        onBlur={() => setPen({ ...pen, down: false, shown: false })}
      />
      <p className="hint">Draw one digit: with a pointer, or with the arrow keys while the pen is down (space).</p>
      <div className="pair">
        <button type="button" className="quiet" disabled={!past.length} onClick={undo}>
          Undo
        </button>
        <button type="button" className="quiet" disabled={!drawn} onClick={clear}>
          Clear
        </button>
      </div>
    </div>
  );
}

const clamp = (value: number): number => Math.min(SIDE - 3, Math.max(3, value));

function paint(canvas: HTMLCanvasElement, pixels: Uint8Array, pen?: { x: number; y: number; down: boolean }): void {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(SIDE, SIDE);
  for (const [i, grey] of pixels.entries()) image.data.set([grey, grey, grey, 255], 4 * i);
  context.putImageData(image, 0, 0);
  if (!pen) return;
  context.fillStyle = pen.down ? "#5fd3a5" : "#e0a94b";
  context.fillRect(Math.floor(pen.x), Math.floor(pen.y), 1, 1);
}

/** A digit that was drawn, as a picture. */
export function DigitImage({ pixels, label }: { pixels: Uint8Array; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => paint(canvas.current!, pixels), [pixels]);
  return <canvas ref={canvas} width={SIDE} height={SIDE} className="digit" role="img" aria-label={label} />;
}
