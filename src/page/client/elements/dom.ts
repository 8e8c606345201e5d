/** Elements, created without markup: names are never parsed, and the policy forbids inline styles. */
import { formatBytes } from '../../../text/format.js';
import { partsOf } from './format.js';

export type Child = Node | string | false | undefined;

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

type TagOf<Selector> = Selector extends `${infer Tag}.${string}` ? Tag : Selector;

/**
 * Creates an element from a tag and classes: `make('li.finding', { title }, …)`. An attribute that is `true` is set without
 * a value; `false` and undefined attributes and children are left out.
 */
export function make<Selector extends string>(
  selector: Selector,
  first?: Attributes | Child,
  ...children: readonly Child[]
): HTMLElementTagNameMap[TagOf<Selector> & keyof HTMLElementTagNameMap] {
  const [tag = '', ...classes] = selector.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  if (typeof first === 'object' && !(first instanceof Node)) {
    for (const [name, value] of Object.entries(first)) {
      if (value === undefined || value === false) continue;
      element.setAttribute(name, value === true ? '' : String(value));
    }
    fill(element, ...children);
  } else fill(element, first, ...children);
  return element as HTMLElementTagNameMap[TagOf<Selector> & keyof HTMLElementTagNameMap];
}

/** Replaces the children of an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== undefined && child !== false));
}

/** A name or a path of the inspection; escaped characters are marked. */
export function name(text: string, className = 'name'): HTMLElement {
  const parts = partsOf(text).map(({ text: part, escaped }) =>
    escaped ? make('span.escaped', part) : part,
  );
  return make('bdi', { class: className, dir: 'ltr' }, ...parts);
}

export function button(
  attributes: Attributes,
  click: () => void,
  ...children: readonly Child[]
): HTMLButtonElement {
  const element = make('button', { type: 'button', ...attributes }, ...children);
  element.addEventListener('click', click);
  return element;
}

/** An SVG path in a square of 16. */
export function icon(path: string, className = 'icon'): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const picture = document.createElementNS(namespace, 'svg');
  picture.setAttribute('viewBox', '0 0 16 16');
  picture.setAttribute('class', className);
  picture.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(namespace, 'path');
  line.setAttribute('d', path);
  picture.append(line);
  return picture;
}

/** A bar that is full at 1. */
export function bar(share: number): HTMLElement {
  const inside = make('span');
  inside.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`;
  return make('span.bar', { 'aria-hidden': 'true' }, inside);
}

/** A sample of a colour of the map. */
export function swatch(colour: string): HTMLElement {
  const spot = make('span.swatch', { 'aria-hidden': 'true' });
  spot.style.background = colour;
  return spot;
}

export function sizeText(bytes: number): HTMLElement {
  return make('span.size', formatBytes(bytes));
}

/** Labels and values, as the contents of a `dl`; values that are left out have no label. */
export function factList(facts: readonly (readonly [label: string, value: Child])[]): Child[] {
  return facts.map(
    ([label, value]) =>
      value !== undefined && value !== false && make('div', make('dt', label), make('dd', value)),
  );
}

/** Places an element in the map, in pixels; one pixel is left free to the next. */
export function placeAt(
  { style }: HTMLElement,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): void {
  style.left = `${x}px`;
  style.top = `${y}px`;
  style.width = `${Math.max(width - 1, 1)}px`;
  style.height = `${Math.max(height - 1, 1)}px`;
}

/** A list that grows on request, with a note of the `missing` items that the page doesn't contain. */
export function growingList<Item>(
  items: readonly Item[],
  pageSize: number,
  render: (item: Item) => HTMLElement,
  missing?: string,
): HTMLElement[] {
  const list = make('ul');
  const more = button({ class: 'more' }, () => extend());
  const rest = make('p.note', missing);
  const extend = (): void => {
    const from = list.children.length;
    list.append(...items.slice(from, from + pageSize).map(render));
    const left = items.length - list.children.length;
    more.textContent = `Show more (${left} left)`;
    more.hidden = left <= 0;
    rest.hidden = left > 0 || missing === undefined;
  };
  extend();
  return [list, more, rest];
}
