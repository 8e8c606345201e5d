/** What it is about, in one line. */
import { formatBytes } from '../../text/format.js';
import { countOf, shareOf } from './describe.js';
import { fill, make, name } from './dom.js';
import type { Session } from './session.js';
import { visible } from './visible.js';

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
