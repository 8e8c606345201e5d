import { describe, expect, it } from 'vitest';
import { type WarningCase, WARNINGS } from '../../engine/embedded/stages/warning-cases.js';
import { checkReference } from './check-reference.js';

// The unit test compares the embedded engine with the same cases.
/** Dockerfiles that are checked at a time. */
const AT_A_TIME = 4;

describe('BuildKit’s checks', () => {
  it('give the warnings that the embedded engine is tested for', { timeout: 300_000 }, async () => {
    const found: Record<string, readonly string[]> = {};
    const rest = WARNINGS.values();
    const work = async (): Promise<void> => {
      for (const each of rest) found[titleOf(each)] = await checkReference(each);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    const expected = WARNINGS.map((each) => [titleOf(each), each.warnings.toSorted()] as const);
    expect(found).toEqual(Object.fromEntries(expected));
  });
});

function titleOf({ title, dockerfile }: WarningCase): string {
  return `${title}: ${dockerfile}`;
}
