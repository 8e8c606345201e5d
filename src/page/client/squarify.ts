/**
 * Squarified treemaps (Bruls, Huizing, van Wijk, 2000): rectangles side by side that cover an area,
 * each in proportion to its weight and as near to a square as a row allows.
 */

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * One rectangle for each weight, in their order.
 * @param weights the largest first, none negative; one of 0 gets a rectangle without area
 */
export function squarify(weights: readonly number[], area: Rect): Rect[] {
  const rects: Rect[] = [];
  let left = weights.reduce((sum, weight) => sum + weight, 0);
  let free = area;
  for (let first = 0; first < weights.length;) {
    if (!(left > 0) || !(free.width > 0) || !(free.height > 0)) {
      rects.push({ x: free.x, y: free.y, width: 0, height: 0 });
      first++;
      continue;
    }
    const scale = (free.width * free.height) / left;
    const side = Math.min(free.width, free.height);
    const row = takeRow(weights, first, scale, side);
    // What is left at the end is the row: no sliver stays because of rounding.
    const isLast = row.end === weights.length || row.sum >= left;
    const across = free.width >= free.height;
    const depth = isLast ? (across ? free.width : free.height) : (row.sum * scale) / side;
    let along = across ? free.y : free.x;
    for (let at = first; at < row.end; at++) {
      const length = ((weights[at] as number) / row.sum) * side;
      rects.push(
        across
          ? { x: free.x, y: along, width: depth, height: length }
          : { x: along, y: free.y, width: length, height: depth },
      );
      along += length;
    }
    free = across
      ? { ...free, x: free.x + depth, width: free.width - depth }
      : { ...free, y: free.y + depth, height: free.height - depth };
    left -= row.sum;
    first = row.end;
  }
  return rects;
}

/** As many weights as make the row's worst rectangle better, not worse. */
function takeRow(
  weights: readonly number[],
  first: number,
  scale: number,
  side: number,
): { readonly end: number; readonly sum: number } {
  const largest = (weights[first] as number) * scale;
  let sum = weights[first] as number;
  let worst = worstRatio(largest, largest, sum * scale, side);
  let end = first + 1;
  for (; end < weights.length; end++) {
    const weight = weights[end] as number;
    const next = worstRatio(largest, weight * scale, (sum + weight) * scale, side);
    if (next > worst) break;
    worst = next;
    sum += weight;
  }
  return { end, sum };
}

function worstRatio(largest: number, smallest: number, sum: number, side: number): number {
  const square = side * side;
  return Math.max((square * largest) / (sum * sum), (sum * sum) / (square * smallest));
}
