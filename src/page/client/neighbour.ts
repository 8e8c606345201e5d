/** Which rectangle an arrow key leads to. */
import type { Rect } from './squarify.js';

/** The nearest whose middle lies that way; what is straight ahead counts for more. */
export function neighbour<Box extends Rect>(
  stops: readonly Box[],
  from: Box,
  key: string,
): Box | undefined {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (way === undefined) return undefined;
  const [dx, dy] = way as [number, number];
  let best: Box | undefined;
  let least = Infinity;
  for (const box of stops) {
    // From edge to edge ahead, from middle to middle across.
    const ahead =
      dx > 0
        ? box.x - (from.x + from.width)
        : dx < 0
          ? from.x - (box.x + box.width)
          : dy > 0
            ? box.y - (from.y + from.height)
            : from.y - (box.y + box.height);
    if (box === from || ahead < -1) continue;
    const across =
      dx !== 0
        ? gap(from.y, from.height, box.y, box.height)
        : gap(from.x, from.width, box.x, box.width);
    const distance = Math.max(ahead, 0) + across * 3;
    if (distance < least) [best, least] = [box, distance];
  }
  return best;
}

/** How far one stretch is from the other; next to nothing when they overlap, less the nearer they start. */
function gap(start: number, length: number, otherStart: number, otherLength: number): number {
  const apart = Math.max(otherStart - (start + length), start - (otherStart + otherLength));
  return apart > -1 ? apart + 1 : Math.abs(otherStart - start) * 1e-3;
}
