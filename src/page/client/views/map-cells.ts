/**
 * The map for the keyboard and for screen readers: a button on top of each rectangle that lies
 * directly in the directory. One stop of the tab key; arrows lead from one to the next.
 */
import { spoken } from '../elements/format.js';
import { make } from '../elements/dom.js';
import type { Box, Rect } from '../model/treemap.js';
import type { Session } from '../model/session.js';

/** Buttons are for what can be seen; the list has the rest. */
const MOST_BUTTONS = 250;
const SMALLEST_BUTTON = 7;

export class Cells {
  readonly element = make('div', { class: 'cells' });
  /** What the buttons stand for, in their order. */
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

  /** Other rectangles; buttons are kept where they can be, so that the focus stays. */
  show(boxes: readonly Box[]): void {
    const { tree, view } = this.session;
    const total = tree.totals[view.folder] as number;
    const isStop = ({ depth, width, height }: Box): boolean =>
      depth === 0 && Math.min(width, height) >= SMALLEST_BUTTON;
    this.boxes = boxes.filter(isStop).slice(0, MOST_BUTTONS);
    while (this.element.children.length > this.boxes.length)
      this.element.lastElementChild?.remove();
    this.boxes.forEach((box, index) => {
      const cell =
        (this.element.children[index] as HTMLElement | undefined) ??
        this.element.appendChild(make('button', { type: 'button', class: 'cell' }));
      cell.setAttribute('aria-label', spoken(tree, box.at, total));
      cell.dataset['entry'] = String(box.at);
      position(cell, box);
    });
    if (!this.element.querySelector('[tabindex="0"]')) this.rove(0);
    this.mark();
  }

  /** Moves the keyboard to an entry's button, or to the first. False where there are none. */
  focus(at: number | undefined): boolean {
    const index = Math.max(
      this.boxes.findIndex((box) => box.at === at),
      0,
    );
    const control = this.element.children[index] as HTMLElement | undefined;
    this.rove(index);
    control?.focus();
    // A button that had the focus already tells nobody that it stands for something else now.
    this.describe(this.boxes[index]);
    return control !== undefined;
  }

  /** The rectangle of a button. */
  boxOf(target: Element): Box | undefined {
    const at = Number(target.closest<HTMLElement>('.cell')?.dataset['entry'] ?? NaN);
    return this.boxes.find((box) => box.at === at);
  }

  /** Whether the key was for a button. */
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

  /** One stop of the tab key. */
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

/** A pixel is left free to the next. */
export function position(element: HTMLElement, { x, y, width, height }: Rect): void {
  element.style.setProperty('left', `${x}px`);
  element.style.setProperty('top', `${y}px`);
  element.style.setProperty('width', `${Math.max(width - 1, 1)}px`);
  element.style.setProperty('height', `${Math.max(height - 1, 1)}px`);
}

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
