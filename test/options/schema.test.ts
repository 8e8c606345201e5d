import { Readable } from 'node:stream';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { OPTIONS } from '../../src/cli/arguments/flags.js';
import { build, type BuildOptions, type Engine, type EngineRequest } from '../../src/index.js';
import { BUILD, type CompleteBuild } from '../../src/options/build.js';
import { BUILDER } from '../../src/options/builder.js';
import { FILTER } from '../../src/options/context.js';
import { IMAGE } from '../../src/options/image.js';
import { INSPECT } from '../../src/options/inspect.js';
import { LIMITS } from '../../src/options/limits.js';
import { flagIn, normalise, type Schema, VERBS } from '../../src/options/schema.js';
import { member, tar } from '../support/write-tar.js';

const SCHEMAS: Readonly<Record<string, Schema>> = { FILTER, BUILD, BUILDER, INSPECT, LIMITS };
const rows = Object.entries(SCHEMAS).flatMap(([name, schema]) =>
  Object.entries(schema).map(([key, option]) => ({ name, key, option })),
);

describe('a schema', () => {
  it.each(rows)('has a valid default for $key of $name, or none', ({ option }) => {
    const value = option.fallback();
    if (value !== undefined) expect(option.check(value)).toBeUndefined();
  });

  it.each(Object.entries(SCHEMAS))('makes options of %s complete and frozen', (_, schema) => {
    const complete = normalise(schema, {});
    expect(Object.keys(complete)).toEqual(Object.keys(schema));
    expect(Object.isFrozen(complete)).toBe(true);
  });

  it('keeps what is given, and replaces undefined by the default', () => {
    const given = { tags: ['app'], noCache: true, push: undefined, target: undefined };
    expect(normalise(BUILD, given)).toMatchObject({ ...given, push: false, check: true });
  });

  it('gives options their types', () => {
    expectTypeOf<BuildOptions['tags']>().toEqualTypeOf<readonly string[] | undefined>();
    expectTypeOf<CompleteBuild['tags']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<CompleteBuild['target']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<EngineRequest['noCache']>().toEqualTypeOf<boolean>();
    expectTypeOf<EngineRequest['insecure']>().toEqualTypeOf<readonly string[]>();
  });
});

describe('an engine', () => {
  it('receives every option of an image, with its default', async () => {
    const requests: EngineRequest[] = [];
    const engine: Engine = async ({ stream }, request) => {
      requests.push(request);
      await stream.toArray();
      return { imageId: 'sha256:0', metadata: {} };
    };
    const context = Readable.from([tar(member({ name: 'Dockerfile', body: 'FROM scratch\n' }))]);
    await build({ context, engine });
    expect(requests).toMatchObject([
      { ...normalise(IMAGE, {}), file: 'Dockerfile', concealed: [], insecure: [] },
    ]);
  });
});

describe('a flag', () => {
  const flag = flagIn('Edits');

  it.each([
    ['--libs', { name: 'libs', short: undefined, value: undefined, optional: false, many: false }],
    ['-q, --quiet', { name: 'quiet', short: 'q', value: undefined, many: false }],
    ['--add HOST[:DEST] ...', { name: 'add', value: 'HOST[:DEST]', optional: false, many: true }],
    ['--insecure[=HOST] ...', { name: 'insecure', value: 'HOST', optional: true, many: true }],
    ['-f, --file PATH', { name: 'file', short: 'f', value: 'PATH', many: false }],
  ])('is read from %j', (usage, expected) => {
    expect(flag(usage, 'help')).toMatchObject({ ...expected, help: 'help', group: 'Edits' });
  });

  it.each(VERBS)('of %s has a name and a help text, and shares neither name nor letter', (verb) => {
    const flags = OPTIONS.filter(({ verbs }) => verbs.includes(verb));
    const names = flags.map(({ name }) => name);
    const letters = flags.flatMap(({ short }) => short ?? []);
    expect(flags.filter(({ name, help }) => name === '' || help === '')).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(letters).size).toBe(letters.length);
  });
});
