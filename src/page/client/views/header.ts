/** What it is about, in one line. */
import { formatBytes } from '../../../text/format.js';
import { countOf, shareOf, visible, ratioText } from '../elements/format.js';
import { fill, make, name, bar, button } from '../elements/dom.js';
import type { Session } from '../model/session.js';
import type { DifferenceData } from '../../data.js';

export function subject(session: Session): HTMLElement {
  const title = make('h1', {});
  const facts = make('ul', { class: 'figures' });
  const show = (): void => {
    const { data, tree } = session.side;
    fill(title, name(data.target));
    document.title = `${visible(data.target)}, inspected`;
    const figures: (string | undefined)[] = [
      data.id === undefined ? undefined : data.id.replace(/^sha256:/, '').slice(0, 12),
      data.platform === undefined ? data.kind : visible(data.platform),
      formatBytes(data.size),
      countOf(tree.files[0] as number, 'file'),
      `${formatBytes(data.waste.bytes)} wasted (${shareOf(data.waste.bytes, data.size)})`,
    ];
    const classes = ['id', 'platform', 'size', 'count', data.waste.bytes > 0 ? 'wasted' : 'none'];
    const items = figures.map((figure, index) =>
      figure === undefined ? undefined : make('li', { class: classes[index] }, figure),
    );
    fill(facts, ...items);
  };
  session.watch((view, before) => {
    if (view.side !== before.side) show();
  });
  show();
  return make('div', { class: 'subject' }, title, facts);
}

export function comparisonBar(session: Session, { before, after }: DifferenceData): HTMLElement {
  const sizes = [before, after] as const;
  const [share, rest] = ratioText(before, after);
  const switches = session.sides.map((side, index) => {
    const size = sizes[index as 0 | 1];
    return button(
      { class: 'compared', 'aria-pressed': String(index === 0) },
      () => session.show(index),
      make('span', { class: 'soft' }, index === 0 ? 'before' : 'after'),
      name(side.data.target, 'target'),
      make(
        'span',
        { class: 'size' },
        `${formatBytes(size)}, ${countOf(side.tree.files[0] as number, 'file')}`,
      ),
      bar(size / Math.max(before, after, 1)),
    );
  });
  session.watch((view) => {
    switches.forEach((control, index) => {
      control.setAttribute('aria-pressed', String(view.side === index));
    });
  });
  return make(
    'section',
    { class: 'comparison', 'aria-label': 'Comparison' },
    make('div', { class: 'both' }, ...switches),
    make('p', { class: 'ratio' }, make('b', {}, share), ` ${rest}`),
  );
}
