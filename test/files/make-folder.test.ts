import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/files/make-folder.js';

describe('a created folder', () => {
  let folder: string;
  let made: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
    made = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  const make = (path: string): void => {
    for (const one of makeFolder(path)) {
      made.push(one.path);
      one.keep();
    }
  };

  it('creates those above it first, and returns each that did not exist', () => {
    make(join(folder, 'a', 'b', 'c'));
    make(join(folder, 'a', 'b', 'd'));
    expect(made).toEqual(['a', 'a/b', 'a/b/c', 'a/b/d'].map((name) => join(folder, name)));
  });

  it('may exist, and be a link', async () => {
    await symlink(folder, join(folder, 'link'));
    make(join(folder, 'link'));
    make(folder);
    expect(made).toEqual([]);
  });

  it.each(['file', 'file/below', 'dangling'])('can’t be at %s', async (path) => {
    await writeFile(join(folder, 'file'), '');
    await symlink('nowhere', join(folder, 'dangling'));
    expect(() => make(join(folder, path))).toThrow(/EEXIST|ENOTDIR/);
    expect(made).toEqual([]);
  });

  it('is removed again when one inside it can’t be created', () => {
    expect(() => make(join(folder, 'a', 'b', 'x'.repeat(256)))).toThrow('ENAMETOOLONG');
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });

  it('fails at once where the system can create none', (context) => {
    // On Linux: a folder that is there, and says of what is made in it that nothing is.
    if (!existsSync('/proc/self')) context.skip();
    expect(() => make('/proc/dockerception/a/b')).toThrow('ENOENT');
  });
});
