import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../support/process/cli.js';
import { useSharedProcess } from '../../support/process/shared-process.js';

const run = useSharedProcess();

describe('an output', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-outputs-'));
    mkdirSync(join(folder, 'context'));
    writeFileSync(join(folder, 'context', 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    writeFileSync(join(folder, 'file'), '');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const build = (...args: string[]): Promise<Run> =>
    run(['--engine', 'embedded', ...args, 'context'], { cwd: folder });

  it.each([
    ['context', 'it is a folder', 'type=local'],
    ['type=tar,dest=context', 'it is a folder', 'type=local'],
    ['none/file.tar', 'the folder it belongs into is not there', ''],
    ['file/file.tar', 'a file is where a folder has to be', ''],
    ['type=local,dest=file', 'a file is where a folder has to be', ''],
    ['type=local,dest=file/below', 'a file is where a folder has to be', ''],
    ['x'.repeat(256), 'the name is too long', ''],
  ])('at %s can’t be: %s', async (output, why, hint) => {
    const { code, stderr, stdout } = await build('-o', output, '-q');
    expect([code, stdout.toString()]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^dockerception: writing [^ ]+: ${why}\n`));
    expect(stderr).toContain(hint);
  });

  it('goes to what a link leads to, which may not be there yet', async () => {
    symlinkSync('deep/target.tar', join(folder, 'link.tar'));
    mkdirSync(join(folder, 'deep'));
    for (let time = 0; time < 2; time++) {
      expect((await build('-o', 'link.tar')).code).toBe(0);
      expect(readlinkSync(join(folder, 'link.tar'))).toBe('deep/target.tar');
      expect(readdirSync(join(folder, 'deep'))).toEqual(['target.tar']);
    }
    symlinkSync('loop.tar', join(folder, 'loop.tar'));
    expect((await build('-o', 'loop.tar')).code).toBe(1);
  });

  it('that is no file is not told to be loaded', async () => {
    expect((await build('-o', '/dev/null')).stderr).not.toContain('docker load');
    expect((await build('-o', 'app.tar')).stderr).toContain('docker load < app.tar');
  });
});

describe('a build context', () => {
  it('that isn’t there is told by its option', async () => {
    const { code, stderr } = await run([
      '--base',
      'base',
      '--build-context',
      'base=none',
      '-o',
      'app.tar',
      '-q',
      '.',
    ]);
    expect(code).toBe(2);
    expect(stderr).toBe(
      'dockerception: reading --build-context …=none: there is no such file or directory\n' +
        'hint: docker-image://none is for an image\n',
    );
  });
});
