/** Before and after, to scale, and how much is left; either is a switch to its side. */
import { formatBytes } from '../../text/format.js';
import type { DifferenceData } from '../data.js';
import { countOf } from './describe.js';
import { bar, button, make, name } from './dom.js';
import { ratioText } from './ratio.js';
import type { Session } from './session.js';

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
