/** Wasted bytes: files that later layers hide, and files with the same content. */
import type { HiddenFile } from '../../../inspect/facts.js';
import { formatBytes } from '../../../text/format.js';
import type { DuplicateData } from '../../data.js';
import { fill, growingList, make, sizeText } from '../elements/dom.js';
import { countOf } from '../elements/format.js';
import type { Session } from '../model/session.js';
import { pathLink } from './entry-list.js';

const PAGE_SIZE = 100;

export function wastePanel(session: Session): HTMLElement {
  const hidden = ({ path, size, layer, by, how }: HiddenFile): HTMLElement =>
    make(
      'li',
      sizeText(size),
      pathLink(session, path),
      make('span.soft', `in layer ${layer}, ${how} by layer ${by}`),
    );
  const duplicate = ({ size, wasted, paths, count }: DuplicateData): HTMLElement =>
    make(
      'li',
      sizeText(wasted),
      make('span.soft', `${count} × ${formatBytes(size)}`),
      ...paths.map((path) => pathLink(session, path)),
      count > paths.length && make('span.soft', `and ${count - paths.length} more`),
    );
  const element = make('div.waste');
  session.render(['side'], () => {
    const { waste } = session.side.data;
    fill(
      element,
      group('Hidden by later layers', 'file', waste.hidden, waste.hiddenCount, hidden),
      group(
        'The same content twice',
        'content',
        waste.duplicates,
        waste.duplicatesCount,
        duplicate,
      ),
    );
  });
  return element;
}

/** @param count includes files that the page does not list */
function group<Item>(
  title: string,
  noun: string,
  items: readonly Item[],
  count: number,
  render: (item: Item) => HTMLElement,
): HTMLElement {
  const missing = count - items.length;
  const note = missing > 0 ? `… and ${countOf(missing, 'smaller one')}` : undefined;
  return make(
    'section',
    make('h3', `${title}: ${countOf(count, noun)}`),
    ...growingList(items, PAGE_SIZE, render, note),
  );
}
