/**
 * The warnings about Dockerfiles against `docker buildx build --check`. The same seed gives the same random Dockerfiles:
 * `DIFFERENTIAL_RUNS=1000 DIFFERENTIAL_SEED=7` checks more and others.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWithWarnings } from '../../engine/embedded/stages/warned-build.js';
import { WARNINGS } from '../../engine/embedded/stages/warning-cases.js';
import { variantOf } from '../engines.js';
import { openShell, type Shell } from '../support.js';
import { create } from '../tar.js';
import { checkReference } from './check-reference.js';
import { randomDockerfile } from './differential/random-words.js';
import { randomStages } from './random-stages.js';

const docker28 = variantOf('docker28 BuildKit');
const numRuns = Number(process.env['DIFFERENTIAL_RUNS'] ?? 10);
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? 20_261_130);
const timeout = 180_000 + numRuns * 5_000;

/** Dockerfiles that are checked at a time. */
const AT_A_TIME = 4;

async function eachOf<T>(list: readonly T[], check: (each: T) => Promise<void>): Promise<void> {
  const rest = list.values();
  const work = async (): Promise<void> => {
    for (const each of rest) await check(each);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

describe('BuildKit’s checks', () => {
  it('find what the unit tests expect', { timeout: 180_000 }, async () => {
    const found: unknown[] = [];
    await eachOf([...WARNINGS.entries()], async ([index, { warnings: _, ...each }]) => {
      found[index] = { ...each, warnings: await checkReference(each) };
    });
    expect(found).toEqual(
      WARNINGS.map((each) => ({ ...each, warnings: each.warnings.toSorted() })),
    );
  });

  it.each([
    ['any words', randomDockerfile.map((dockerfile) => ({ dockerfile }))],
    ['any stages', randomStages],
  ])('find the same as the embedded engine in %s', { timeout }, async (_, arbitrary) => {
    await eachOf(fc.sample<Checked>(arbitrary, { numRuns, seed }), async (checked) => {
      const { dockerfile, ...options } = checked;
      const { warnings } = await buildWithWarnings(dockerfile, options);
      expect({ ...checked, warnings }).toEqual({
        ...checked,
        warnings: await checkReference(checked),
      });
    });
  });
});

interface Checked {
  readonly dockerfile: string;
  readonly target?: string;
  readonly ignore?: string;
}

describe('a build', () => {
  let shell: Shell;
  beforeAll(async () => void (shell = await openShell(docker28)));
  afterAll(() => shell.close());

  const CHECKED = 'FROM scratch\nENV KEY=1 A=$NO\nCMD a\n';

  it.each([
    ['error=true', 1, 3],
    ['skip=UndefinedVar;error=true', 1, 2],
    ['skip=all;error=true', 0, 0],
    ['skip=JSONArgsRecommended', 0, 2],
    ['no', 1, 0],
  ])(
    'with # check=%s ends with %i after %i warnings with both engines',
    async (check, code, count) => {
      const input = await create([{ name: 'Dockerfile', content: `# check=${check}\n${CHECKED}` }]);
      const ended = async (engine: string): Promise<{ code: number; warnings: string[] }> => {
        const args = [
          '--engine',
          engine,
          '--progress',
          'plain',
          '-t',
          shell.name(),
          '-o',
          'out.tar',
        ];
        const outcome = await shell.tool(args, { input });
        const warnings = outcome.stderr
          .split('\n')
          .flatMap((line) => /^#\d+ (?:WARNING: | {2})(.*)/.exec(line)?.[1] ?? []);
        return { code: outcome.code, warnings };
      };
      const embedded = await ended('embedded');
      expect(embedded).toEqual(await ended('docker'));
      // A warning has three lines.
      expect(embedded).toMatchObject({ code, warnings: { length: 3 * count } });
    },
  );
});
