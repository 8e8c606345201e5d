/** The middle of the page: where one is, how it is shown, the map or the list, the details. */
import { formatBytes } from '../../../text/format.js';
import { countOf } from '../elements/format.js';
import { detailsView, Tooltip } from './details.js';
import { button, fill, icon, make, name, swatch } from '../elements/dom.js';
import { FolderList } from './folder-list.js';
import { MapView } from './map.js';
import { legendOf, paletteFor } from '../elements/palette.js';
import type { Session, View } from '../model/session.js';
import type { Theme } from '../theme.js';

const CROSS = 'M4 4l8 8M12 4l-8 8';

export function centre(session: Session, theme: Theme): HTMLElement {
  const tooltip = new Tooltip(session);
  const map = new MapView(session, theme, tooltip);
  const list = new FolderList(session, theme);
  const shapes = choice(session, 'Show as', 'shape', ['map', 'list']);
  const colours = choice(session, 'Colour by', 'colour', [
    'kind',
    ...(session.sides.some(({ data }) => data.layers.length > 1) ? (['layer'] as const) : []),
    ...(session.changes === undefined ? [] : (['change'] as const)),
  ]);
  const legend = make('ul', { class: 'legend', 'aria-label': 'Colours' });
  const explain = (): void => {
    const entries = legendOf(session, paletteFor(theme.isDark));
    fill(legend, ...entries.map(([label, colour]) => make('li', {}, swatch(colour), label)));
  };
  session.watch((view, before) => {
    if (view.shape !== before.shape) show(view);
    if (view.colour !== before.colour || view.side !== before.side) explain();
  });
  const show = (view: View): void => {
    map.element.hidden = view.shape !== 'map';
    list.element.hidden = view.shape !== 'list';
  };
  theme.watch(explain);
  show(session.view);
  explain();
  return make(
    'main',
    { class: 'centre' },
    make('div', { class: 'bar-line' }, breadcrumb(session), colours, shapes),
    filters(session),
    map.element,
    list.element,
    legend,
    detailsView(session),
    tooltip.element,
  );
}

/** A few buttons of which one is pressed. */
function choice<Key extends 'shape' | 'colour'>(
  session: Session,
  label: string,
  key: Key,
  values: readonly View[Key][],
): HTMLElement {
  const buttons = values.map((value) => button({}, () => session.change({ [key]: value }), value));
  const show = (): void => {
    buttons.forEach((control, index) => {
      control.setAttribute('aria-pressed', String(session.view[key] === values[index]));
    });
  };
  session.watch(show);
  show();
  const attributes = { class: 'choice', role: 'group', 'aria-label': label };
  return make('div', { ...attributes, hidden: values.length < 2 }, ...buttons);
}

/** What dims part of the map, and the way to end it. */
function filters(session: Session): HTMLElement {
  const element = make('div', { class: 'filters', hidden: true });
  const chip = (label: string, end: () => void, text: HTMLElement | string): HTMLElement =>
    button({ class: 'chip', 'aria-label': label, title: label }, end, text, icon(CROSS));
  session.watch((view, before) => {
    const isSame = view.layer === before.layer && view.query === before.query;
    if (isSame && view.side === before.side) return;
    const { light } = session;
    element.hidden = light === undefined;
    if (light === undefined) return;
    const isSearch = view.query.trim() !== '';
    fill(
      element,
      isSearch
        ? chip('End the search', () => session.change({ query: '' }), name(view.query.trim()))
        : undefined,
      view.layer === undefined
        ? undefined
        : chip(
            'Show all layers',
            () => session.change({ layer: undefined }),
            `layer ${view.layer}`,
          ),
      make(
        'span',
        { role: 'status' },
        `${countOf(light.files, 'file')}, ${formatBytes(light.bytes)}`,
      ),
    );
  });
  return element;
}

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
