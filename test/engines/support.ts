/**
 * The command line as a user has it: in a shell of its own, in an empty folder, with `dockerception`
 * and the `docker` that fits an engine on PATH. What a command leaves behind can be looked at.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { helloProgram } from '../../samples/hello/elf.js';
import { FAILURE_BLOCK } from '../../src/sink/failure-block.js';
import {
  connectTo,
  engines,
  listLabelled,
  listTags,
  removeNamed,
  type Variant,
  variants,
} from './engines.js';
import { groupEnds, kill } from './process-group.js';
import { create, type TestEntry } from './tar.js';

/** The command as package.json names it, on what `npm run build` made. */
export const BIN = fileURLToPath(new URL('../../bin/dockerception.js', import.meta.url));

/** Two engines with two builders each, and rootless Podman. */
export const five = variants.filter(({ name }) => name !== 'podman');

/** Longer than any of these may take, in milliseconds. */
const LIMIT = 60_000;

/** How a command ended. */
export interface Outcome {
  /** 128 and the signal's number when a signal ended it, as a shell has it. */
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** How long it took, in milliseconds. */
  readonly took: number;
}

/** A command that runs. */
export interface Running {
  readonly done: Promise<Outcome>;
  readonly pid: number;
  readonly stdin: NodeJS.WritableStream;
  /** Sends a signal to all of it, as Ctrl-C does. */
  signal(name: NodeJS.Signals): void;
  /** Resolves when standard error has what is looked for; rejects when it ends without. */
  says(text: string): Promise<void>;
}

/** What a command is run with. */
export interface Given {
  /** What it reads; without it standard input is empty. `undefined` leaves it open for `stdin`. */
  readonly input?: Buffer | Readable | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether it may leave files of its own in the folder for temporary files. */
  readonly litters?: boolean;
}

/** A user's shell with an engine. */
export interface Shell {
  /** The working folder. */
  readonly folder: string;
  readonly variant: Variant;
  /** Runs a script with bash; a pipeline fails when a part of it does. */
  run(script: string, given?: Given): Promise<Outcome>;
  /** Runs the command line by itself. */
  tool(args: readonly string[], given?: Given): Promise<Outcome>;
  start(command: readonly string[], given?: Given): Running;
  /** A name for an image that no one else uses; the image goes with the shell. */
  name(): string;
  /** Puts a file into the folder and returns its path. */
  file(name: string, content: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

/** Opens a shell whose DOCKER_HOST, DOCKER_BUILDKIT and `docker` are an engine's. */
export async function openShell(variant: Variant): Promise<Shell> {
  const root = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  const [bin, folder, temporary] = [join(root, 'bin'), join(root, 'work'), join(root, 'tmp')];
  for (const path of [bin, folder, temporary]) await mkdir(path);
  await symlink(BIN, join(bin, 'dockerception'));
  // Docker's command line finds buildx through its configuration; this tool needs none.
  const config =
    variant.engine === 'docker28' ? `DOCKER_CONFIG=${engines.docker28.dockerConfig} ` : '';
  // Podman's user can't enter the folder, and what is run here names no files in it.
  const enter = variant.podman ? 'cd /\n' : '';
  await writeFile(join(bin, 'docker'), `#!/bin/sh\n${enter}${config}exec ${variant.cli} "$@"\n`);
  await chmod(join(bin, 'docker'), 0o755);
  const base = {
    ...variant.env,
    HOME: homedir(),
    PATH: `${bin}:${process.env['PATH']}`,
    TMPDIR: temporary,
    NO_COLOR: '1',
  };

  const start = (command: readonly string[], given: Given = {}): Running => {
    const { input = Buffer.alloc(0), env, litters } = given;
    const [program = '', ...args] = command;
    const began = performance.now();
    const child = spawn(program, args, {
      cwd: folder,
      env: defined({ ...base, ...env }),
      // A group of its own: signals go to all of a pipeline, and what is left of it can be found.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const group = -(child.pid ?? NaN);
    const limit = setTimeout(() => kill(group, 'SIGKILL'), LIMIT);
    // A command that doesn't read, or ends early, breaks the pipe; its exit code tells.
    child.stdin.on('error', () => undefined);
    if (input instanceof Readable) input.on('error', () => child.stdin.destroy()).pipe(child.stdin);
    else if (!('input' in given) || given.input !== undefined) child.stdin.end(input);
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk));
    const finish = async (): Promise<Outcome> => {
      const [stdout, [status, signal]] = await Promise.all([
        buffer(child.stdout),
        once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
      ]);
      clearTimeout(limit);
      const took = performance.now() - began;
      if (took >= LIMIT) throw new Error(`${command.join(' ')} did not end:\n${text}`);
      expect(await groupEnds(group), 'a process is left').toBe(true);
      if (litters !== true) expect(await readdir(temporary), 'files are left').toEqual([]);
      expect(text, 'a stack trace').not.toMatch(/^ +at .*:\d+:\d+\)?$/m);
      const code = status ?? 128 + (SIGNALS[signal ?? 'SIGKILL'] ?? 0);
      return { code, stdout, stderr: text, took };
    };
    const done = finish();
    done.catch(() => undefined);
    return {
      done,
      pid: -group,
      stdin: child.stdin,
      signal: (name) => kill(group, name),
      async says(wanted) {
        let over = false;
        const end = (): void => void (over = true);
        done.then(end, end);
        while (!text.includes(wanted)) {
          if (over) throw new Error(`it never said ${wanted}:\n${text}`);
          await sleep(20);
        }
      },
    };
  };
  /** Runs a command, and again after a fault of the engine that has nothing to do with the tool. */
  const finished = async (command: readonly string[], given?: Given): Promise<Outcome> => {
    const once = (): Promise<Outcome> => start(command, given).done;
    return given?.input instanceof Readable ? once() : retried(once, variant.podman);
  };
  const prefix = `dockerception-cli-${randomBytes(6).toString('hex')}`;
  let names = 0;
  return {
    folder,
    variant,
    start,
    name: () => `${prefix}-${++names}`,
    run: (script, given) => finished(['bash', '-o', 'pipefail', '-c', script], given),
    tool: (args, given) => finished([process.execPath, BIN, ...args], given),
    async file(name, content) {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
    async close() {
      await removeNamed(variant.host, [prefix]);
      await rm(root, { recursive: true, force: true });
    },
  };
}

const ENGINE_TRIES = 5;

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGPIPE: 13,
  SIGTERM: 15,
};

function defined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Runs the tool, and again after a fault of the engine. */
export async function retried<T extends { stderr: string }>(run: () => Promise<T>, podman = false) {
  for (let tries = 1; ; tries++) {
    const outcome = await run();
    const isLost = lostImage(outcome) || (podman && lostOutput(outcome));
    if (!isLost || tries === ENGINE_TRIES) return outcome;
  }
}

/** Whether a build failed because another test removed an image, which neither the classic builder nor Podman withstands. */
export function lostImage({ stderr }: { stderr: string }): boolean {
  return stderr.includes('hint: another process removed an image during the build');
}

/** Whether `podman run` passed on nothing of what its container wrote, which was seen once, with Podman 4.3. */
function lostOutput({ stderr }: { stderr: string }): boolean {
  return stderr.includes('reading standard input: it is empty');
}

/** The one line that names an image on standard output. */
export function imageIdOf({ code, stdout, stderr }: Outcome): string {
  expect(code, stderr).toBe(0);
  const text = stdout.toString();
  expect(text).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  return text.trim();
}

/** That it ended with a code, one line that says why, and at most a hint behind it. */
export function expectFailure(outcome: Outcome, code: number, why: RegExp, hint?: RegExp): void {
  const { stderr } = outcome;
  // A pipe's reader is made to fail, too.
  const failed = FAILURE_BLOCK.toString();
  expect(outcome.stdout.toString().replace(failed, '')).toBe('');
  const lines = stderr.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith('dockerception: '));
  expect(lines[at], stderr).toMatch(why);
  const behind = lines.slice(at + 1);
  if (hint !== undefined) expect(behind.join('\n'), stderr).toMatch(hint);
  expect(behind.length, stderr).toBeLessThanOrEqual(1);
  for (const line of behind) expect(line).toMatch(/^hint: /);
  expect(outcome.code, stderr).toBe(code);
}

