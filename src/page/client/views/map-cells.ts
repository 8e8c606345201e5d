/**
 * The map for the keyboard and for screen readers: a button on top of each entry of the directory. They are one
 * stop of the tab key; arrows move between them.
 */
import { make, placeAt } from '../elements/dom.js';
import { spoken } from '../elements/format.js';
import type { Session } from '../model/session.js';
import type { Box, Rect } from '../model/treemap.js';

/** The largest entries have buttons; the list shows all. */
const MAX_BUTTONS = 250;
/** Pixels. */
const SMALLEST_BUTTON = 7;

export class Cells {
  readonly element = make('div.cells');
  /** The rectangle of each button. */
  private boxes: readonly Box[] = [];

  constructor(private readonly session: Session) {
    this.element.addEventListener('focusin', (event) => {
      const box = this.boxOf(event.target as Element);
      if (box === undefined) return;
      this.rove(this.boxes.indexOf(box));
      this.describe(box);
    });
    session.watch(() => this.mark());
  }

  /** Replaces the rectangles; reuses buttons, so that the focus stays. */
  show(boxes: readonly Box[]): void {
    const { tree, view } = this.session;
    const total = tree.totals[view.folder] as number;
    const isStop = ({ depth, width, height }: Box): boolean =>
      depth === 0 && Math.min(width, height) >= SMALLEST_BUTTON;
    this.boxes = boxes.filter(isStop).slice(0, MAX_BUTTONS);
    while (this.element.children.length > this.boxes.length)
      this.element.lastElementChild?.remove();
    this.boxes.forEach((box, index) => {
      const cell =
        (this.element.children[index] as HTMLElement | undefined) ??
        this.element.appendChild(make('button.cell', { type: 'button' }));
      cell.setAttribute('aria-label', spoken(tree, box.at, total));
      cell.dataset['entry'] = String(box.at);
      placeAt(cell, box);
    });
    if (!this.element.querySelector('[tabindex="0"]')) this.rove(0);
    this.mark();
  }

  /** Focuses the button of an entry, or the first one; false if there are none. */
  focus(at: number | undefined): boolean {
    const found = this.boxes.findIndex((box) => box.at === at);
    const index = Math.max(found, 0);
    const control = this.element.children[index] as HTMLElement | undefined;
    this.rove(index);
    control?.focus();
    // A button that already has the focus sends no event.
    this.describe(this.boxes[index]);
    return control !== undefined;
  }

  /** The rectangle of a button. */
  boxOf(target: Element): Box | undefined {
    const at = Number(target.closest<HTMLElement>('.cell')?.dataset['entry'] ?? NaN);
    return this.boxes.find((box) => box.at === at);
  }

  /** Handles a key; false if it has no meaning here. */
  key(key: string, target: Element): boolean {
    const box = this.boxOf(target);
    if (box === undefined) return false;
    const ends: Readonly<Record<string, number>> = { Home: 0, End: -1 };
    const end = ends[key];
    const to = end === undefined ? neighbour(this.boxes, box, key) : this.boxes.at(end);
    if (to !== undefined) this.focus(to.at);
    return to !== undefined || key.startsWith('Arrow');
  }

  /** Makes one button the stop of the tab key. */
  private rove(index: number): void {
    [...this.element.children].forEach((cell, at) => {
      (cell as HTMLElement).tabIndex = at === index ? 0 : -1;
    });
  }

  private describe(box: Box | undefined): void {
    if (box !== undefined && this.session.view.entry !== box.at) {
      this.session.change({ entry: box.at });
    }
  }

  private mark(): void {
    const { entry } = this.session.view;
    [...this.element.children].forEach((cell, index) => {
      cell.ariaCurrent = this.boxes[index]?.at === entry ? 'true' : null;
    });
  }
}

const DIRECTIONS: Readonly<Record<string, readonly [axis: 'x' | 'y', sign: 1 | -1]>> = {
  ArrowLeft: ['x', -1],
  ArrowRight: ['x', 1],
  ArrowUp: ['y', -1],
  ArrowDown: ['y', 1],
};

/** The nearest rectangle in the direction of an arrow key; one straight ahead is preferred. */
function neighbour(stops: readonly Box[], from: Box, key: string): Box | undefined {
  const [axis, sign] = DIRECTIONS[key] ?? [];
  if (axis === undefined) return undefined;
  let best: Box | undefined;
  let least = Infinity;
  for (const box of stops) {
    const [near, far] = sign === 1 ? [from, box] : [box, from];
    const ahead = far[axis] - endOf(near, axis);
    if (box === from || ahead < -1) continue;
    const distance = Math.max(ahead, 0) + gap(from, box, axis === 'x' ? 'y' : 'x') * 3;
    if (distance < least) [best, least] = [box, distance];
  }
  return best;
}

/** The distance of two rectangles along an axis; near 0 if they overlap, the less the nearer they start. */
function gap(one: Rect, other: Rect, axis: 'x' | 'y'): number {
  const apart = Math.max(other[axis] - endOf(one, axis), one[axis] - endOf(other, axis));
  return apart > -1 ? apart + 1 : Math.abs(other[axis] - one[axis]) * 1e-3;
}

function endOf(rect: Rect, axis: 'x' | 'y'): number {
  return rect[axis] + (axis === 'x' ? rect.width : rect.height);
}
