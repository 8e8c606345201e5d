/** The built library and the bundled command line find the files that their threads run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../bin/dockerception.js', import.meta.url));
const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;
/** Makes a machine of eight processors that hash slowly, and reports how many threads were started. */
const PRELOAD = `
  import os from 'node:os';
  import { syncBuiltinESMExports } from 'node:module';
  os.availableParallelism = () => 8;
  syncBuiltinESMExports();
  let time = 0;
  performance.now = () => (time += 1);
  let threads = 0;
  process.on('worker', () => threads++);
  process.on('exit', () => process.stderr.write('threads: ' + threads));
`;

describe('a large layer', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-threads-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    const words = Buffer.from(Array.from({ length: 1 << 20 }, (_, at) => (at * at) >> 9));
    writeFileSync(join(folder, 'app'), Buffer.concat(Array<Buffer>(30).fill(words)));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const archiveOf = (...args: readonly string[]): Buffer => {
    const out = join(folder, '..', `threads-${process.pid}.tar`);
    const preload = `data:text/javascript,${encodeURIComponent(PRELOAD)}`;
    const { stderr } = spawnSync(process.execPath, ['--import', preload, ...args], {
      env: { ...process.env, CONTEXT: folder, OUT: out, DOCKERCEPTION_ENGINE: 'embedded' },
      encoding: 'utf8',
    });
    // One thread hashes; up to three compress, as soon as those of libuv's pool are busy.
    expect(stderr).toMatch(/^threads: [2-4]$/);
    const archive = readFileSync(out);
    rmSync(out);
    return archive;
  };

  it('is hashed and compressed by threads in the command line and in the library', () => {
    const out = join(folder, '..', `threads-${process.pid}.tar`);
    const byCommand = archiveOf(BIN, '-q', '--no-cache', '-o', out, folder);
    const byLibrary = archiveOf(
      '--input-type=module',
      '-e',
      `import { build } from '${LIBRARY}';
       await build({ context: process.env.CONTEXT, noCache: true, outputs: [{ type: 'docker', dest: process.env.OUT, attributes: {} }] });`,
    );
    expect(byCommand.equals(byLibrary)).toBe(true);
  });
});
