/** Before and after, to scale, and how much is left; either is a switch to its side. */
import { formatBytes } from '../../../progress/format.js';
import { bar, button, make, name } from './dom.js';
import type { Session } from './session.js';
import type { DifferenceData } from '../data.js';
import { countOf } from './describe.js';

export function comparisonBar(session: Session, { before, after }: DifferenceData): HTMLElement {
  const sizes = [before, after] as const;
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
    make('p', { class: 'ratio' }, ...ratioOf(before, after)),
  );
}

/** `1/65 of it`; where it isn't smaller, how many times as large. */
export function ratioOf(before: number, after: number): (HTMLElement | string)[] {
  if (before === 0 || after === 0)
    return [make('b', {}, formatBytes(after - before || 0)), ' more'];
  if (after >= before) return [make('b', {}, `${rounded(after / before)}×`), ' the size'];
  return [make('b', {}, `1/${rounded(before / after)}`), ' of it'];
}

function rounded(ratio: number): string {
  return ratio < 9.95
    ? ratio.toFixed(1).replace(/\.0$/, '')
    : Math.round(ratio).toLocaleString('en');
}
