/**
 * The map of a directory. The canvas is the picture; what lies directly in the directory has a
 * button on top of it, for the keyboard and for screen readers. The mouse goes by the picture.
 */
import { formatBytes } from '../../../progress/format.js';
import { countOf, spoken } from './describe.js';
import { fill, make } from './dom.js';
import { boxAt, nest, type Box } from './nest.js';
import { paint } from './paint.js';
import { paletteFor } from './palette.js';
import type { Session } from './session.js';
import type { Spotlight } from './spotlight.js';
import type { Rect } from './squarify.js';
import type { Theme } from './theme.js';
import type { Tooltip } from './tooltip.js';
import { visible } from './visible.js';

/** Buttons are for what can be seen; the list has the rest. */
const MOST_BUTTONS = 250;
const SMALLEST_BUTTON = 7;

export class MapView {
  readonly element: HTMLElement;
  private readonly canvas = make('canvas', { 'aria-hidden': 'true' });
  private readonly halo = make('div', { class: 'halo', hidden: true, 'aria-hidden': 'true' });
  private readonly cells = make('div', { class: 'cells' });
  private readonly note = make('p', { class: 'note', hidden: true });
  private boxes: readonly Box[] = [];
  /** Those that have a button, in the order of their buttons. */
  private stops: readonly Box[] = [];
  private light: Spotlight | undefined;

