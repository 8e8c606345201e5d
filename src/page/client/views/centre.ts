/** The middle of the page: the path, the map or the list of the directory, the details. */
import { formatBytes } from '../../../text/format.js';
import { bar, button, fill, icon, make, name, sizeText, swatch } from '../elements/dom.js';
import { countOf, shareOf, spoken } from '../elements/format.js';
import { legendOf } from '../elements/palette.js';
import { VirtualList } from '../elements/virtual-list.js';
import type { Session, View } from '../model/session.js';
import { detailsView, Tooltip } from './details.js';
import { entryMark } from './entry-list.js';
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
  const legend = make('ul.legend', { 'aria-label': 'Colours' });
  session.render(['shape'], () => {
    map.hidden = session.view.shape !== 'map';
    list.hidden = session.view.shape !== 'list';
  });
  session.render(['colour', 'side', 'isDark'], () => {
    const entries = legendOf(session);
    fill(legend, ...entries.map(([label, colour]) => make('li', swatch(colour), label)));
  });
  return make(
    'main.centre',
    make('div.bar-line', breadcrumb(session), colours, shapes),
    filters(session),
    map,
    list,
    legend,
    detailsView(session),
    tooltip.element,
  );
}

/** The contents of the directory as a list: an alternative to the map that also shows empty files. */
function folderList(session: Session): HTMLElement {
  const list = new VirtualList<number>({
    id: 'folder-list',
    label: 'Contents of the directory',
    rowHeight: 34,
    render: (at, row) => fillListRow(session, at, row),
    choose: (at) => session.jump(at),
    empty: 'This directory is empty.',
  });
  list.element.addEventListener('keydown', (event) => {
    const isUp = ['Backspace', 'Escape', 'ArrowLeft'].includes(event.key);
    if (isUp && session.up()) event.preventDefault();
    if (event.key === 'ArrowRight') list.key('Enter');
  });
  session.render(['folder', 'side'], () => {
    const { tree, view } = session;
    const children = tree.childrenOf(view.folder);
    list.show(children, view.entry === undefined ? -1 : children.indexOf(view.entry));
  });
  session.watch(() => list.paint());
  return list.element;
}

function fillListRow(session: Session, at: number, row: HTMLElement): void {
  const { tree, view, light } = session;
  const whole = tree.totals[view.folder] as number;
  const total = tree.totals[at] as number;
  const isLit = light === undefined || light.reaches(at, tree.ends[at] as number);
  row.classList.toggle('dimmed', !isLit);
  row.setAttribute('aria-label', spoken(tree, at, whole));
  row.append(
    entryMark(session, at),
    name(tree.names[at] as string),
    bar(whole > 0 ? total / whole : 0),
    make('span.share', shareOf(total, whole)),
    sizeText(total),
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
    fill(list, ...steps.map((step) => make('li', step)));
    // Shows the end of a long path.
    list.scrollLeft = list.scrollWidth;
  });
  return make('nav.breadcrumb', { 'aria-label': 'Directory' }, list);
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
  const attributes = { role: 'group', 'aria-label': label, hidden: values.length < 2 };
  return make('div.choice', attributes, ...buttons);
}

/** The filters that dim part of the map, each with a button that removes it, and a summary of the matches. */
function filters(session: Session): HTMLElement {
  const element = make('div.filters', { hidden: true });
  const chip = (label: string, part: Partial<View>, text: HTMLElement | string): HTMLElement =>
    button(
      { class: 'chip', 'aria-label': label, title: label },
      () => session.change(part),
      text,
      icon(CROSS),
    );
  session.render(['layer', 'query', 'side'], () => {
    const { light, view } = session;
    const { layer } = view;
    const query = view.query.trim();
    element.hidden = light === undefined;
    if (light === undefined) return;
    const sum = `${countOf(light.files, 'file')}, ${formatBytes(light.bytes)}`;
    fill(
      element,
      query !== '' && chip('End the search', { query: '' }, name(query)),
      layer !== undefined && chip('Show all layers', { layer: undefined }, `layer ${layer}`),
      make('span', { role: 'status' }, sum),
    );
  });
  return element;
}
