import { expect, it } from 'vitest';
import { walk } from '../../src/inspect/entry.js';
import { treeOf } from '../support/inspect/inspection-tree.js';

it('a walk visits a directory with more entries than a call accepts arguments', () => {
  const names = Array.from({ length: 300_000 }, (_, index) => [`/${index}`, 0]);
  const tree = treeOf(Object.fromEntries(names) as Record<string, number>);
  expect([...walk(tree)]).toHaveLength(300_001);
});
