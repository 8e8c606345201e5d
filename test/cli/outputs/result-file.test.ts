import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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

describe.each(['--iidfile', '--metadata-file'])('the file of %s', (option) => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-result-'));
    mkdirSync(join(folder, 'context'));
    writeFileSync(join(folder, 'context', 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const build = (file: string, ...more: string[]): Promise<Run> =>
    run(['-o', 'image.tar', option, file, ...more, 'context'], { cwd: folder });

  it.each([
    ['in a folder that is not there', 'none/file', 'the folder it belongs into is not there'],
    ['that is a folder', 'context', 'it is a folder'],
    ['below a file', 'context/Dockerfile/file', /folder/],
  ])('%s is refused before any work', async (_, file, why) => {
    const { code, stderr, stdout } = await build(file);
    expect([code, stdout.length]).toEqual([1, 0]);
    expect(stderr).toMatch(new RegExp(`^dockerception: writing ${option} ${file}: .*`));
    expect(stderr).toMatch(why);
    expect(() => readFileSync(join(folder, 'image.tar'))).toThrow('ENOENT');
  });

  it('may be a link, which stays', async () => {
    symlinkSync('target', join(folder, 'link'));
    expect((await build('link')).code).toBe(0);
    expect(readlinkSync(join(folder, 'link'))).toBe('target');
    expect(readFileSync(join(folder, 'target'), 'utf8')).toContain('sha256:');
  });
});

describe('the file of --iidfile', () => {
  it('is gone when the build fails, but no link is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dockerception-result-'));
    try {
      writeFileSync(join(folder, 'file'), `sha256:${'0'.repeat(64)}`);
      symlinkSync('/dev/null', join(folder, 'link'));
      for (const name of ['file', 'link']) {
        const { code } = await run(['-o', 'image.tar', '--iidfile', name, '.'], { cwd: folder });
        expect(code).toBe(3);
      }
      expect(() => readFileSync(join(folder, 'file'))).toThrow('ENOENT');
      expect(readlinkSync(join(folder, 'link'))).toBe('/dev/null');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.each(['--iidfile', '--metadata-file'])('a full disk under %s', (option) => {
  it('is an error, and leaves nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dockerception-result-'));
    try {
      writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
      const { code, stderr } = await run(['-o', '/dev/null', option, '/dev/full', '.'], {
        cwd: folder,
      });
      expect(code).toBe(1);
      expect(stderr).toContain(`writing ${option} /dev/full: no space is left\n`);
      expect(readdirSync(folder)).toEqual(['Dockerfile']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a small image', () => {
  it('needs no folder for temporary files; a large one names what brings one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dockerception-result-'));
    try {
      writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
      writeFileSync(join(folder, 'app'), Buffer.alloc(3 << 20, 'app'));
      const env = { TMPDIR: '/dev/null/folder', XDG_CACHE_HOME: '/dev/null/folder' };
      const small = await run(['-q', '--engine', 'embedded', '-o', '-', '.'], { cwd: folder, env });
      expect([small.code, small.stderr]).toEqual([0, '']);
      writeFileSync(join(folder, 'large'), Buffer.alloc(20 << 20, 'app'));
      const args = ['-q', '--engine', 'embedded', '--compression', 'none', '-o', '-', '.'];
      const large = await run(args, { cwd: folder, env });
      expect(large.code).toBe(1);
      expect(large.stderr).toMatch(
        /^dockerception: writing a temporary file in [^\n]+\nhint: [^\n]*--tmpfs \/tmp\n$/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
