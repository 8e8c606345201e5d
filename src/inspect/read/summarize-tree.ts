/** A file system that layers made, as entries, and what of them is wasted. */
import type { Directory } from '../../filesystem/node.js';
import type { Entry } from '../entry.js';
import type { Waste } from '../inspection.js';
import type { Content } from '../probe/content.js';
import { entriesOf } from './entries.js';
import type { LayerStack } from './layer-stack.js';
import { wasteOf } from './waste.js';

/** @param contentOf what is known of a content, by its file's `offset` */
export function lookAt(
  root: Directory,
  stack: LayerStack,
  contentOf: (offset: number) => Content | undefined,
): { readonly root: Entry; readonly waste: Waste } {
  const kept = new Set<number>();
  const top = entriesOf(root, {
    layerOf: (node) => stack.layerOf(node),
    contentOf: (offset) => {
      kept.add(offset);
      return contentOf(offset);
    },
  });
  return { root: top, waste: wasteOf(stack, top, kept) };
}
