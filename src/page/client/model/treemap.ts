/**
 * Squarified treemaps (Bruls, Huizing, van Wijk, 2000): rectangles side by side that cover an area,
 * each in proportion to its weight and as near to a square as a row allows.
 */
import { type HierarchyRectangularNode, treemapSquarify } from 'd3-hierarchy';
import type { FileTree } from './file-tree.js';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const tile = treemapSquarify.ratio(1);

/**
 * One rectangle for each weight, in their order.
 * @param weights the largest first, none negative; one of 0 gets a rectangle without area
 */
export function squarify(weights: readonly number[], { x, y, width, height }: Rect): Rect[] {
  const value = weights.reduce((sum, weight) => sum + weight, 0);
  const children = weights.map((weight) => ({ value: weight, x0: x, y0: y, x1: x, y1: y }));
  // The layout uses these properties of its nodes only.
  const node = { value, children } as unknown as HierarchyRectangularNode<unknown>;
  tile(node, x, y, x + width, y + height);
  return children.map(({ x0, y0, x1, y1 }) => ({ x: x0, y: y0, width: x1 - x0, height: y1 - y0 }));
}

/** A rectangle of the map; the rectangles of a directory's contents lie inside its own. */
export interface Box extends Rect {
  readonly at: number;
  /** 0 for the contents of the directory that is shown. */
  readonly depth: number;
  /** A file, or a directory too small to show its contents. */
  readonly isLeaf: boolean;
  /** Height of the line with the name, in pixels; 0 if there is no space for one. */
  readonly title: number;
  /** The directory whose contents are shown: the last of a chain of directories with one entry each. */
  readonly inner: number;
}

const TITLE = 19;
const PADDING = 3;
/** Smaller directories, in pixels, don't show their contents. */
const SMALLEST_FRAME = 14;
/** Smaller rectangles, in square pixels, are left out. */
const SMALLEST_AREA = 0.4;

/** The map of a directory in painting order: each rectangle precedes those inside it. */
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

/** The innermost rectangle at a point. */
export function boxAt(boxes: readonly Box[], x: number, y: number): Box | undefined {
  return boxes.findLast(
    (box) => x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height,
  );
}
