/** Elements, made without markup: text is only ever text, and the policy forbids inline styles. */
import { partsOf } from './format.js';

export type Child = Node | string | undefined;

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes (`true` is an empty one, `false` and undefined none) and children. */
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

/** Puts children in place of what was there. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== undefined));
}

/** A name or a path out of the inspection: what is written out in it is marked. */
export function name(text: string, className = 'name'): HTMLElement {
  const parts = partsOf(text).map(({ text: part, escaped }) =>
    escaped ? make('span', { class: 'escaped' }, part) : part,
  );
  return make('bdi', { class: className, dir: 'ltr' }, ...parts);
}

/** A button that says what it does. */
export function button(
  attributes: Attributes,
  click: (event: MouseEvent) => void,
  ...children: readonly Child[]
): HTMLButtonElement {
  const element = make('button', { type: 'button', ...attributes }, ...children);
  element.addEventListener('click', click);
  return element;
}

/** A picture of one path in a square of 16. */
export function icon(path: string, className = 'icon'): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const picture = document.createElementNS(space, 'svg');
  picture.setAttribute('viewBox', '0 0 16 16');
  picture.setAttribute('class', className);
  picture.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(space, 'path');
  line.setAttribute('d', path);
  picture.append(line);
  return picture;
}

/** A bar that is full at 1. */
export function bar(share: number, className = 'bar'): HTMLElement {
  const inside = make('span');
  inside.style.setProperty('width', `${Math.min(Math.max(share, 0), 1) * 100}%`);
  return make('span', { class: className, 'aria-hidden': 'true' }, inside);
}

/** A spot of the colour that something has in the map. */
export function swatch(colour: string): HTMLElement {
  const spot = make('span', { class: 'swatch', 'aria-hidden': 'true' });
  spot.style.setProperty('background', colour);
  return spot;
}
