/** The layers from the lowest up, each with what it brought; choosing one lights that up in the map. */
import { formatBytes } from '../../../text/format.js';
import type { LayerData } from '../../data.js';
import { countOf } from '../elements/format.js';
import { bar, button, fill, make, name, swatch } from '../elements/dom.js';
import { paletteFor } from '../elements/palette.js';
import type { Session } from '../model/session.js';
import type { Theme } from '../theme.js';

export function layersSide(session: Session, theme: Theme): HTMLElement {
  const list = make('ol', { class: 'layers' });
  const heading = make('h2', {});
  const facts = make('dl', { class: 'facts' });
  const about = make(
    'details',
    { class: 'about', open: true },
    make('summary', {}, 'Image'),
    facts,
  );
  const element = make('aside', { class: 'side', 'aria-label': 'Layers' }, heading, list, about);
  const show = (): void => {
    const { data } = session.side;
    const largest = Math.max(1, ...data.layers.map(({ contents }) => contents));
    heading.textContent = countOf(data.layers.length, 'layer');
    fill(list, ...data.layers.map((layer, index) => row(layer, index, largest)));
    fill(
      facts,
      ...data.facts.map(([label, value]) =>
        make('div', {}, make('dt', {}, label), make('dd', {}, name(value, 'path'))),
      ),
    );
    // A context has no layers, and nothing to say of itself.
    element.hidden = data.kind === 'context';
  };
  const row = (layer: LayerData, index: number, largest: number): HTMLElement =>
    make(
      'li',
      {},
      button(
        { class: 'layer', 'aria-pressed': String(session.view.layer === index) },
        () => session.change({ layer: session.view.layer === index ? undefined : index }),
        make(
          'span',
          { class: 'line' },
          swatch(paletteFor(theme.isDark).ofLayer(index)),
          make('span', { class: 'number' }, String(index)),
          make('span', { class: 'size' }, formatBytes(layer.contents)),
        ),
        name(layer.createdBy ?? 'no history tells what made it', 'instruction'),
        bar(layer.contents / largest),
        make('span', { class: 'soft' }, summaryOf(layer)),
      ),
    );
  session.watch((view, before) => {
    if (view.side !== before.side) show();
    else if (view.layer !== before.layer) {
      list.querySelectorAll('.layer').forEach((element, index) => {
        element.setAttribute('aria-pressed', String(view.layer === index));
      });
    }
  });
  theme.watch(show);
  show();
  return element;
}

function summaryOf({ added, changed, removed, wasted, compressed }: LayerData): string {
  const parts = [`${added.toLocaleString('en')} added`];
  if (changed > 0) parts.push(`${changed.toLocaleString('en')} changed`);
  if (removed > 0) parts.push(`${removed.toLocaleString('en')} removed`);
  if (compressed !== undefined) parts.push(`${formatBytes(compressed)} pulled`);
  if (wasted > 0) parts.push(`${formatBytes(wasted)} wasted`);
  return parts.join(', ');
}
