/** The top of the page: the inspected image or context, the theme, and the two sides of a comparison. */
import { formatBytes } from '../../../text/format.js';
import type { DifferenceData } from '../../data.js';
import { bar, button, fill, icon, make, name } from '../elements/dom.js';
import { countOf, ratioText, shareOf, visible } from '../elements/format.js';
import type { Session } from '../model/session.js';

const SUN =
  'M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13';
const MOON = 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z';

export function subject(session: Session): HTMLElement {
  const title = make('h1');
  const figures = make('ul.figures');
  session.render(['side'], () => {
    const { data, tree } = session.side;
    const { bytes } = data.waste;
    const wasted = `${formatBytes(bytes)} wasted (${shareOf(bytes, data.size)})`;
    fill(title, name(data.title));
    document.title = `${visible(data.title)}, inspected`;
    fill(
      figures,
      data.id !== undefined && make('li.id', data.id.replace(/^sha256:/, '').slice(0, 12)),
      make('li.platform', visible(data.platform ?? data.kind)),
      data.user !== undefined && make('li', 'user ', name(data.user)),
      make('li.size', formatBytes(data.size)),
      make('li.count', countOf(tree.files[0] as number, 'file')),
      make(bytes > 0 ? 'li.wasted' : 'li.none', wasted),
    );
  });
  return make('div.subject', title, figures);
}

/** Switches between light and dark colours; until it is used, the page follows the system. */
export function themeToggle(session: Session, darkSystem: MediaQueryList): HTMLElement {
  const { dataset } = document.documentElement;
  darkSystem.addEventListener('change', () => {
    if (dataset['theme'] === undefined) session.change({ isDark: darkSystem.matches });
  });
  const element = button({ class: 'plain' }, () => {
    const isDark = !session.view.isDark;
    dataset['theme'] = isDark ? 'dark' : 'light';
    session.change({ isDark });
  });
  session.render(['isDark'], () => {
    const { isDark } = session.view;
    element.title = isDark ? 'Use light colours' : 'Use dark colours';
    element.setAttribute('aria-label', element.title);
    fill(element, icon(isDark ? SUN : MOON));
  });
  return element;
}

/** Both sides of a comparison, to scale; each is a switch to its side. */
export function comparison(session: Session, { before, after }: DifferenceData): HTMLElement {
  const [share, rest] = ratioText(before, after);
  const switches = ([0, 1] as const).map((index) => {
    const side = session.sides[index];
    const size = index === 0 ? before : after;
    const files = countOf(side?.tree.files[0] as number, 'file');
    return button(
      { class: 'compared' },
      () => session.show(index),
      make('span.soft', index === 0 ? 'before' : 'after'),
      name(side?.data.title ?? '', 'target'),
      make('span.size', `${formatBytes(size)}, ${files}`),
      bar(size / Math.max(before, after, 1)),
    );
  });
  session.render(['side'], () => {
    switches.forEach((control, index) => {
      control.setAttribute('aria-pressed', String(session.view.side === index));
    });
  });
  return make(
    'section.comparison',
    { 'aria-label': 'Comparison' },
    make('div.both', ...switches),
    make('p.ratio', make('b', share), ` ${rest}`),
  );
}
