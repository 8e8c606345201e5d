/**
 * Squarified treemaps (Bruls, Huizing, van Wijk, 2000): rectangles side by side that cover an area,
 * each in proportion to its weight and as near to a square as a row allows.
 */
import type { FileTree } from './file-tree.js';

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

export interface Box extends Rect {
  readonly at: number;
  /** 0 for what lies directly in the directory that is shown. */
  readonly depth: number;
  /** Whether it is painted as one: a file, or a directory too small to look into. */
  readonly isLeaf: boolean;
  /** Height of the line with its name; 0 where there is no room for one. */
  readonly title: number;
  /** The directory whose contents are inside: further down where each holds nothing but the next. */
  readonly inner: number;
}

const TITLE = 19;
const PADDING = 3;
/** Below this, in pixels, a directory is painted as one. */
const SMALLEST_FRAME = 14;
/** A rectangle without as many pixels is not painted. */
const SMALLEST_AREA = 0.4;

/** In the order in which they are painted: what is inside follows what it is in. */
export function nest(tree: FileTree, folder: number, area: Rect): Box[] {
  const boxes: Box[] = [];
  const open = [{ at: folder, area, depth: 0 }];
  for (let here = open.pop(); here !== undefined; here = open.pop()) {
    const { depth } = here;
    const children = tree.childrenOf(here.at);
    const rects = squarify(
      children.map((child) => tree.totals[child] as number),
      here.area,
    );
    for (let index = 0; index < children.length; index++) {
      const rect = rects[index] as Rect;
      // The largest come first: whatever follows is smaller still.
      if (rect.width * rect.height < SMALLEST_AREA) break;
      const at = children[index] as number;
      const { width, height } = rect;
      const isLeaf = !tree.isFolder(at) || Math.min(width, height) < SMALLEST_FRAME;
      const title = !isLeaf && width >= 64 && height >= 40 ? TITLE : 0;
      const inner = isLeaf ? at : innerOf(tree, at);
      boxes.push({ ...rect, at, depth, isLeaf, title, inner });
      if (!isLeaf) open.push({ at: inner, area: inside(rect, title), depth: depth + 1 });
    }
  }
  return boxes;
}

/** A frame around a frame around a frame tells nothing: a chain of directories has one. */
function innerOf(tree: FileTree, at: number): number {
  let here = at;
  for (;;) {
    const [only, next] = tree.childrenOf(here);
    const isAlone = next === undefined || tree.totals[next] === 0;
    if (only === undefined || !isAlone || !tree.isFolder(only)) return here;
    here = only;
  }
}

function inside({ x, y, width, height }: Rect, title: number): Rect {
  const top = title === 0 ? PADDING : title;
  return {
    x: x + PADDING,
    y: y + top,
    width: Math.max(0, width - 2 * PADDING),
    height: Math.max(0, height - top - PADDING),
  };
}

/** The innermost at a point. */
export function boxAt(boxes: readonly Box[], x: number, y: number): Box | undefined {
  return boxes.findLast(
    (box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height,
  );
}
