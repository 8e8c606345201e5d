import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LANGUAGE, type LanguageCase } from '../../engine/embedded/stages/language-cases.js';
import type { Recorded } from '../../engine/embedded/stages/language-meaning.js';
import { buildReference } from './reference.js';

// The unit test holds this project's reading against recorded answers; this one holds the answers
// against BuildKit: each fourth of them, all with LANGUAGE=all, and with LANGUAGE=record it writes
// them anew.
const FILE = new URL('../../engine/embedded/stages/language-buildkit.json', import.meta.url);
const MODE = process.env['LANGUAGE'] ?? 'sample';

async function ask({ dockerfile, args }: LanguageCase): Promise<Recorded> {
  const { config: image, error } = await buildReference(dockerfile, args);
  if (image === undefined)
    return {
      error: error.replace(/^ERROR: failed to build: failed to (solve|run Build function): /, ''),
    };
  const history = (image.history ?? []).map(({ created_by = '', empty_layer }) => ({
    created_by,
    ...(empty_layer === true && { empty_layer }),
  }));
  const { config = {}, author } = image;
  return { config, ...(author !== undefined && { author }), history };
}

const record = (): void => {
  it('are recorded', { timeout: 3_600_000 }, async () => {
    const recorded: Recorded[] = [];
    const indexes = LANGUAGE.keys();
    const work = async (): Promise<void> => {
      for (const index of indexes) recorded[index] = await ask(LANGUAGE[index] as LanguageCase);
    };
    await Promise.all([work(), work(), work()]);
    const lines = recorded.map((each) => JSON.stringify(each));
    writeFileSync(FILE, `[\n${lines.join(',\n')}\n]\n`);
  });
};

const compare = (): void => {
  const recorded = JSON.parse(readFileSync(FILE, 'utf8')) as readonly Recorded[];
  const chosen = LANGUAGE.map((each, index) => ({ ...each, index })).filter(
    ({ index }) => MODE === 'all' || index % 4 === 0,
  );
  it.each(chosen)('$dockerfile', async (each) => {
    const strip = ({ error, ...rest }: Recorded): unknown =>
      // Of names that are equally near, BuildKit suggests any.
      error === undefined ? rest : error.replace(/ \(did you mean .*/, '');
    expect(strip(await ask(each))).toEqual(strip(recorded[each.index] as Recorded));
  });
};

if (MODE === 'record') describe('BuildKit’s answers', record);
else describe('BuildKit answers what was recorded:', compare);
