import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileTree } from '../../../src/page/client/model/file-tree.js';
import {
  type Box,
  boxAt,
  nest,
  type Rect,
  squarify,
} from '../../../src/page/client/model/treemap.js';
import { encodeSide } from '../../../src/page/encode.js';
import { builderImage } from '../../support/inspect/example-inspections.js';
import { makeInspection } from '../../support/inspect/inspection.js';

const AREA = { x: 10, y: 20, width: 640, height: 480 };
const TINY = 1e-6;

const weights = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 ** 40 })), {
    maxLength: 80,
  })
  .map((list) => list.sort((a, b) => b - a));
const areas = fc.record({
  x: fc.integer({ min: 0, max: 50 }),
  y: fc.integer({ min: 0, max: 50 }),
  width: fc.integer({ min: 1, max: 2000 }),
  height: fc.integer({ min: 1, max: 2000 }),
});

function areaOf({ width, height }: Rect): number {
  return width * height;
}

function overlap(a: Rect, b: Rect): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

function isInside(inner: Rect, outer: Rect): boolean {
  return (
    inner.x >= outer.x - TINY &&
    inner.y >= outer.y - TINY &&
    inner.x + inner.width <= outer.x + outer.width + TINY &&
    inner.y + inner.height <= outer.y + outer.height + TINY
  );
}

describe('a squarified map', () => {
  it('has a rectangle for each weight, in proportion to it, inside the area', () => {
    fc.assert(
      fc.property(weights, areas, (list, area) => {
        const rects = squarify(list, area);
        const sum = list.reduce((total, weight) => total + weight, 0);
        expect(rects).toHaveLength(list.length);
        rects.forEach((rect, index) => {
          expect(isInside(rect, area)).toBe(true);
          if (sum === 0) return;
          const wanted = ((list[index] as number) / sum) * areaOf(area);
          expect(Math.abs(areaOf(rect) - wanted)).toBeLessThan(1e-6 * areaOf(area));
        });
      }),
    );
  });

  it('has none that overlap', () => {
    fc.assert(
      fc.property(weights, areas, (list, area) => {
        const rects = squarify(list, area);
        for (const [index, rect] of rects.entries()) {
          for (const other of rects.slice(index + 1)) {
            expect(overlap(rect, other)).toBeLessThan(1e-6 * areaOf(area));
          }
        }
      }),
    );
  });

  it('covers the area', () => {
    fc.assert(
      fc.property(weights, areas, (list, area) => {
        fc.pre(list.some((weight) => weight > 0));
        const covered = squarify(list, area).reduce((sum, rect) => sum + areaOf(rect), 0);
        expect(Math.abs(covered - areaOf(area))).toBeLessThan(1e-6 * areaOf(area));
      }),
    );
  });

  it('makes the example of the paper nearly square', () => {
    const rects = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
    expect(rects[0]).toEqual({ x: 0, y: 0, width: 3, height: 2 });
    expect(rects[1]).toEqual({ x: 0, y: 2, width: 3, height: 2 });
    const worst = Math.max(
      ...rects.map(({ width, height }) => Math.max(width / height, height / width)),
    );
    expect(worst).toBeLessThan(2.8);
  });
});

describe('a map of directories', () => {
  const tree = new FileTree(encodeSide(builderImage()).entries);
  const boxes = nest(tree, 0, AREA);

  it('puts the contents of a directory inside its rectangle', () => {
    const byEntry = new Map(boxes.map((box) => [box.at, box]));
    for (const box of boxes) {
      const outer = tree
        .lineOf(box.at)
        .slice(0, -1)
        .findLast((at) => byEntry.has(at));
      expect(isInside(box, outer === undefined ? AREA : (byEntry.get(outer) as Box))).toBe(true);
    }
  });

  it('finds the innermost box at a point, and none outside', () => {
    for (const box of boxes.filter(({ isLeaf, width, height }) => isLeaf && width * height > 4)) {
      expect(boxAt(boxes, box.x + box.width / 2, box.y + box.height / 2)).toBe(box);
    }
    expect(boxAt(boxes, 0, 0)).toBeUndefined();
  });

  it('has one frame for a chain of directories', () => {
    const chain = new FileTree(
      encodeSide(
        makeInspection([
          { path: 'a/b/c/one', size: 10 },
          { path: 'a/b/c/two', size: 10 },
          { path: 'a/empty', kind: 'directory' },
        ]),
      ).entries,
    );
    const [frame, ...files] = nest(chain, 0, AREA);
    expect(frame).toMatchObject({ at: chain.find('/a'), inner: chain.find('/a/b/c') });
    expect(files.map(({ at, depth }) => [chain.pathOf(at), depth])).toEqual([
      ['/a/b/c/one', 1],
      ['/a/b/c/two', 1],
    ]);
  });

  it('is empty for a directory without bytes', () => {
    const empty = new FileTree(encodeSide(makeInspection([{ path: 'empty' }])).entries);
    expect(nest(empty, 0, AREA)).toEqual([]);
  });
});
