/** What was found, errors first, each with what to do about it and the way to its entry. */
import type { FindingData } from '../../data.js';
import { button, fill, icon, make, name } from '../elements/dom.js';
import type { Session } from '../model/session.js';

const SIGNS = {
  error: 'M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2ZM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8',
  warning: 'M8 1.8 15 14H1ZM8 6v4M8 11.6v.6',
  info: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 7v4.2M8 4.6v.6',
} as const;

/** So many at a time. */
const PAGE = 200;

export function findingsPanel(session: Session): HTMLElement {
  const element = make('div', { class: 'findings' });
  const show = (most = PAGE): void => {
    const { findings } = session.side.data;
    const cards = findings.slice(0, most).map((finding) => card(session, finding));
    const left = findings.length - most;
    const more =
      left > 0
        ? button({ class: 'more' }, () => show(most + PAGE), `Show more: ${left} are left`)
        : undefined;
    const none =
      findings.length === 0 ? make('p', { class: 'note' }, 'Nothing was found.') : undefined;
    fill(element, make('ul', {}, ...cards), more, none);
  };
  session.watch((view, before) => {
    if (view.side !== before.side) show();
  });
  show();
  return element;
}

function card(session: Session, { id, severity, path, message, advice }: FindingData): HTMLElement {
  const at = path === undefined ? undefined : session.tree.find(path);
  const where =
    at !== undefined
      ? button({ class: 'link' }, () => session.jump(at), name(path as string, 'path'))
      : path !== undefined
        ? name(path, 'path')
        : undefined;
  return make(
    'li',
    { class: `finding ${severity}` },
    icon(SIGNS[severity], 'icon sign'),
    make(
      'div',
      {},
      make('h3', {}, make('span', { class: 'hear' }, `${severity}: `), name(message, 'message')),
      where,
      make('p', {}, name(advice, 'message')),
      make('code', { class: 'id' }, id),
    ),
  );
}
