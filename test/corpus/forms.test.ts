import { describe, expect, test } from 'vitest';
import { CHUNKS, filter, filtered } from '../support/filter.js';
import { ownersIn, withoutOwners, withoutRoot } from '../support/owners.js';
import { type Entry, readTar } from '../support/read-tar.js';
import { FORMS } from './forms.js';

/** Nobody's left, in any form: an empty record takes back what a global one says. */
const ROOT_ALONE = /^(header 0:0 \(:\)|record [ug]id=0?|record [ug]name=)$/;

const upToEnd = (tar: Buffer): Buffer => tar.subarray(0, readTar(tar).end);

/** What came out for the stream that went in, without a root entry that was put in front. */
const ownPart = (output: Buffer, tar: Buffer): Buffer =>
  readTar(output).entries[0]?.name === './' && readTar(tar).entries[0]?.name !== './'
    ? withoutRoot(output)
    : output;

/** What no edit of names, modes and times may touch. */
const content = ({ typeflag, map, body, records }: Entry): unknown => ({
  typeflag,
  map: map.toString('latin1'),
  body: body.toString('latin1'),
  records: [...records].filter(([key]) => !/^(atime|ctime)$/.test(key)),
});

describe.each(FORMS)('$name', ({ tar, becomes = tar, leads }) => {
  test.each(CHUNKS)(
    'is owned by 0:0 alone, nothing else changed, in chunks of %i',
    async (chunk) => {
      const output = await filtered(tar, {}, chunk);
      expect(ownersIn(output).filter((owner) => !ROOT_ALONE.test(owner))).toEqual([]);
      expect(readTar(output).terminated).toBe(true);
      const rest = ownPart(output, becomes);
      expect(rest.length < output.length).toBe(leads === true);
      expect(withoutOwners(rest).equals(withoutOwners(becomes))).toBe(true);
    },
  );

  test.each(CHUNKS)('leaves byte for byte with its owners kept, in chunks of %i', async (chunk) => {
    const output = await filtered(tar, { owner: 'keep' }, chunk);
    expect(upToEnd(output).equals(upToEnd(tar))).toBe(true);
    expect(readTar(output).terminated).toBe(true);
  });

  test('gets the owner that was asked for, in every form', async () => {
    const output = await filtered(tar, { owner: { uid: 3_000_000, gid: 12 } });
    for (const entry of readTar(output).entries) {
      expect(entry).toMatchObject({ uid: 3_000_000, gid: 12, uname: '', gname: '' });
    }
    for (const { header } of readTar(output).groups) {
      // A block that was made here has no owner to tell of.
      if (header.name.toString() === './PaxHeaders/entry') continue;
      expect(header).toMatchObject({ uid: 3_000_000, gid: 12, uname: '', gname: '' });
    }
  });

  test('starts with a plain header', async () => {
    const first = (await filtered(tar)).toString('latin1', 0, 512);
    expect(first[156]).not.toMatch(/[xgXLKS]/);
    if (leads === true) expect(first.slice(257, 265)).toBe('ustar\x0000');
  });

  test('comes out of a second run as it went in', async () => {
    const once = await filtered(tar);
    expect((await filtered(once)).equals(once)).toBe(true);
  });

  test.each(CHUNKS)('keeps bodies and maps under every edit, in chunks of %i', async (chunk) => {
    const before = readTar(becomes).entries;
    const edits = { mode: 'a+rX,go-w', mtime: 1_500_000_000, prefix: 'some/where' };
    const after = readTar(ownPart(await filtered(tar, edits, chunk), becomes)).entries;
    expect(after.map(content)).toEqual(before.map(content));
    expect(after.map(({ name }) => name)).toEqual(
      before.map(({ name }) => `some/where/${name.replace(/^\.\//, '')}`),
    );
    expect(new Set(after.map(({ mtime }) => mtime))).toEqual(new Set(['1500000000']));
  });

  test('takes leading components off', async () => {
    const strip = (name: string): string => name.replace(/^[^/]*\/+/, '');
    const before = readTar(becomes).entries.filter(({ name }) => /\/./.test(name));
    const { output, error } = await filter(tar, { stripComponents: 1 });
    // A hard link to what is left out can't stay.
    if (before.some(({ typeflag, linkname }) => typeflag === '1' && !/\/./.test(linkname))) {
      expect(error).toMatchObject({ kind: 'context', code: 'TAR_LINK' });
      return;
    }
    const after = readTar(output).entries.filter(({ name }) => name !== './');
    expect(after.map(content)).toEqual(before.map(content));
    expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => strip(name)));
  });
});