/** Whether an engine has something of a context: a name, or an image with the label `KEY=VALUE`. */
export async function tracesOf(host: string, unique: string): Promise<string[]> {
  const tags = (await listTags(host)).filter((tag) => tag.includes(unique));
  return [...tags, ...(await listLabelled(host, `is=${unique}`))];
}

/** Containers, stopped ones too, whose command has `text` in it. */
export async function containersOf(host: string, text: string): Promise<string[]> {
  const connection = await connectTo({ DOCKER_HOST: host });
  const path = '/containers/json?all=1';
  const all = (await connection.json({ method: 'GET', path })) as {
    Id: string;
    Command: string | readonly string[] | null;
  }[];
  return all.filter(({ Command }) => String(Command).includes(text)).map(({ Id }) => Id);
}

/** A static program that prints a line. */
export const program = (line: string): Buffer => helloProgram(process.arch, `${line}\n`);

/** What a builder writes: a Dockerfile and a binary that prints `line`. */
export function helloEntries(line: string): TestEntry[] {
  const Dockerfile = 'FROM scratch\nCOPY hello /hello\nENTRYPOINT ["/hello"]\n';
  return [
    { name: 'Dockerfile', content: Dockerfile },
    { name: 'hello', content: program(line) },
  ];
}

/** Builds, with the command line, the image of a builder: its files, and what it runs with sh. */
export async function makeBuilder(
  shell: Shell,
  command: string,
  entries: readonly TestEntry[],
): Promise<string> {
  const name = shell.name();
  const cmd = JSON.stringify(['sh', '-c', command]);
  const Dockerfile = `FROM ${engines.base}\nCOPY context /context\nWORKDIR /context\nCMD ${cmd}\n`;
  const files = entries.map((entry) => ({ ...entry, name: `context/${entry.name}` }));
  const tar = await create([{ name: 'Dockerfile', content: Dockerfile }, ...files]);
  imageIdOf(await shell.tool(['-q', '-t', name], { input: tar }));
  return name;
}
