/** The middle of the page: the path, the map or the list of the directory, the details. */
import { formatBytes } from '../../../text/format.js';
import { button, fill, icon, make, name, swatch } from '../elements/dom.js';
import { countOf } from '../elements/format.js';
import { legendOf } from '../elements/palette.js';
import type { Session, View } from '../model/session.js';
import { detailsView, Tooltip } from './details.js';
import { folderList } from './folder-list.js';
import { MapView } from './map.js';

const CROSS = 'M4 4l8 8M12 4l-8 8';

export function centre(session: Session): HTMLElement {
  const tooltip = new Tooltip(session);
  const map = new MapView(session, tooltip).element;
  const list = folderList(session);
  const shapes = choice(session, 'Show as', 'shape', ['map', 'list']);
  const colours = choice(session, 'Colour by', 'colour', [
    'kind',
    ...(session.sides.some(({ data }) => data.layers.length > 1) ? (['layer'] as const) : []),
    ...(session.changes === undefined ? [] : (['change'] as const)),
  ]);
  const legend = make('ul', { class: 'legend', 'aria-label': 'Colours' });
  session.render(['shape'], () => {
    map.hidden = session.view.shape !== 'map';
    list.hidden = session.view.shape !== 'list';
  });
  session.render(['colour', 'side', 'isDark'], () => {
    const entries = legendOf(session);
    fill(legend, ...entries.map(([label, colour]) => make('li', {}, swatch(colour), label)));
  });
  return make(
    'main',
    { class: 'centre' },
    make('div', { class: 'bar-line' }, breadcrumb(session), colours, shapes),
    filters(session),
    map,
    list,
    legend,
    detailsView(session),
    tooltip.element,
  );
}

function breadcrumb(session: Session): HTMLElement {
  const list = make('ol');
  session.render(['folder', 'side'], () => {
    const { tree, view } = session;
    const steps = tree
      .lineOf(view.folder)
      .map((at) =>
        button(
          { class: 'crumb', 'aria-current': at === view.folder ? 'location' : undefined },
          () => session.open(at),
          name(at === 0 ? '/' : (tree.names[at] as string)),
        ),
      );
    fill(list, ...steps.map((step) => make('li', {}, step)));
    // Shows the end of a long path.
    list.scrollLeft = list.scrollWidth;
  });
  return make('nav', { class: 'breadcrumb', 'aria-label': 'Directory' }, list);
}

/** Buttons of which one is pressed; hidden if there is no choice. */
function choice<Key extends 'shape' | 'colour'>(
  session: Session,
  label: string,
  key: Key,
  values: readonly View[Key][],
): HTMLElement {
  const buttons = values.map((value) => button({}, () => session.change({ [key]: value }), value));
  session.render([key], () => {
    buttons.forEach((control, index) => {
      control.setAttribute('aria-pressed', String(session.view[key] === values[index]));
    });
  });
  const attributes = { class: 'choice', role: 'group', 'aria-label': label };
  return make('div', { ...attributes, hidden: values.length < 2 }, ...buttons);
}

/** The filters that dim part of the map, each with a way to remove it, and a summary of the rest. */
function filters(session: Session): HTMLElement {
  const element = make('div', { class: 'filters', hidden: true });
  const chip = (label: string, part: Partial<View>, text: HTMLElement | string): HTMLElement =>
    button(
      { class: 'chip', 'aria-label': label, title: label },
      () => session.change(part),
      text,
      icon(CROSS),
    );
  session.render(['layer', 'query', 'side'], () => {
    const { light, view } = session;
    const query = view.query.trim();
    element.hidden = light === undefined;
    if (light === undefined) return;
    const sum = `${countOf(light.files, 'file')}, ${formatBytes(light.bytes)}`;
    fill(
      element,
      query === '' ? undefined : chip('End the search', { query: '' }, name(query)),
      view.layer === undefined
        ? undefined
        : chip('Show all layers', { layer: undefined }, `layer ${view.layer}`),
      make('span', { role: 'status' }, sum),
    );
  });
  return element;
}
