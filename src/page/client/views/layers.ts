/** The layers from the lowest up; choosing one highlights its entries in the map. Below, facts of the image. */
import type { LayerFacts } from '../../../inspect/facts.js';
import { formatBytes } from '../../../text/format.js';
import { bar, button, factList, fill, make, name, sizeText, swatch } from '../elements/dom.js';
import { countOf } from '../elements/format.js';
import { Palette } from '../elements/palette.js';
import type { Session } from '../model/session.js';

export function layersView(session: Session): HTMLElement {
  const list = make('ol.layers');
  const heading = make('h2');
  const facts = make('dl.facts');
  const about = make('details.about', { open: true }, make('summary', 'Image'), facts);
  const element = make('aside.side', { 'aria-label': 'Layers' }, heading, list, about);
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

function row(session: Session, layer: LayerFacts, index: number, largest: number): HTMLElement {
  const colour = new Palette(session.view.isDark).ofLayer(index);
  const number = make('span.number', String(index));
  const control = button(
    { class: 'layer' },
    () => session.change({ layer: session.view.layer === index ? undefined : index }),
    make('span.line', swatch(colour), number, sizeText(layer.contents)),
    name(layer.createdBy ?? 'no history', 'instruction'),
    bar(layer.contents / largest),
    make('span.soft', summaryOf(layer)),
  );
  return make('li', control);
}

function summaryOf({ added, changed, removed, wasted, compressed }: LayerFacts): string {
  const parts = [`${added.toLocaleString('en')} added`];
  if (changed > 0) parts.push(`${changed.toLocaleString('en')} changed`);
  if (removed > 0) parts.push(`${removed.toLocaleString('en')} removed`);
  if (compressed !== undefined) parts.push(`${formatBytes(compressed)} pulled`);
  if (wasted > 0) parts.push(`${formatBytes(wasted)} wasted`);
  return parts.join(', ');
}
