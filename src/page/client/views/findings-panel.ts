/** The findings, errors first, each with its advice and a link to its entry. */
import type { Finding } from '../../../inspect/facts.js';
import { fill, growingList, icon, make, name } from '../elements/dom.js';
import type { Session } from '../model/session.js';
import { pathLink } from './entry-list.js';

const SIGNS = {
  error: 'M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2ZM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8',
  warning: 'M8 1.8 15 14H1ZM8 6v4M8 11.6v.6',
  info: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 7v4.2M8 4.6v.6',
} as const;

const PAGE_SIZE = 200;

export function findingsCount(session: Session): HTMLElement {
  const count = make('b');
  session.render(['side'], () => {
    const { findings } = session.side.data;
    count.textContent = String(findings.length);
    count.className = findings[0]?.severity ?? 'none';
  });
  return count;
}

export function findingsPanel(session: Session): HTMLElement {
  const element = make('div.findings');
  session.render(['side'], () => {
    const { findings, title } = session.side.data;
    fill(
      element,
      session.changes !== undefined && make('h3', 'Findings of ', name(title)),
      ...(findings.length === 0
        ? [make('p.note', 'No findings.')]
        : growingList(findings, PAGE_SIZE, (finding) => card(session, finding))),
    );
  });
  return element;
}

function card(session: Session, { id, severity, path, message, advice }: Finding): HTMLElement {
  return make(
    `li.finding.${severity}`,
    icon(SIGNS[severity], 'icon sign'),
    make(
      'div',
      make('h3', make('span.hear', `${severity}: `), name(message, 'message')),
      path !== undefined && pathLink(session, path),
      make('p', name(advice, 'message')),
      make('code.id', id),
    ),
  );
}
