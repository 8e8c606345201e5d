/** What the mouse is on, beside it. */
import { formatBytes } from '../../text/format.js';
import { countOf, modeOf, shareOf } from './describe.js';
import { fill, make, name } from './dom.js';
import type { Session } from './session.js';

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
