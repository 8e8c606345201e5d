/** Elements, created without markup: names are never parsed, and the policy forbids inline styles. */
import { formatBytes } from '../../../text/format.js';
import { partsOf } from './format.js';

export type Child = Node | string | undefined;

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element; an attribute that is `true` is set without a value, `false` and undefined are left out. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  fill(element, ...children);
  return element;
}

/** Replaces the children of an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== undefined));
}

/** A name or a path of the inspection; escaped characters are marked. */
export function name(text: string, className = 'name'): HTMLElement {
  const parts = partsOf(text).map(({ text: part, escaped }) =>
    escaped ? make('span', { class: 'escaped' }, part) : part,
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
  setStyle(inside, { width: `${Math.min(Math.max(share, 0), 1) * 100}%` });
  return make('span', { class: 'bar', 'aria-hidden': 'true' }, inside);
}

/** A sample of a colour of the map. */
export function swatch(colour: string): HTMLElement {
  const spot = make('span', { class: 'swatch', 'aria-hidden': 'true' });
  setStyle(spot, { background: colour });
  return spot;
}

export function sizeText(bytes: number): HTMLElement {
  return make('span', { class: 'size' }, formatBytes(bytes));
}

export function softText(text: string): HTMLElement {
  return make('span', { class: 'soft' }, text);
}

/** Labels and values, as the contents of a `dl`. */
export function factList(
  facts: readonly (readonly [label: string, value: Child])[],
): HTMLElement[] {
  return facts.map(([label, value]) =>
    make('div', {}, make('dt', {}, label), make('dd', {}, value)),
  );
}

export function setStyle(element: HTMLElement, style: Readonly<Record<string, string>>): void {
  for (const [property, value] of Object.entries(style)) {
    element.style.setProperty(property, value);
  }
}

/** Places an element in the map, in pixels; one pixel is left free to the next. */
export function placeAt(
  element: HTMLElement,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): void {
  setStyle(element, {
    left: `${x}px`,
    top: `${y}px`,
    width: `${Math.max(width - 1, 1)}px`,
    height: `${Math.max(height - 1, 1)}px`,
  });
}
