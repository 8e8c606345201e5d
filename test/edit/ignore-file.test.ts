/** A .dockerignore in a stream, which no builder applies. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { filterInto } from '../../src/filter.js';
import type { ContextOptions } from '../../src/options/context.js';
import { CollectingSink } from '../support/filter.js';
import { member, tar } from '../support/write-tar.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const file = (name: string): Buffer => member({ name, body: 'FROM scratch\n' });
async function noticesOf(
  context: Buffer | string,
  options: Omit<ContextOptions, 'context'> = {},
): Promise<string[]> {
  const notices: string[] = [];
  await filterInto(new CollectingSink(), {
    ...options,
    context: typeof context === 'string' ? context : Readable.from([context]),
    report: (event) => {
      if (event.kind === 'notice') notices.push(event.message);
    },
  });
  return notices;
}

const NOTICE = /^the \.dockerignore in the stream is not applied: .*--dockerignore FILE/;

it.each(['.dockerignore', './.dockerignore'])(
  'gives one notice for %s in a stream',
  async (name) => {
    const bytes = tar(file('Dockerfile'), file(name), file(name));
    expect(await noticesOf(bytes)).toEqual([expect.stringMatching(NOTICE)]);
  },
);

it('gives the notice for a tar file', async () => {
  const context = join(folder, 'context.tar');
  await writeFile(context, tar(file('Dockerfile'), file('.dockerignore')));
  expect(await noticesOf(context)).toHaveLength(1);
});

it('gives none for a directory, where it is applied', async () => {
  for (const name of ['Dockerfile', '.dockerignore']) await writeFile(join(folder, name), 'x\n');
  expect(await noticesOf(folder)).toEqual([]);
});

it.each(['sub/.dockerignore', 'x.dockerignore', '.dockerignore/x'])(
  'gives none for %s',
  async (name) => {
    expect(await noticesOf(tar(file('Dockerfile'), file(name)))).toEqual([]);
  },
);

it('gives none where patterns were given', async () => {
  const bytes = tar(file('Dockerfile'), file('.dockerignore'));
  expect(await noticesOf(bytes, { exclude: ['dist'] })).toEqual([]);
});
