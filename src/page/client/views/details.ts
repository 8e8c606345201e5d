/** The facts of one entry: all below the map, the main ones beside the pointer. */
import { formatBytes } from '../../../text/format.js';
import { button, type Child, factList, fill, make, name } from '../elements/dom.js';
import { countOf, KIND_WORDS, modeOf, shareOf, timeOf, visible } from '../elements/format.js';
import type { Session } from '../model/session.js';
import { pathLink } from './entry-list.js';

/** The details of the chosen entry, or of the directory that is shown. */
export function detailsView(session: Session): HTMLElement {
  const element = make('section.details', { 'aria-label': 'Details' });
  session.render(['side', 'folder', 'entry', 'layer'], () => {
    const at = session.view.entry ?? session.view.folder;
    const path = name(session.tree.pathOf(at), 'path');
    fill(element, make('h2', path), make('dl', ...factList(factsOf(session, at))));
  });
  return element;
}

function factsOf(session: Session, at: number): [label: string, value: Child][] {
  const { tree, side, view } = session;
  const { mode, uid, gid, mtime } = tree.factsOf(at);
  const kind = tree.kindOf(at);
  const total = tree.totals[at] as number;
  const permissions = `${modeOf(kind, mode)} ${mode.toString(8).padStart(4, '0')}`;
  const layer = tree.layers[at] as number;
  const createdBy = side.data.layers[layer]?.createdBy;
  const first = tree.firsts.get(at);
  const target = tree.targets.get(at);
  return [
    ['Size', `${formatBytes(total)} (${shareOf(total, tree.totals[0] as number)})`],
    ['Contains', tree.isFolder(at) && countOf(tree.files[at] as number, 'file')],
    ['Kind', KIND_WORDS[kind]],
    ['Mode', make('code', permissions)],
    ['Owner', make('code', `${uid}:${gid}`)],
    ['Modified', timeOf(mtime)],
    [
      'Layer',
      side.data.layers.length > 1 &&
        button(
          { class: 'link', title: createdBy === undefined ? undefined : visible(createdBy) },
          () => session.change({ layer: view.layer === layer ? undefined : layer }),
          String(layer),
        ),
    ],
    ['Points to', target !== undefined && name(target, 'path')],
    ['Same file as', first !== undefined && pathLink(session, tree.pathOf(first))],
    ['Device', tree.devices.get(at)],
    ['Attributes', tree.xattrs.has(at) && name((tree.xattrs.get(at) ?? []).join(' '))],
    ['Comparison', !tree.isFolder(at) && session.changeOf(at)],
  ];
}

const DISTANCE = 14;

export class Tooltip {
  readonly element = make('div.tooltip', { role: 'tooltip', hidden: true });
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
    const left = x + DISTANCE + width > innerWidth ? x - DISTANCE - width : x + DISTANCE;
    const top = y + DISTANCE + height > innerHeight ? y - DISTANCE - height : y + DISTANCE;
    this.element.style.left = `${Math.max(4, left)}px`;
    this.element.style.top = `${Math.max(4, top)}px`;
  }

  hide(): void {
    this.element.hidden = true;
    this.shown = undefined;
  }

  private describe(at: number): void {
    const { tree, side } = this.session;
    const { mode, uid, gid } = tree.factsOf(at);
    const total = tree.totals[at] as number;
    const isFolder = tree.isFolder(at);
    const size = [formatBytes(total), `${shareOf(total, tree.totals[0] as number)} of all`];
    if (isFolder) size.push(countOf(tree.files[at] as number, 'file'));
    const facts = [
      `${modeOf(tree.kindOf(at), mode)} ${uid}:${gid}`,
      side.data.layers.length > 1 ? `layer ${tree.layers[at]}` : undefined,
      isFolder ? undefined : this.session.changeOf(at),
    ];
    fill(
      this.element,
      name(tree.pathOf(at), 'path'),
      make('div', size.join(' · ')),
      make('div.soft', facts.filter((fact) => fact !== undefined).join(' · ')),
    );
  }
}
