import { describe, expect, it } from 'vitest';
import { destinationOf, mover, place } from '../../src/builder/artifacts.js';
import { readTar } from '../support/read-tar.js';
import { walk } from '../support/walk.js';
import { END, member, tar } from '../support/write-tar.js';

describe('the destination of an artifact', () => {
  it.each([
    // path, DEST, is a directory, in the context
    ['/out/app', undefined, false, 'app'],
    ['/out/app', undefined, true, 'app'],
    ['out/app/', undefined, true, 'app'],
    ['/out/./app/../tool', undefined, false, 'tool'],
    ['/', undefined, true, ''],
    ['/out/app', '.', false, 'app'],
    ['/out/app', './', false, 'app'],
    ['/out/app', '/', false, 'app'],
    ['/out', '.', true, ''],
    ['/out', '/', true, ''],
    ['/out/app', 'bin', false, 'bin'],
    ['/out/app', 'bin/', false, 'bin/app'],
    ['/out/app', '/usr/bin/', false, 'usr/bin/app'],
    ['/out/app', 'usr//bin/./tool', false, 'usr/bin/tool'],
    ['/out', 'rootfs', true, 'rootfs'],
    ['/out', 'rootfs/', true, 'rootfs'],
    ['/out/app', 'a/../b', false, 'b'],
    ['/out/app', '.hidden', false, '.hidden'],
    ['/out/.profile', undefined, false, '.profile'],
  ])('%s as %s (a directory: %s) is %s', (path, dest, isDirectory, wanted) => {
    expect(destinationOf(path, dest, isDirectory)).toBe(wanted);
  });

  it.each(['..', '../app', 'a/../../b', '/..', '/../etc'])('is never outside: %s', (dest) => {
    expect(() => destinationOf('/out/app', dest, false)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'USAGE_ARTIFACT',
        message: `placing /out/app: '${dest}' leads outside of the context`,
      }) as Error,
    );
  });
});

describe('the names of an archive', () => {
  it.each([
    [['app'], 'bin/tool', ['bin/tool']],
    [['out/', 'out/a', 'out/b/', 'out/b/c'], 'x', ['x', 'x/a', 'x/b', 'x/b/c']],
    [['out/', 'out/a', 'out/b/c'], '', ['', 'a', 'b/c']],
    // Engines differ in how they write the root.
    [['/', 'etc/', 'etc/passwd'], '', ['', 'etc', 'etc/passwd']],
    [['./', './etc/', './etc/passwd'], 'r', ['r', 'r/etc', 'r/etc/passwd']],
    [['.', 'etc'], 'r', ['r', 'r/etc']],
    [['out/', 'out/out/', 'out/out/out'], 'x', ['x', 'x/out', 'x/out/out']],
    [['out', 'out/..x'], '', ['', '..x']],
  ])('%j below %j are %j', (names, dest, wanted) => {
    expect(names.map(mover(dest))).toEqual(wanted);
  });
});

describe('an archive that is put at its place', () => {
  const archive = tar(
    member({ name: 'out/', typeflag: '5', mode: 0o750 }),
    member({ name: 'out/app', body: 'program' }),
    member({ name: 'out/same', typeflag: '1', linkname: 'out/app' }),
    member({ name: 'out/link', typeflag: '2', linkname: 'app' }),
    member({ name: 'out/far', typeflag: '2', linkname: '/out/app' }),
    member({ name: 'out/sub/', typeflag: '5' }),
    member({ name: `out/sub/${'n'.repeat(120)}`.slice(0, 99), body: 'long' }),
  );
  const placed = (dest: string): { name: string; linkname: string | undefined; body: string }[] => {
    const { output } = walk(archive, place(dest));
    return readTar(Buffer.concat([output, END])).entries.map(({ name, linkname, body }) => ({
      name: String(name),
      linkname: linkname === undefined ? undefined : String(linkname),
      body: String(body),
    }));
  };

  it.each(['rootfs', 'deep/er', 'x'.repeat(90)])('moves with all that is in it to %s', (dest) => {
    const list = placed(dest);
    expect(list.map(({ name }) => name)).toEqual([
      `${dest}/`,
      `${dest}/app`,
      `${dest}/same`,
      `${dest}/link`,
      `${dest}/far`,
      `${dest}/sub/`,
      `${dest}/sub/${'n'.repeat(120)}`.replace(/n+$/, 'n'.repeat(91)),
    ]);
    expect(list[1]?.body).toBe('program');
  });

  it('moves the targets of hard links, but not those of symbolic links', () => {
    const links = (dest: string): (string | undefined)[] =>
      placed(dest)
        .filter(({ name }) => /(same|link|far)$/.test(name))
        .map(({ linkname }) => linkname);
    expect(links('rootfs')).toEqual(['rootfs/app', 'app', '/out/app']);
    expect(links('')).toEqual(['app', 'app', '/out/app']);
  });

  it('drops its own directory at the root, which the context already has', () => {
    expect(placed('').map(({ name }) => name)[0]).toBe('app');
  });

  it('keeps names that are no UTF-8 byte for byte', () => {
    const name = Buffer.concat([Buffer.from('out/'), Buffer.from([0xff, 0xe9])]);
    const odd = tar(member({ name: 'out/', typeflag: '5' }), member({ name, body: 'x' }));
    const { output } = walk(odd, place('r'));
    expect(output.includes(Buffer.concat([Buffer.from('r/'), Buffer.from([0xff, 0xe9])]))).toBe(
      true,
    );
    expect(output.includes(Buffer.from('out'))).toBe(false);
  });
});