  constructor(
    private readonly session: Session,
    private readonly theme: Theme,
    private readonly tooltip: Tooltip,
  ) {
    this.element = make(
      'div',
      { class: 'map', role: 'group' },
      this.canvas,
      this.cells,
      this.halo,
      this.note,
    );
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.element);
    theme.watch(() => this.draw());
    session.watch((view, before) => {
      const isElsewhere = view.folder !== before.folder || view.side !== before.side;
      const hadFocus = this.element.contains(document.activeElement);
      const from = isElsewhere && view.side === before.side ? this.boxOf(view.folder) : undefined;
      const isRepainted =
        isElsewhere || view.colour !== before.colour || this.light !== session.light;
      this.light = session.light;
      if (isRepainted) this.draw();
      this.mark();
      if (!isElsewhere) return;
      this.tooltip.hide();
      this.halo.hidden = true;
      if (from !== undefined) this.zoom(from);
      if (hadFocus) this.focusOn(view.entry ?? this.stops[0]?.at);
    });
  }

  /** Moves the keyboard to an entry of the directory, or to the map itself when it has no button. */
  focusOn(at: number | undefined): void {
    const index = Math.max(
      this.stops.findIndex((box) => box.at === at),
      0,
    );
    const control = this.cells.children[index] as HTMLElement | undefined;
    this.rove(index);
    if (control === undefined) {
      this.element.tabIndex = -1;
      this.element.focus();
      return;
    }
    control.focus();
    // A button that had the focus already tells nobody that it stands for something else now.
    this.describe(this.stops[index]);
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    const { session } = this;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const context = this.canvas.getContext('2d');
    if (context === null) return;
    context.scale(ratio, ratio);
    this.boxes = nest(session.tree, session.view.folder, { x: 0, y: 0, width, height });
    paint(context, session, this.boxes, paletteFor(this.theme.isDark));
    this.place();
  }

  /** The buttons; the same ones are kept where they can be, so that the focus stays. */
  private place(): void {
    const { tree, view } = this.session;
    const total = tree.totals[view.folder] as number;
    const path = visible(tree.pathOf(view.folder));
    this.element.setAttribute(
      'aria-label',
      `Map of ${path}. Arrow keys move, Enter opens, Backspace goes up.`,
    );
    this.stops = this.boxes
      .filter(
        ({ depth, width, height }) => depth === 0 && Math.min(width, height) >= SMALLEST_BUTTON,
      )
      .slice(0, MOST_BUTTONS);
    while (this.cells.children.length > this.stops.length) this.cells.lastElementChild?.remove();
    this.stops.forEach((box, index) => {
      const cell =
        (this.cells.children[index] as HTMLElement | undefined) ??
        this.cells.appendChild(make('button', { type: 'button', class: 'cell' }));
      cell.setAttribute('aria-label', spoken(tree, box.at, total));
      cell.dataset['entry'] = String(box.at);
      position(cell, box);
    });
    if (!this.cells.querySelector('[tabindex="0"]')) this.rove(0);
    this.note.hidden = total > 0;
    const children = tree.childrenOf(view.folder).length;
    fill(
      this.note,
      children === 0
        ? 'This directory is empty.'
        : `${countOf(children, 'entry', 'entries')}, ${formatBytes(0)}: the list shows them.`,
    );
  }

  /** One stop of the tab key. */
  private rove(index: number): void {
    [...this.cells.children].forEach((cell, at) => {
      (cell as HTMLElement).tabIndex = at === index ? 0 : -1;
    });
  }

  private mark(): void {
    const { entry } = this.session.view;
    for (const cell of this.cells.children) {
      const isIt = (cell as HTMLElement).dataset['entry'] === String(entry);
      if (isIt) cell.setAttribute('aria-current', 'true');
      else cell.removeAttribute('aria-current');
    }
  }

  private boxOf(at: number): Box | undefined {
    return this.boxes.find((box) => box.at === at);
  }

  private listen(): void {
    const hit = (event: MouseEvent): Box | undefined => {
      const { left, top } = this.element.getBoundingClientRect();
      return boxAt(this.boxes, event.clientX - left, event.clientY - top);
    };
    this.element.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'touch') this.hover(hit(event), event);
    });
    this.element.addEventListener('pointerleave', () => this.hover(undefined));
    this.element.addEventListener('click', (event) => {
      // A button that is pressed with a key has no place of its own.
      const isKey = event.detail === 0;
      const box = isKey ? this.stopOf(event.target as Element) : hit(event);
      if (box !== undefined) this.choose(box);
    });
    this.element.addEventListener('focusin', (event) => {
      const box = this.stopOf(event.target as Element);
      if (box === undefined) return;
      this.rove(this.stops.indexOf(box));
      this.describe(box);
    });
    this.element.addEventListener('keydown', (event) => {
      if (this.key(event)) event.preventDefault();
    });
  }

  private describe(box: Box | undefined): void {
    if (box !== undefined && this.session.view.entry !== box.at) {
      this.session.change({ entry: box.at });
    }
  }

  private stopOf(target: Element): Box | undefined {
    const at = Number(target.closest<HTMLElement>('.cell')?.dataset['entry'] ?? NaN);
    return this.stops.find((box) => box.at === at);
  }

  /** Into the directory on the way to what was hit: one step, so that nobody gets lost. */
  private choose(box: Box): void {
    const { tree, view } = this.session;
    const line = tree.lineOf(box.at);
    const child = line[line.indexOf(view.folder) + 1] as number;
    if (tree.isFolder(child)) this.session.open(child);
    else this.session.change({ entry: child });
  }

  private hover(box: Box | undefined, event?: MouseEvent): void {
    this.halo.hidden = box === undefined;
    if (box === undefined || event === undefined) {
      this.tooltip.hide();
      return;
    }
    position(this.halo, box);
    this.tooltip.show(box.at, event.clientX, event.clientY);
  }

  private key(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === 'Backspace' || event.key === 'Escape') return this.session.up();
    const box = this.stopOf(event.target as Element);
    if (box === undefined) return false;
    const to =
      event.key === 'Home'
        ? this.stops[0]
        : event.key === 'End'
          ? this.stops.at(-1)
          : neighbour(this.stops, box, event.key);
    if (to !== undefined) this.focusOn(to.at);
    return to !== undefined || event.key.startsWith('Arrow');
  }

  /** What was clicked grows to the size of the map. */
  private zoom(from: Rect): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    // The list is shown in its place.
    if (width === 0 || height === 0) return;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const small = `translate(${from.x}px, ${from.y}px) scale(${from.width / width}, ${from.height / height})`;
    this.canvas.animate(
      [
        { transform: small, opacity: 0.4 },
        { transform: 'none', opacity: 1 },
      ],
      { duration: 220, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' },
    );
  }
}

function position(element: HTMLElement, { x, y, width, height }: Rect): void {
  element.style.setProperty('left', `${x}px`);
  element.style.setProperty('top', `${y}px`);
  element.style.setProperty('width', `${Math.max(width - 1, 1)}px`);
  element.style.setProperty('height', `${Math.max(height - 1, 1)}px`);
}

/** The nearest whose middle lies that way; what is straight ahead counts for more. */
function neighbour(stops: readonly Box[], from: Box, key: string): Box | undefined {
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
