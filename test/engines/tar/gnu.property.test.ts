/** Any tree of files, written by GNU tar in every format: the same property as for other writers. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkSizes, edits } from '../../property/entries.js';
import { list, reference, Refusal } from '../../property/reference.js';
import { filter } from '../../support/filter.js';
import { readTar } from '../../support/read-tar.js';

const FORMATS = ['v7', 'oldgnu', 'gnu', 'ustar', 'posix'] as const;
const RUNS = { seed: 20_260_102, numRuns: 150 };

interface Made {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hard-link' | 'sparse';
  readonly size: number;
  readonly mode: number;
  /** Seconds, with a fraction in some. */
  readonly mtime: number;
}

const made: fc.Arbitrary<Made> = fc.record({
  name: fc.oneof(
    fc.stringMatching(/^[a-z][a-z .]{0,8}$/),
    fc.constantFrom('größe', '文件', `long-${'x'.repeat(120)}`, 'with\nnewline'),
  ),
  kind: fc.constantFrom('file', 'directory', 'symlink', 'hard-link', 'sparse'),
  size: fc.nat(2000),
  mode: fc.constantFrom(0o644, 0o755, 0o600, 0o4755, 0o1777),
  mtime: fc.constantFrom(0, 1_700_000_000, 1_700_000_000.25, 4_000_000_000),
});

/** Makes the tree; a name that is taken already is left to its first owner. */
function plant(root: string, items: readonly Made[]): void {
  fs.writeFileSync(path.join(root, 'first'), 'the target of links');
  for (const { name, kind, size, mode, mtime } of items) {
    const at = path.join(root, name);
    if (fs.lstatSync(at, { throwIfNoEntry: false }) !== undefined) continue;
    if (kind === 'symlink') {
      fs.symlinkSync('../elsewhere', at);
      continue;
    }
    if (kind === 'hard-link') fs.linkSync(path.join(root, 'first'), at);
    else if (kind === 'directory') fs.mkdirSync(at);
    else fs.writeFileSync(at, Buffer.alloc(size, name));
    if (kind === 'sparse') fs.truncateSync(at, size + 100_000);
    fs.chmodSync(at, mode);
    fs.utimesSync(at, mtime, mtime);
  }
}

/** The content of all files, holes included, as GNU tar extracts it. */
function extracted(tar: Buffer): Buffer {
  return execFileSync('tar', ['-xO'], { input: tar, maxBuffer: 1 << 26 });
}

test.each(FORMATS)('what GNU tar writes as %s leaves as the reference has it', async (format) => {
  const property = fc.asyncProperty(
    fc.array(made, { maxLength: 6 }),
    chunkSizes,
    edits,
    fc.constantFrom('0:0', '1000:1000', '197609:197121'),
    async (items, chunks, wanted, owner) => {
      const root = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-gnu-'));
      try {
        const old = format === 'v7' || format === 'ustar';
        // These have no way to carry so long a component, and GNU tar would leave the file out.
        plant(root, old ? items.filter(({ name }) => name.length < 90) : items);
        const [uid, gid] = owner.split(':') as [string, string];
        const names = [`--owner=builder:${uid}`, `--group=builders:${gid}`];
        // GNU tar knows sparse files in its own formats and in PAX.
        const sparse = old ? [] : ['--sparse'];
        const tar = execFileSync(
          'tar',
          ['-c', ...sparse, `--format=${format}`, ...names, '-C', root, '.'],
          { maxBuffer: 1 << 26 },
        );
        const entries = readTar(tar).entries;
        let expected;
        try {
          expected = reference(entries, wanted);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
        const { output, error } = await filter(tar, wanted, chunks);
        if (expected === undefined) {
          expect(error).toMatchObject({ kind: 'context', code: 'TAR_LINK' });
          return;
        }
        expect(error).toBeUndefined();
        const listed = readTar(output).entries.map(list);
        if (listed.length > expected.length) {
          expect(listed.shift()).toMatchObject({ name: './', typeflag: '5' });
        }
        expect(listed).toEqual(expected);
        // Sparse files in another form have the same content.
        if (listed.length >= entries.length)
          expect(extracted(output).equals(extracted(tar))).toBe(true);
        const read = execFileSync('tar', ['-t', '--quoting-style=escape'], { input: output });
        expect(read.toString().split('\n').filter(Boolean)).toHaveLength(
          readTar(output).entries.length,
        );
      } finally {
        fs.rmSync(root, { recursive: true });
      }
    },
  );
  await fc.assert(property, RUNS);
});
