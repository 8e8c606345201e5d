/**
 * The embedded engine against BuildKit: the same configuration and the same files of every case,
 * and refused where BuildKit refuses.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { bases } from './bases.js';
import { buildWithBuildKit, type Outcome } from './buildkit.js';
import type { Case, Difference } from './case.js';
import { topics } from './cases/index.js';
import { buildEmbedded } from './embedded.js';
import { file, tarOf } from './entries.js';
import type { Image } from './image.js';

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

/** That BuildKit still does what the case says of it. */
function expectTheirs({ refused }: Case, theirs: Outcome): void {
  if (refused === undefined) imagesOf(theirs);
  else if (typeof refused === 'string') expect(messageOf(theirs)).toContain(refused);
  else expect(messageOf(theirs)).toMatch(refused);
}

function expectTheSame(ours: Outcome, theirs: Outcome): void {
  if ('refused' in theirs) messageOf(ours);
  else expect(imagesOf(ours)).toEqual(imagesOf(theirs));
}

function expectDifference(differs: Difference, ours: Outcome, theirs: Outcome): void {
  const { refused, files = {}, config = {} } = differs;
  if (refused !== undefined) {
    imagesOf(theirs);
    expect(messageOf(ours)).toMatch(refused);
    return;
  }
  const made = imagesOf(ours);
  if ('refused' in theirs) {
    expect(made[0]).toMatchObject({ files, config });
    return;
  }
  const wanted = theirs.images.map((their): Image => ({
    config: defined({ ...their.config, ...config }),
    files: defined({ ...their.files, ...files }),
  }));
  expect(made).toEqual(wanted);
  expect(made, 'it does not differ any more').not.toEqual(theirs.images);
}

function imagesOf(outcome: Outcome): readonly Image[] {
  if ('images' in outcome) return outcome.images;
  throw new Error(`refused: ${outcome.refused}`);
}

function messageOf(outcome: Outcome): string {
  if ('refused' in outcome) return outcome.refused;
  throw new Error(`not refused, but built: ${JSON.stringify(outcome.images, undefined, 1)}`);
}

function defined<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, T>;
}

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
