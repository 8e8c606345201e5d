/** All there is to know about the entry that is chosen, or about the directory that is shown. */
import { formatBytes } from '../../../text/format.js';
import { countOf, kindWord, modeOf, shareOf, timeOf, visible } from '../elements/format.js';
import { button, type Child, fill, make, name } from '../elements/dom.js';
import type { Session } from '../model/session.js';

export function detailsView(session: Session): HTMLElement {
  const element = make('section', { class: 'details', 'aria-label': 'Details' });
  const show = (): void => {
    const at = session.view.entry ?? session.view.folder;
    fill(
      element,
      make('h2', {}, name(session.tree.pathOf(at), 'path')),
      make('dl', {}, ...factsOf(session, at).map(([label, ...value]) => fact(label, value))),
    );
  };
  session.watch(show);
  show();
  return element;
}

type Fact = readonly [label: string, ...value: Child[]];

function fact(label: string, value: readonly Child[]): HTMLElement {
  return make('div', {}, make('dt', {}, label), make('dd', {}, ...value));
}

function factsOf(session: Session, at: number): Fact[] {
  const { tree, side, view, changes } = session;
  const { mode, uid, gid, mtime } = tree.factsOf(at);
  const kind = tree.kindOf(at);
  const total = tree.totals[at] as number;
  const facts: Fact[] = [
    ['Size', `${formatBytes(total)} (${shareOf(total, tree.totals[0] as number)})`],
  ];
  if (tree.isFolder(at)) facts.push(['Holds', countOf(tree.files[at] as number, 'file')]);
  facts.push(['Kind', kindWord(kind)]);
  facts.push([
    'Mode',
    make('code', {}, `${modeOf(kind, mode)} ${mode.toString(8).padStart(4, '0')}`),
  ]);
  facts.push(['Owner', make('code', {}, `${uid}:${gid}`)]);
  facts.push(['Modified', timeOf(mtime)]);
  const layer = tree.layers[at] as number;
  if (side.data.layers.length > 1) {
    const by = side.data.layers[layer]?.createdBy;
    const show = button(
      { class: 'link', title: by === undefined ? undefined : visible(by) },
      () => session.change({ layer: view.layer === layer ? undefined : layer }),
      String(layer),
    );
    facts.push(['Layer', show]);
  }
  const target = tree.targetOf(at);
  if (target !== undefined) facts.push(['Points to', name(target, 'path')]);
  const first = tree.firstOf(at);
  if (first !== undefined) facts.push(['Same file as', pathLink(session, first)]);
  const device = tree.deviceOf(at);
  if (device !== undefined) facts.push(['Device', device]);
  const attributes = tree.attributesOf(at);
  if (attributes.length > 0) facts.push(['Attributes', name(attributes.join(' '))]);
  const change = changes?.of[view.side as 0 | 1][at];
  if (change !== undefined && !tree.isFolder(at)) facts.push(['Comparison', change]);
  return facts;
}

/** A path that leads to its entry. */
function pathLink(session: Session, at: number): HTMLElement {
  const path = session.tree.pathOf(at);
  return button({ class: 'link' }, () => session.jump(at), name(path, 'path'));
}

const DISTANCE = 14;

export class Tooltip {
  readonly element = make('div', { class: 'tooltip', role: 'tooltip', hidden: true });
  private shown: number | undefined;

  constructor(private readonly session: Session) {
    addEventListener('keydown', () => this.hide());
    addEventListener('scroll', () => this.hide(), { passive: true });
  }

  show(at: number, x: number, y: number): void {
    if (this.shown !== at) this.describe(at);
    this.shown = at;
    this.element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const right = x + DISTANCE + width > innerWidth ? x - DISTANCE - width : x + DISTANCE;
    const below = y + DISTANCE + height > innerHeight ? y - DISTANCE - height : y + DISTANCE;
    this.element.style.setProperty('left', `${Math.max(4, right)}px`);
    this.element.style.setProperty('top', `${Math.max(4, below)}px`);
  }

  hide(): void {
    this.element.hidden = true;
    this.shown = undefined;
  }

  private describe(at: number): void {
    const { tree, side, view, changes } = this.session;
    const { mode, uid, gid } = tree.factsOf(at);
    const total = tree.totals[at] as number;
    const change = tree.isFolder(at) ? undefined : changes?.of[view.side as 0 | 1][at];
    const size = [formatBytes(total), `${shareOf(total, tree.totals[0] as number)} of all`];
    if (tree.isFolder(at)) size.push(countOf(tree.files[at] as number, 'file'));
    const layer = side.data.layers.length > 1 ? `layer ${tree.layers[at]}` : undefined;
    const facts = [`${modeOf(tree.kindOf(at), mode)} ${uid}:${gid}`, layer, change];
    fill(
      this.element,
      name(tree.pathOf(at), 'path'),
      make('div', {}, size.join(' · ')),
      make('div', { class: 'soft' }, facts.filter((fact) => fact !== undefined).join(' · ')),
    );
  }
}
