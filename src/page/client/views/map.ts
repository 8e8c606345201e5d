/** The map of a directory: a canvas for the pointer, and buttons for the keyboard. */
import { formatBytes } from '../../../text/format.js';
import { fill, make, placeAt } from '../elements/dom.js';
import { countOf, visible } from '../elements/format.js';
import type { Session } from '../model/session.js';
import { type Box, boxAt, nest, type Rect } from '../model/treemap.js';
import type { Tooltip } from './details.js';
import { paint } from './map-canvas.js';
import { Cells } from './map-cells.js';

export class MapView {
  readonly element: HTMLElement;
  private readonly canvas = make('canvas', { 'aria-hidden': 'true' });
  private readonly halo = make('div.halo', { hidden: true, 'aria-hidden': 'true' });
  private readonly note = make('p.note', { hidden: true });
  private readonly cells: Cells;
  private boxes: readonly Box[] = [];

  constructor(
    private readonly session: Session,
    private readonly tooltip: Tooltip,
  ) {
    this.cells = new Cells(session);
    const parts = [this.canvas, this.cells.element, this.halo, this.note];
    this.element = make('div.map', { role: 'group' }, ...parts);
    this.listen();
    this.watch();
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  private watch(): void {
    const { session } = this;
    let light = session.light;
    session.watch((view, before) => {
      const isMoved = view.folder !== before.folder || view.side !== before.side;
      const isRecoloured = view.colour !== before.colour || view.isDark !== before.isDark;
      if (!isMoved && !isRecoloured && light === session.light) return;
      light = session.light;
      const hadFocus = this.element.contains(document.activeElement);
      const from = this.boxes.find(({ at }) => at === view.folder);
      this.draw();
      if (!isMoved) return;
      this.hover(undefined);
      if (from !== undefined && view.side === before.side) this.zoom(from);
      if (hadFocus && !this.cells.focus(view.entry)) {
        this.element.tabIndex = -1;
        this.element.focus();
      }
    });
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width === 0 || height === 0) return;
    const { session, canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.scale(ratio, ratio);
    this.boxes = nest(session.tree, session.view.folder, { x: 0, y: 0, width, height });
    paint(context, session, this.boxes);
    this.cells.show(this.boxes);
    this.describe();
  }

  private describe(): void {
    const { tree, view } = this.session;
    const keys = 'Arrow keys move, Enter opens, Backspace goes up.';
    this.element.setAttribute('aria-label', `Map of ${visible(tree.pathOf(view.folder))}. ${keys}`);
    this.note.hidden = (tree.totals[view.folder] as number) > 0;
    const children = tree.childrenOf(view.folder).length;
    const sum = `${countOf(children, 'entry', 'entries')}, ${formatBytes(0)}: the list shows them.`;
    fill(this.note, children === 0 ? 'This directory is empty.' : sum);
  }

  private listen(): void {
    const { element, cells } = this;
    const hit = (event: MouseEvent): Box | undefined => {
      const { left, top } = element.getBoundingClientRect();
      return boxAt(this.boxes, event.clientX - left, event.clientY - top);
    };
    element.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'touch') this.hover(hit(event), event);
    });
    element.addEventListener('pointerleave', () => this.hover(undefined));
    element.addEventListener('click', (event) => {
      // The click of a key has no position.
      const isKey = event.detail === 0;
      const box = isKey ? cells.boxOf(event.target as Element) : hit(event);
      if (box !== undefined) this.choose(box);
    });
    element.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const isUp = event.key === 'Backspace' || event.key === 'Escape';
      const isDone = isUp ? this.session.up() : cells.key(event.key, event.target as Element);
      if (isDone) event.preventDefault();
    });
  }

  /** Goes one directory towards the rectangle, even if that is deeper. */
  private choose(box: Box): void {
    const line = this.session.tree.lineOf(box.at);
    this.session.jump(line[line.indexOf(this.session.view.folder) + 1] as number);
  }

  private hover(box: Box | undefined, event?: MouseEvent): void {
    this.halo.hidden = box === undefined;
    if (box === undefined || event === undefined) {
      this.tooltip.hide();
      return;
    }
    placeAt(this.halo, box);
    this.tooltip.show(box.at, event.clientX, event.clientY);
  }

  /** Animates a rectangle that grows to the size of the map. */
  private zoom(from: Rect): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    // The map is hidden while the list is shown.
    if (width === 0 || height === 0) return;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const scale = `scale(${from.width / width}, ${from.height / height})`;
    this.canvas.animate(
      [
        { transform: `translate(${from.x}px, ${from.y}px) ${scale}`, opacity: 0.4 },
        { transform: 'none', opacity: 1 },
      ],
      { duration: 220, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' },
    );
  }
}
