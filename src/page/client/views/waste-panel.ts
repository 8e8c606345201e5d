/** Wasted bytes: files that later layers hide, and files with the same content. */
import { formatBytes } from '../../../text/format.js';
import type { DuplicateData, HiddenData } from '../../data.js';
import { button, fill, make, sizeText, softText } from '../elements/dom.js';
import { countOf } from '../elements/format.js';
import type { Session } from '../model/session.js';
import { pathLink } from './entry-list.js';

const PAGE_SIZE = 100;

export function wastePanel(session: Session): HTMLElement {
  const element = make('div', { class: 'waste' });
  session.render(['side'], () => {
    const { waste } = session.side.data;
    fill(
      element,
      group('Hidden by later layers', waste.hidden, waste.hiddenCount, (file) =>
        hidden(session, file),
      ),
      group('The same content more than once', waste.duplicates, waste.duplicatesCount, (copies) =>
        duplicate(session, copies),
      ),
    );
  });
  return element;
}

/** A list that grows on request; `count` includes files that the page does not list. */
function group<Item>(
  title: string,
  items: readonly Item[],
  count: number,
  render: (item: Item) => HTMLElement,
): HTMLElement {
  const list = make('ul');
  const rest = make(
    'p',
    { class: 'note' },
    `… and ${countOf(count - items.length, 'smaller one')}`,
  );
  const more = button({ class: 'more' }, () => extend(), 'Show more');
  const extend = (): void => {
    const from = list.children.length;
    list.append(...items.slice(from, from + PAGE_SIZE).map(render));
    more.hidden = list.children.length >= items.length;
    rest.hidden = !more.hidden || count <= items.length;
  };
  extend();
  return make(
    'section',
    {},
    make('h3', {}, `${title}: ${countOf(count, 'file')}`),
    list,
    more,
    rest,
  );
}

function hidden(session: Session, { path, size, layer, by, how }: HiddenData): HTMLElement {
  return make(
    'li',
    {},
    sizeText(size),
    pathLink(session, path),
    softText(`in layer ${layer}, ${how} by layer ${by}`),
  );
}

function duplicate(session: Session, { size, wasted, paths, count }: DuplicateData): HTMLElement {
  const left = count - paths.length;
  return make(
    'li',
    {},
    sizeText(wasted),
    softText(`${count} × ${formatBytes(size)}`),
    ...paths.map((path) => pathLink(session, path)),
    left > 0 ? softText(`and ${left} more`) : undefined,
  );
}
