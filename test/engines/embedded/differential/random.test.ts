/**
 * The embedded engine against BuildKit on what nobody thought of: the same seed gives the same
 * builds. `DIFFERENTIAL_RUNS=1000 DIFFERENTIAL_SEED=7` asks for more and for others.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildWithBuildKit, type Outcome } from './buildkit.js';
import { expectTheSame } from './compare.js';
import { buildEmbedded } from './embedded.js';
import { type Entry, file, tarOf } from './entries.js';
import { randomBuild } from './random-files.js';
import { randomDockerfile } from './random-words.js';

const numRuns = Number(process.env['DIFFERENTIAL_RUNS'] ?? 100);
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? 20_261_128);
const OPTIONS = { numRuns, seed, endOnFailure: process.env['CI'] === 'true' };
const timeout = 180_000 + numRuns * 10_000;

/** What this engine builds on purpose, where BuildKit refuses: docs/embedded.md tells of each. */
const BUILT = /cannot copy to non-directory|cannot replace to directory|invalid user index: -1/;
/** What it refuses on purpose, where BuildKit goes on in silence: a pattern that nothing matches. */
const REFUSED = /[*\]\]] is not in the (context|stage)/;

async function expectAgreement(dockerfile: string, context: readonly Entry[]): Promise<void> {
  const tar = tarOf([file('Dockerfile', dockerfile), ...context]);
  const ours = await buildEmbedded(tar, {});
  const theirs = await buildWithBuildKit(tar, {});
  if (onPurpose(ours, theirs)) return;
  expectTheSame(ours, theirs);
}

function onPurpose(ours: Outcome, theirs: Outcome): boolean {
  if ('refused' in theirs) return 'images' in ours && BUILT.test(theirs.refused);
  return 'refused' in ours && REFUSED.test(ours.refused);
}

it('copies any files over any others', { timeout }, async () => {
  const property = fc.asyncProperty(randomBuild, ({ dockerfile, context }) =>
    expectAgreement(dockerfile, context),
  );
  await fc.assert(property, OPTIONS);
});

it('reads any words', { timeout }, async () => {
  const property = fc.asyncProperty(randomDockerfile, (text) => expectAgreement(text, []));
  await fc.assert(property, OPTIONS);
});

it('builds much of it', async () => {
  const builds = fc.sample(randomBuild, { numRuns: 50, seed });
  let built = 0;
  for (const { dockerfile, context } of builds)
    if ('images' in (await buildEmbedded(tarOf([file('Dockerfile', dockerfile), ...context]), {})))
      built++;
  expect(built).toBeGreaterThan(12);
});
