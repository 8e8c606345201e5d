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
    const index = Math.max(
      this.boxes.findIndex((box) => box.at === at),
      0,
    );
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
    const ends: Readonly<Record<string, Box | undefined>> = {
      Home: this.boxes[0],
      End: this.boxes.at(-1),
    };
    const to = ends[key] ?? neighbour(this.boxes, box, key);
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
    for (const cell of this.element.children) {
      const isIt = (cell as HTMLElement).dataset['entry'] === String(entry);
      if (isIt) cell.setAttribute('aria-current', 'true');
      else cell.removeAttribute('aria-current');
    }
  }
}

/** The nearest rectangle in the direction of an arrow key; what is straight ahead is preferred. */
function neighbour<Box extends Rect>(
  stops: readonly Box[],
  from: Box,
  key: string,
): Box | undefined {
  if (!/^Arrow(Left|Right|Up|Down)$/.test(key)) return undefined;
  const isSideways = key === 'ArrowLeft' || key === 'ArrowRight';
  let best: Box | undefined;
  let least = Infinity;
  for (const box of stops) {
    const ahead = {
      ArrowLeft: from.x - (box.x + box.width),
      ArrowRight: box.x - (from.x + from.width),
      ArrowUp: from.y - (box.y + box.height),
      ArrowDown: box.y - (from.y + from.height),
    }[key] as number;
    if (box === from || ahead < -1) continue;
    const across = isSideways
      ? gap(from.y, from.height, box.y, box.height)
      : gap(from.x, from.width, box.x, box.width);
    const distance = Math.max(ahead, 0) + across * 3;
    if (distance < least) [best, least] = [box, distance];
  }
  return best;
}

/** The distance of two intervals; near 0 if they overlap, the less the nearer they start. */
function gap(start: number, length: number, otherStart: number, otherLength: number): number {
  const apart = Math.max(otherStart - (start + length), start - (otherStart + otherLength));
  return apart > -1 ? apart + 1 : Math.abs(otherStart - start) * 1e-3;
}
