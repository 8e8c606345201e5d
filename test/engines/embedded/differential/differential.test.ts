/**
 * The embedded engine against BuildKit: the same configuration and the same files of every case,
 * and refused where BuildKit refuses.
 */
import { beforeAll, describe, it } from 'vitest';
import { bases } from './bases.js';
import { buildWithBuildKit } from './buildkit.js';
import { topics } from './cases/index.js';
import { expectDifference, expectTheirs, expectTheSame } from './compare.js';
import { buildEmbedded } from './embedded.js';
import { file, tarOf } from './entries.js';

beforeAll(async () => {
  for (const base of bases) await base.push();
});

/** As many builds at a time as are quickest on two processors. */
const AT_ONCE = 3;

describe.each(Object.entries(topics))('%s', (_topic, cases) => {
  it.concurrent.each(cases.map((one) => [one.title, one] as const))('%s', async (_title, one) => {
    const context = tarOf([
      file(one.options?.file ?? 'Dockerfile', one.dockerfile),
      ...(one.context ?? []),
    ]);
    const theirs = await limited(() => buildWithBuildKit(context, one.options ?? {}));
    expectTheirs(one, theirs);
    const ours = await limited(() => buildEmbedded(context, one.options ?? {}));
    if (one.differs === undefined) expectTheSame(ours, theirs);
    else expectDifference(one.differs, ours, theirs);
  });
});

let running = 0;
const waiting: (() => void)[] = [];

async function limited<T>(work: () => Promise<T>): Promise<T> {
  while (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}
