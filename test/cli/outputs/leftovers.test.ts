import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeRegistry } from '../../image/registry/fake.js';
import { LONG } from '../../support/long.js';
import { cleanEnvironment } from '../../support/process/cli.js';
import { member, tar } from '../../support/write-tar.js';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

/** Long enough that its layer is written while it arrives, and that writing it anywhere takes a while. */
const LARGE = 10 << 20;
const CONTENT = Buffer.alloc(
  LARGE,
  Buffer.from(Array.from({ length: 65_521 }, (_, at) => at * at)),
);
const CONTEXT = Buffer.from(
  tar(
    member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY . /\n' }),
    ...Array.from({ length: 300 }, (_, at) => member({ name: `small/${at}`, body: `${at}` })),
    member({ name: 'large', body: CONTENT }),
    member({ name: 'last', body: 'x' }),
  ),
);

const OUTPUTS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['an archive', ['-o', 'app.tar']],
  ['a layout', ['-o', 'type=oci,tar=false,dest=deep/layout']],
  ['a tar', ['-o', 'type=tar,dest=root.tar']],
  ['a folder', ['-o', 'type=local,dest=deep/root']],
  [
    'several outputs',
    ['-o', 'app.tar', '-o', 'type=oci,tar=false,dest=l', '-o', 'type=local,dest=r'],
  ],
];

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

let folder: string;
let temporary: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-left-'));
  temporary = mkdtempSync(join(tmpdir(), 'dockerception-left-'));
});
afterEach(() => {
  for (const each of [folder, temporary]) rmSync(each, { recursive: true });
});

const left = (): string[] => [
  ...readdirSync(folder, { recursive: true, encoding: 'utf8' }),
  ...readdirSync(temporary, { recursive: true, encoding: 'utf8' }),
];

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(
    process.execPath,
    [BIN, '--engine', 'embedded', '-q', '--compression', 'none', ...args],
    {
      cwd: folder,
      env: cleanEnvironment(temporary),
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  return { child, ended };
}

/** Resolves when the process has read all but what fits into the pipe. */
function fed(child: ChildProcess, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => child.stdin?.write(bytes, () => resolve()));
}

/** Resolves when a temporary file exists, or the process has ended. */
async function written(ended: Promise<Ended>): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  while (!over && !left().some((name) => name.includes('partial'))) await setTimeout(1);
}

describe.each(OUTPUTS)('%s', (_, args) => {
  it('is not left in part by two signals, whenever they arrive', async () => {
    for (let round = 0; round < (LONG ? 5 : 2); round++) {
      const { child, ended } = start(...args);
      const whole = round % 2 === 1;
      // Half of the contexts fall silent in the middle of the large file.
      await fed(child, CONTEXT.subarray(0, CONTEXT.length - (1 << 20)));
      if (whole) child.stdin?.end(CONTEXT.subarray(CONTEXT.length - (1 << 20)));
      await setTimeout(round * 7);
      child.kill('SIGINT');
      await setTimeout(round);
      child.kill('SIGINT');
      const { code: status, signal, stderr } = await ended;
      // Node restores the default action of signals at the very end of a process: a shell sees 130, too.
      const code = signal === 'SIGINT' ? 130 : status;
      expect(stderr).not.toMatch(/ {4}at |Unhandled|node:/);
      // It may have been complete before the first signal arrived.
      if (code !== 0) expect([code, left()]).toEqual([130, []]);
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    }
  });

  it('is written by the next run after one that was killed, and nothing else is left', async () => {
    const first = start(...args);
    first.child.stdin?.write(CONTEXT.subarray(0, CONTEXT.length / 2));
    if (args.some((arg) => /type=(tar|local)/.test(arg)))
      first.child.stdin?.end(CONTEXT.subarray(CONTEXT.length / 2));
    await written(first.ended);
    first.child.kill('SIGKILL');
    await first.ended;
    const { child, ended } = start(...args);
    child.stdin?.end(CONTEXT);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(left().filter((name) => name.includes('partial'))).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('a push that stalls', () => {
  it('ends at two signals with nothing left and without a stack trace', async () => {
    const registry = await fakeRegistry(({ method }, response) => {
      if (method !== 'PUT') return false;
      // Some of the blob is read, and no answer comes.
      response.on('close', () => undefined);
      return true;
    });
    try {
      for (let round = 0; round < (LONG ? 4 : 2); round++) {
        const outputs = round % 2 === 0 ? [] : ['-o', 'app.tar', '-o', 'type=oci,tar=false,dest=l'];
        registry.seen.length = 0;
        const { child, ended } = start('-t', `${registry.address}/app`, '--push', ...outputs);
        child.stdin?.end(CONTEXT);
        while (!registry.seen.some(({ method }) => method === 'PUT')) await setTimeout(1);
        await setTimeout(round * 5);
        child.kill('SIGINT');
        await setTimeout(round);
        child.kill('SIGINT');
        const { code, stderr } = await ended;
        expect(stderr).not.toMatch(/ {4}at |Unhandled|node:/);
        expect([code, left()]).toEqual([130, []]);
      }
    } finally {
      await registry.close();
    }
  });
});

describe('the folder of an output', () => {
  it('keeps temporary files of processes that run, and of those that can’t be checked', async () => {
    const alive = start('-o', 'first.tar');
    alive.child.stdin?.write(CONTEXT.subarray(0, CONTEXT.length / 2));
    await written(alive.ended);
    const [name = ''] = left().filter((one) => one.includes('partial'));
    const other = name.replace(/partial-[0-9a-f]{12}/, `partial-${'1'.repeat(12)}`);
    writeFileSync(join(folder, other), 'of another machine');
    mkdirSync(join(folder, 'unrelated.partial-1'));
    const second = start('-o', 'second.tar');
    second.child.stdin?.end(CONTEXT);
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(left()).toContain(name);
    alive.child.stdin?.end(CONTEXT.subarray(CONTEXT.length / 2));
    expect(await alive.ended).toMatchObject({ code: 0 });
    expect(left().sort()).toEqual([other, 'first.tar', 'second.tar', 'unrelated.partial-1'].sort());
    const [one, two] = ['first.tar', 'second.tar'].map((each) => readFileSync(join(folder, each)));
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true);
  });
});
