import { describe, expect, test } from 'vitest';
import { TarWalk } from '../../src/tar/walk.js';
import { CHUNKS } from '../support/filter.js';
import { endingOf, view } from '../support/view.js';
import { END, long, member, pax, tar } from '../support/write-tar.js';

const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex');

describe('the content of entries', () => {
  const bytes = tar(
    pax([['comment', 'global']], { typeflag: 'g' }),
    member({ name: 'dir/', typeflag: '5' }),
    member({ name: 'dir/a', body: 'a'.repeat(1300) }),
    member({ name: 'dir/empty' }),
    pax([['path', 'b'.repeat(300)]]),
    member({ name: 'short', body: 'b'.repeat(512) }),
    long('L', 'c'.repeat(200)),
    member({ name: 'short', magic: 'gnu', body: 'c' }),
    member({ name: 'link', typeflag: '1', linkname: 'dir/a', size: 1300, body: '' }),
    member({ name: 'null', typeflag: '3', devmajor: 1, devminor: 3 }),
    member({ name: 'sda', typeflag: '4', magic: 'gnu', devmajor: 8, devminor: 70_000_000 }),
    member({ name: 'old', typeflag: '3', magic: 'v7' }),
  );

  test.each(CHUNKS)('tells each entry with its content, in chunks of %i', (chunk) => {
    const { entries, ending, view: viewer } = view(bytes, chunk);
    expect(entries.map(({ path, content }) => [path, content.toString()])).toEqual([
      ['dir/', ''],
      ['dir/a', 'a'.repeat(1300)],
      ['dir/empty', ''],
      ['b'.repeat(300), 'b'.repeat(512)],
      ['c'.repeat(200), 'c'],
      ['link', ''],
      ['null', ''],
      ['sda', ''],
      ['old', ''],
    ]);
    for (const { contentSize, content } of entries) expect(contentSize).toBe(content.length);
    expect(entries.map(({ device }) => device).filter((device) => device)).toEqual([
      { major: 1, minor: 3 },
      { major: 8, minor: 70_000_000 },
      { major: 0, minor: 0 },
    ]);
    expect(ending).toBe('complete');
    expect(viewer).toMatchObject({ entries: 9, offset: bytes.length, trailing: undefined });
  });

  test('gives the pieces of a body as the chunks have them, without copies', () => {
    const pieces: Buffer[] = [];
    const viewer = new TarWalk({
      entry: () => undefined,
      data: (piece) => void pieces.push(piece),
      hole: () => undefined,
    });
    viewer.push(bytes);
    expect(pieces.map(({ length }) => length)).toEqual([1300, 512, 1]);
    for (const piece of pieces) expect(piece.buffer).toBe(bytes.buffer);
  });

  test('tells of every end that a tar should not have', () => {
    const whole = tar(
      member({ name: 'a', body: 'a' }),
      pax([['comment', 'b']]),
      member({ name: 'b' }),
    );
    const between: number[] = [];
    for (let end = 0; end < whole.length; end++) {
      const ending = endingOf(whole.subarray(0, end));
      if (ending === 'unterminated') between.push(end);
      else expect(ending).toBe('TAR_TRUNCATED');
    }
    // Nothing, one entry, two, and half of an end.
    expect(between).toEqual([0, 1024, 2560, 3072]);
  });

  test('measures what trails the end', () => {
    const trailing = view(Buffer.concat([bytes, Buffer.from('text')])).view.trailing;
    expect(trailing).toMatchObject({ bytes: 4 });
  });
});

describe('extended attributes', () => {
  const xattrs = (...records: [string, string | Buffer][]): unknown =>
    view(Buffer.concat([pax(records), member({ name: 'x' }), END])).entries[0]?.xattrs;

  test.each(CHUNKS)('come byte for byte, in chunks of %i', (chunk) => {
    const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const [entry] = view(
      tar(
        pax([
          ['SCHILY.xattr.security.capability', CAPABILITY],
          ['SCHILY.xattr.user.ünï', binary],
          ['SCHILY.xattr.user.empty', ''],
        ]),
        member({ name: 'x' }),
      ),
      chunk,
    ).entries;
    expect([...(entry?.xattrs ?? [])]).toEqual([
      ['security.capability', CAPABILITY],
      ['user.ünï', binary],
      ['user.empty', Buffer.alloc(0)],
    ]);
  });

  test("are ignored in libarchive's form, as by Go's archive/tar", () => {
    expect(xattrs(['LIBARCHIVE.xattr.user.a', 'eA=='])).toBeUndefined();
    expect(xattrs(['LIBARCHIVE.xattr.user.a', '*'])).toBeUndefined();
    expect(xattrs(['SCHILY.xattr.user.a', 'plain'], ['LIBARCHIVE.xattr.user.b', 'eA'])).toEqual(
      new Map([['user.a', Buffer.from('plain')]]),
    );
  });

  test('are undefined where there are none', () => {
    expect(xattrs(['comment', 'x'])).toBeUndefined();
    expect(view(tar(member({ name: 'x' }))).entries[0]?.xattrs).toBeUndefined();
  });

  test("are not inherited of a global header: Go's archive/tar, and so Docker, doesn't", () => {
    const global = pax([['SCHILY.xattr.user.a', 'b']], { typeflag: 'g' });
    expect(view(tar(global, member({ name: 'x' }))).entries[0]?.xattrs).toBeUndefined();
  });
});
