/**
 * A list of any length: only visible rows exist. It is one stop of the tab key; arrows, Home, End and the page
 * keys move inside, Enter chooses (ARIA Authoring Practices, listbox).
 */
import { make } from './dom.js';

export interface ListOptions<Item> {
  /** Unique in the page. */
  readonly id: string;
  readonly label: string;
  readonly rowHeight: number;
  /** Fills an empty row. */
  readonly render: (item: Item, row: HTMLElement) => void;
  readonly choose: (item: Item) => void;
  /** The text of an empty list. */
  readonly empty: string;
}

/** Rows kept above and below the visible ones, so that scrolling shows no gaps. */
const OVERSCAN = 6;

export class VirtualList<Item> {
  readonly element: HTMLElement;
  private readonly space = make('div.rows', { role: 'presentation' });
  private items: readonly Item[] = [];
  private activeIndex = -1;

  constructor(private readonly options: ListOptions<Item>) {
    this.element = make(
      'div.list',
      { id: options.id, role: 'listbox', tabindex: 0, 'aria-label': options.label },
      this.space,
    );
    this.element.addEventListener('scroll', () => this.paint(), { passive: true });
    this.element.addEventListener('keydown', (event) => {
      if (this.key(event.key)) event.preventDefault();
    });
    this.element.addEventListener('focus', () => {
      // Only the keyboard's focus activates a row: a repaint between mouse down and up loses the click.
      if (this.activeIndex < 0 && this.element.matches(':focus-visible')) this.activate(0);
    });
    this.space.addEventListener('click', (event) => {
      const row = (event.target as Element).closest('[role=option]');
      if (row !== null) this.chooseAt(Number(row.getAttribute('aria-posinset')) - 1);
    });
    new ResizeObserver(() => this.paint()).observe(this.element);
  }

  /** Replaces the items, and scrolls to the first or the active one. */
  show(items: readonly Item[], active = -1): void {
    this.items = items;
    this.activeIndex = active;
    this.element.scrollTop = 0;
    this.space.style.height = `${items.length * this.options.rowHeight}px`;
    this.element.dataset['empty'] = items.length === 0 ? this.options.empty : '';
    if (active >= 0) this.reveal(active);
    this.paint();
  }

  /** Handles a key; false if it has no meaning here. */
  key(key: string): boolean {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.options.rowHeight) - 1);
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const steps: Readonly<Record<string, number>> = { ...moves, Home: -Infinity, End: Infinity };
    const step = steps[key];
    if (step !== undefined) this.activate(this.activeIndex + step);
    else if (key === 'Enter' && this.activeIndex >= 0) this.chooseAt(this.activeIndex);
    else return false;
    return true;
  }

  /** The ID of the active row, for `aria-activedescendant` of a related input. */
  get active(): string | undefined {
    return this.activeIndex < 0 ? undefined : this.rowId(this.activeIndex);
  }

  private activate(index: number): void {
    if (this.items.length === 0) return;
    this.activeIndex = Math.min(Math.max(index, 0), this.items.length - 1);
    this.reveal(this.activeIndex);
    this.paint();
  }

  private reveal(index: number): void {
    const { rowHeight } = this.options;
    const { scrollTop, clientHeight } = this.element;
    const top = index * rowHeight;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight) {
      this.element.scrollTop = top + rowHeight - clientHeight;
    }
  }

  private chooseAt(index: number): void {
    const item = this.items[index];
    if (item === undefined) return;
    this.activeIndex = index;
    this.paint();
    this.options.choose(item);
  }

  private rowId(index: number): string {
    return `${this.options.id}-${index}`;
  }

  /** Renders the visible rows. */
  paint(): void {
    const { rowHeight, render } = this.options;
    const first = Math.max(0, Math.floor(this.element.scrollTop / rowHeight) - OVERSCAN);
    const last = Math.min(
      this.items.length,
      Math.ceil((this.element.scrollTop + this.element.clientHeight) / rowHeight) + OVERSCAN,
    );
    const rows: HTMLElement[] = [];
    for (let index = first; index < last; index++) {
      const row = make('div.row', {
        id: this.rowId(index),
        role: 'option',
        'aria-selected': String(index === this.activeIndex),
        'aria-posinset': index + 1,
        'aria-setsize': this.items.length,
      });
      row.style.top = `${index * rowHeight}px`;
      row.style.height = `${rowHeight}px`;
      render(this.items[index] as Item, row);
      rows.push(row);
    }
    this.space.replaceChildren(...rows);
    if (this.active === undefined) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', this.active);
  }
}
