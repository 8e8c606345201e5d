/** `filter` as a process, between pipes, sockets and files of the shell, with readers of every speed. */
import { spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURE_BLOCK } from '../../src/sink/failure-block.js';
import { cleanEnvironment, run } from '../support/process/cli.js';
import { member, tar } from '../support/write-tar.js';

const BIN = fileURLToPath(new URL('../../bin/dockerception.js', import.meta.url));
const DOCKERFILE = member({ name: 'Dockerfile', uid: 0, gid: 0, uname: '', gname: '', body: 'x' });
const BODY = randomFillSync(Buffer.alloc(1_500_000));
const CONTEXT = tar(DOCKERFILE, member({ name: 'data', body: BODY }));

/** Entries that a pipe doesn't hold, before a header that is none. */
const WHOLE = Buffer.concat([
  DOCKERFILE,
  member({ name: 'data', body: BODY.subarray(0, 204_800) }),
]);

const READERS = {
  fast: 'cat',
  slow: 'dd bs=8k 2>/dev/null',
  stalling: 'sleep 0.4; head -c 100000; sleep 0.3; cat',
  bursting: 'for i in 1 2 3 4 5; do head -c 200000; sleep 0.05; done; cat',
};

const COMMANDS = {
  'a file as standard input': '"$@" < context.tar',
  'a tar file': '"$@" context.tar',
  'compressed standard input': '"$@" < context.tar.gz',
  'a pipe': 'cat context.tar | "$@"',
  'a pipe of small pieces': 'dd if=context.tar bs=700 2>/dev/null | "$@"',
};

describe('filter', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'dockerception-test-'));
    writeFileSync(path.join(folder, 'context.tar'), CONTEXT);
    writeFileSync(path.join(folder, 'context.tar.gz'), gzipSync(CONTEXT));
    writeFileSync(path.join(folder, 'corrupt.tar'), Buffer.concat([WHOLE, Buffer.alloc(512, 'x')]));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs a script with the tool as "$@". Resolves to what it writes; rejects when it fails. */
  const shell = (
    script: string,
  ): Promise<{ stdout: Buffer; stderr: string; code: number | null }> =>
    new Promise((resolve, reject) => {
      const args = ['-c', script, 'sh', process.execPath, BIN, 'filter', '--keep-owner'];
      const child = spawn('sh', args, { cwd: folder, env: cleanEnvironment(folder) });
      const stdout: Buffer[] = [];
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ stdout: Buffer.concat(stdout), stderr, code }));
    });

  const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

  describe.concurrent.each(Object.entries(READERS))('with a %s reader', (_, reader) => {
    it.each(Object.entries(COMMANDS))('writes the same bytes from %s', async (_name, command) => {
      const { stdout, stderr } = await shell(`{ ${command}; } | { ${reader}; }`);
      expect(stderr).toBe('');
      expect(hash(stdout)).toBe(hash(CONTEXT));
    });

    it('writes the same bytes between sockets', async () => {
      const paused = reader === READERS.fast ? 0 : 300;
      const { stdout, code } = await run(['filter', '--keep-owner'], {
        input: CONTEXT,
        started: ({ stdout: socket }) => {
          if (paused === 0) return;
          socket?.once('data', () => {
            socket.pause();
            setTimeout(() => socket.resume(), paused);
          });
        },
      });
      expect(code).toBe(0);
      expect(hash(stdout)).toBe(hash(CONTEXT));
    });
  });

  it('says at once why it failed, and keeps the end for a reader that comes late', async () => {
    const late = `{ "$@" < corrupt.tar 2> said; echo "exit $?" >> said; } |
      { until [ -s said ]; do sleep 0.05; done; echo late >> said; cat; }; cat said >&2`;
    const { stdout, stderr } = await shell(late);
    const expected = Buffer.concat([WHOLE, FAILURE_BLOCK]);
    expect(hash(stdout)).toBe(hash(expected));
    expect(stderr).toMatch(
      /^dockerception: reading standard input: bad checksum.*\n(hint: .*\n)?late\nexit 3\n$/,
    );
  });
});
