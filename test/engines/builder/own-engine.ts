/** A Docker Engine of a test's own, which may be killed, started again, and have little memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, engines, run, type Variant } from '../engines.js';

export interface OwnEngine {
  readonly variant: Variant;
  /** Ends it by a signal; resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again; resolves when it answers. */
  start(): Promise<void>;
  /** Bytes for all of its containers together; -1 for as many as there are. */
  limit(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** Without networks, so that it has nothing to do with those of the other engines. */
export async function startOwnEngine(
  engine: 'docker20' | 'docker28' = 'docker20',
): Promise<OwnEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerception-own-'));
  const group = basename(folder);
  const socket = join(folder, 'engine.sock');
  const host = `unix://${socket}`;
  const log = openSync(join(folder, 'log'), 'a');
  const isNew = engine === 'docker28';
  const features = isNew ? { features: { 'containerd-snapshotter': true } } : {};
  await writeFile(join(folder, 'daemon.json'), JSON.stringify(features));
  const { cli } = engines[engine];
  const bin = dirname(cli);
  const PATH = isNew
    ? `${join(bin, '../sbin')}:${bin}:${process.env['PATH']}`
    : process.env['PATH'];
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    child = spawn(
      'dockerd',
      [
        ...['--config-file', join(folder, 'daemon.json'), '--host', host],
        ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
        ...['--pidfile', join(folder, 'pid'), '--bridge=none', '--iptables=false'],
        ...['--ip6tables=false', '--exec-opt', 'native.cgroupdriver=cgroupfs'],
        ...['--cgroup-parent', `/${group}`],
      ],
      { stdio: ['ignore', log, log], env: { ...process.env, PATH } },
    );
    for (let tries = 0; tries < 300; tries++) {
      await sleep(100);
      if (child.exitCode !== null) break;
      const ping = connectTo({ DOCKER_HOST: host }).then((connection) => connection.ping());
      if (await ping.then(() => true).catch(() => false)) return;
    }
    throw new Error(`dockerd does not answer:\n${await readFile(join(folder, 'log'), 'utf8')}`);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    // Its containerd goes with it, and is in the next one's way until then.
    const file = join(folder, 'exec/containerd/containerd.pid');
    const containerd = Number(await readFile(file, 'utf8').catch(() => 'NaN'));
    for (let tries = 0; tries < 100 && existsSync(`/proc/${containerd}`); tries++) await sleep(50);
  };
  await start();
  await run(cli, ['-H', host, 'load', '-q', '-i', engines.baseTar]);
  return {
    variant: {
      name: 'an engine of its own',
      engine,
      host,
      env: { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0' },
      cli,
      buildkit: false,
      podman: false,
    },
    end,
    start,
    async limit(bytes) {
      // One hierarchy, or one for memory.
      const all = '/sys/fs/cgroup';
      const isOne = existsSync(join(all, 'cgroup.controllers'));
      const path = isOne ? join(all, group) : join(all, 'memory', group);
      await mkdir(path, { recursive: true });
      const file = isOne ? 'memory.max' : 'memory.limit_in_bytes';
      await writeFile(join(path, file), isOne && bytes < 0 ? 'max' : String(bytes));
    },
    async close() {
      await end('SIGTERM');
      await killAll(folder);
      // What an engine that was killed has left mounted.
      const mounts = readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[1] ?? '')
        .filter((path) => path.startsWith(`${folder}/`));
      for (const path of mounts.reverse()) await run('umount', [path]).catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
      for (const hierarchy of ['', ...(await readdir('/sys/fs/cgroup'))])
        await removeGroups(join('/sys/fs/cgroup', hierarchy, group));
    },
  };
}

/** Ends what an engine that was killed has left running: all that has its folder in the command line. */
async function killAll(folder: string): Promise<void> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (!line.includes(`${folder}/`)) continue;
    const children = await readFile(`/proc/${entry}/task/${entry}/children`, 'utf8').catch(
      () => '',
    );
    for (const pid of [...children.trim().split(' ').filter(Boolean), entry])
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It is over already.
      }
  }
  await sleep(200);
}

async function removeGroups(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroups(join(path, entry.name));
  await rmdir(path).catch(() => undefined);
}
