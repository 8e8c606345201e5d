import { existsSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/image/make-folder.js';

describe('a folder that is made', () => {
  let folder: string;
  let made: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
    made = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  const make = (path: string): Promise<void> => makeFolder(path, (each) => made.push(each));

  it('has those above it made first, and tells of each that was not there', async () => {
    await make(join(folder, 'a', 'b', 'c'));
    await make(join(folder, 'a', 'b', 'd'));
    expect(made).toEqual(['a', 'a/b', 'a/b/c', 'a/b/d'].map((name) => join(folder, name)));
  });

  it('may be there, and be a link', async () => {
    await symlink(folder, join(folder, 'link'));
    await make(join(folder, 'link'));
    await make(folder);
    expect(made).toEqual([]);
  });

  it.each(['file', 'file/below', 'dangling'])('can’t be at %s', async (path) => {
    await writeFile(join(folder, 'file'), '');
    await symlink('nowhere', join(folder, 'dangling'));
    await expect(make(join(folder, path))).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect(made).toEqual([]);
  });

  it('can’t be where the system has no place for one, which takes no time', async (context) => {
    // On Linux: a folder that is there, and says of what is made in it that nothing is.
    if (!existsSync('/proc/self')) context.skip();
    await expect(make('/proc/dockerception/a/b')).rejects.toThrow('ENOENT');
  });
});
