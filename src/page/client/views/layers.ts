/** The layers from the lowest up; choosing one highlights its entries in the map. Below, facts of the image. */
import { formatBytes } from '../../../text/format.js';
import type { LayerData } from '../../data.js';
import {
  bar,
  button,
  factList,
  fill,
  make,
  name,
  sizeText,
  softText,
  swatch,
} from '../elements/dom.js';
import { countOf } from '../elements/format.js';
import { paletteFor } from '../elements/palette.js';
import type { Session } from '../model/session.js';

export function layersView(session: Session): HTMLElement {
  const list = make('ol', { class: 'layers' });
  const heading = make('h2');
  const facts = make('dl', { class: 'facts' });
  const about = make(
    'details',
    { class: 'about', open: true },
    make('summary', {}, 'Image'),
    facts,
  );
  const element = make('aside', { class: 'side', 'aria-label': 'Layers' }, heading, list, about);
  session.render(['side', 'isDark'], () => {
    const { data } = session.side;
    const largest = Math.max(1, ...data.layers.map(({ contents }) => contents));
    heading.textContent = countOf(data.layers.length, 'layer');
    fill(list, ...data.layers.map((layer, index) => row(session, layer, index, largest)));
    fill(facts, ...factList(data.facts.map(([label, value]) => [label, name(value, 'path')])));
    element.hidden = data.kind === 'context';
  });
  session.render(['layer', 'side', 'isDark'], () => {
    list.querySelectorAll('.layer').forEach((control, index) => {
      control.setAttribute('aria-pressed', String(session.view.layer === index));
    });
  });
  return element;
}

function row(session: Session, layer: LayerData, index: number, largest: number): HTMLElement {
  return make(
    'li',
    {},
    button(
      { class: 'layer' },
      () => session.change({ layer: session.view.layer === index ? undefined : index }),
      make(
        'span',
        { class: 'line' },
        swatch(paletteFor(session.view.isDark).ofLayer(index)),
        make('span', { class: 'number' }, String(index)),
        sizeText(layer.contents),
      ),
      name(layer.createdBy ?? 'no history tells what made it', 'instruction'),
      bar(layer.contents / largest),
      softText(summaryOf(layer)),
    ),
  );
}

function summaryOf({ added, changed, removed, wasted, compressed }: LayerData): string {
  const parts = [`${added.toLocaleString('en')} added`];
  if (changed > 0) parts.push(`${changed.toLocaleString('en')} changed`);
  if (removed > 0) parts.push(`${removed.toLocaleString('en')} removed`);
  if (compressed !== undefined) parts.push(`${formatBytes(compressed)} pulled`);
  if (wasted > 0) parts.push(`${formatBytes(wasted)} wasted`);
  return parts.join(', ');
}
