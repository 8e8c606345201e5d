/** Bytes that are shipped and serve nobody: what later layers hide, and what is there more than once. */
import { formatBytes } from '../../../text/format.js';
import type { DuplicateData, HiddenData } from '../../data.js';
import { countOf } from '../elements/format.js';
import { button, fill, make, name } from '../elements/dom.js';
import type { Session } from '../model/session.js';

/** So many of each at a time. */
const PAGE = 100;

export function wastePanel(session: Session): HTMLElement {
  const element = make('div', { class: 'waste' });
  const show = (): void => {
    const { waste } = session.side.data;
    fill(
      element,
      group(
        `Hidden by later layers: ${countOf(waste.hiddenCount, 'file')}`,
        waste.hidden.map((file) => () => hidden(session, file)),
        waste.hiddenCount,
      ),
      group(
        `The same content more than once: ${countOf(waste.duplicatesCount, 'file')}`,
        waste.duplicates.map((copies) => () => duplicate(session, copies)),
        waste.duplicatesCount,
      ),
    );
  };
  session.watch((view, before) => {
    if (view.side !== before.side) show();
  });
  show();
  return element;
}

function group(title: string, items: readonly (() => HTMLElement)[], all: number): HTMLElement {
  const list = make('ul');
  const rest = make('p', { class: 'note' });
  const more = button({ class: 'more' }, () => extend(), 'Show more');
  const extend = (): void => {
    const from = list.children.length;
    list.append(...items.slice(from, from + PAGE).map((item) => item()));
    more.hidden = list.children.length >= items.length;
    rest.hidden = !more.hidden || all <= items.length;
    rest.textContent = `… and ${countOf(all - items.length, 'smaller one')}`;
  };
  extend();
  return make('section', {}, make('h3', {}, title), list, more, rest);
}

function hidden(session: Session, { path, size, layer, by, how }: HiddenData): HTMLElement {
  return make(
    'li',
    {},
    make('span', { class: 'size' }, formatBytes(size)),
    linkTo(session, path),
    make('span', { class: 'soft' }, `in layer ${layer}, ${how} by layer ${by}`),
  );
}

function duplicate(session: Session, { size, wasted, paths, count }: DuplicateData): HTMLElement {
  const left = count - paths.length;
  return make(
    'li',
    {},
    make('span', { class: 'size' }, formatBytes(wasted)),
    make('span', { class: 'soft' }, `${count} × ${formatBytes(size)}`),
    ...paths.map((path) => linkTo(session, path)),
    left > 0 ? make('span', { class: 'soft' }, `and ${left} more`) : undefined,
  );
}

/** A path, which leads to its entry where it still is. */
function linkTo(session: Session, path: string): HTMLElement {
  const at = session.tree.find(path);
  if (at === undefined) return name(path, 'path');
  return button({ class: 'link' }, () => session.jump(at), name(path, 'path'));
}
