/** A root that moves into a folder: what lands in the folder is what would have landed in the root. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE_FOLDER, baseDockerfile } from '../../src/dockerfile/base.js';
import { type Directory, isDirectory } from '../../src/filesystem/node.js';
import { Tree } from '../../src/filesystem/tree.js';
import { unpack } from '../../src/filesystem/unpack.js';
import { build } from '../../src/index.js';
import type { ProgressEvent } from '../../src/progress/events.js';
import { fromBinary } from '../../src/text/binary.js';
import { filter, inChunks } from '../support/filter.js';
import { type Member, member, tar } from '../support/write-tar.js';

/** What a tree has, file contents by their place among the contents. */
function listed(directory: Directory, above = ''): string[] {
  return [...directory.children]
    .flatMap(([name, node]) => {
      const path = `${above}/${fromBinary(name)}`;
      if (isDirectory(node)) return [`${path}/`, ...listed(node, path)];
      return [`${path} ${node.size} ${node.extra?.target ?? ''}`];
    })
    .sort();
}

async function unpacked(bytes: Buffer): Promise<Tree> {
  const tree = new Tree();
  let at = 0;
  const contents = { begin: () => at++, append: () => undefined };
  await unpack(inChunks(bytes, 4096), { tree, contents, name: 'the tar' });
  return tree;
}

const COMPONENT = fc.constantFrom('a', 'b', 'c', 'd');
const PATH = fc.array(COMPONENT, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const TARGET = fc
  .tuple(
    fc.constantFrom('', '/', './', '../', '../../', '/../', '//'),
    fc.array(fc.constantFrom('a', 'b', 'c', '..', '.'), { minLength: 1, maxLength: 4 }),
  )
  .map(([start, parts]) => start + parts.join('/'));
const ENTRY: fc.Arbitrary<Member> = fc.oneof(
  fc.record({ name: PATH, typeflag: fc.constant('0'), body: fc.constantFrom('x', 'yy', 'zzz') }),
  fc.record({ name: PATH.map((path) => `${path}/`), typeflag: fc.constant('5') }),
  fc.record({ name: PATH, typeflag: fc.constant('2'), linkname: TARGET }),
  fc.record({ name: PATH, typeflag: fc.constant('1'), linkname: PATH }),
);

describe('a root in a folder', () => {
  it('has what the root has, whatever the links', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(ENTRY, { maxLength: 14 }), async (entries) => {
        const bytes = tar(...entries.map((entry) => member({ mode: 0o755, ...entry })));
        // What leads nowhere, or through a file, is refused by an engine as well.
        const root = await unpacked(bytes).catch(() => undefined);
        if (root === undefined) return;
        const { output, error } = await filter(bytes, { base: 'scratch' });
        expect(error).toBeUndefined();
        const moved = (await unpacked(output)).at([BASE_FOLDER]) as Directory;
        expect(listed(moved)).toEqual(listed(root.freeze()));
        compared++;
      }),
      { numRuns: 600 },
    );
    expect(compared).toBeGreaterThan(150);
  }, 60_000);
});

describe('messages of a build with --base', () => {
  const messageOf = async (...entries: Member[]): Promise<{ message: string; steps: string }> => {
    const events: ProgressEvent[] = [];
    const bytes = tar(...entries.map((entry) => member(entry)));
    const error = await build({
      context: inChunks(bytes, 4096),
      base: 'scratch',
      engine: 'embedded',
      outputs: [{ type: 'tar', dest: '-', attributes: {} }],
      stdout: new PassThrough().resume(),
      env: {},
      report: (event) => void events.push(event),
    }).then(() => undefined, String);
    return { message: error ?? '', steps: JSON.stringify(events) };
  };

  it.each<[string, Member[], string]>([
    [
      'a hard link to nothing',
      [{ name: 'a', typeflag: '1', linkname: 'none' }],
      'a: a hard link to /none',
    ],
    [
      'a file for a directory',
      [{ name: 'a', body: 'x' }, { name: 'a/b' }],
      'entry a/b at byte 1024: /a is not',
    ],
    [
      'a link without a target',
      [
        { name: 'y'.repeat(100), prefix: 'x'.repeat(100) },
        { name: 'n', typeflag: '2', linkname: '' },
      ],
      'entry n',
    ],
    [
      'links without an end',
      [{ name: 'l', typeflag: '2', linkname: 'l' }, { name: 'l/b' }],
      'too many symbolic links',
    ],
  ])('name no folder that the user did not write: %s', async (_, entries, wanted) => {
    const { message, steps } = await messageOf(...entries);
    expect(message).toContain(wanted);
    expect(message + steps).not.toContain(BASE_FOLDER);
  });

  it('name the copy as one of the whole context', async () => {
    const { message, steps } = await messageOf({ name: 'file', body: 'x' });
    expect(message).toBe('');
    expect(steps).toContain('COPY . /');
    expect(steps).not.toContain(BASE_FOLDER);
    expect(baseDockerfile('scratch', [])).toContain(BASE_FOLDER);
  });
});
