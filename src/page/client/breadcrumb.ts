/** The way from the root to the directory that is shown; every step leads back to itself. */
import { button, fill, make, name } from './dom.js';
import type { Session } from './session.js';

export function breadcrumb(session: Session): HTMLElement {
  const list = make('ol');
  const show = (): void => {
    const { tree, view } = session;
    const line = tree.lineOf(view.folder);
    const steps = line.map((at, index) => {
      const label = at === 0 ? name('/') : name(tree.names[at] as string);
      const isLast = index === line.length - 1;
      return make(
        'li',
        {},
        button(
          { class: 'crumb', 'aria-current': isLast ? 'location' : undefined },
          () => session.open(at),
          label,
        ),
      );
    });
    fill(list, ...steps);
    // The end of a long way is what matters.
    list.scrollLeft = list.scrollWidth;
  };
  session.watch((view, before) => {
    if (view.folder !== before.folder || view.side !== before.side) show();
  });
  show();
  return make('nav', { class: 'breadcrumb', 'aria-label': 'Directory' }, list);
}
