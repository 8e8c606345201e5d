/** What a build without an engine says of its image, and what it doesn't write because of a limit. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { helloProgram } from '../samples/hello/elf.js';
import type { BuildOptions } from '../src/build.js';
import { build, buildThen } from '../src/build.js';
import type { Engine } from '../src/engine/engine.js';
import { searchDelivered } from '../src/engine/request.js';
import type { Limits } from '../src/options/limits.js';
import type { ProgressEvent } from '../src/progress/events.js';
import { member, tar } from './support/write-tar.js';

const ID = `sha256:${'1'.repeat(64)}`;
const PLATFORM = { os: 'linux', architecture: 'amd64' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const program = (name: string, arch = 'x64', mode = 0o755): Buffer =>
  member({ name, mode, body: helloProgram(arch, 'hello\n') });

function privateKey(): string {
  const { privateKey: key } = generateKeyPairSync('ed25519');
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

function contextOf(lines: readonly string[], ...members: readonly Buffer[]): Readable {
  const Dockerfile = member({ name: 'Dockerfile', body: `${lines.join('\n')}\n` });
  return Readable.from([tar(Dockerfile, ...members)]);
}

/** Builds to an archive for one platform; what was reported beside what became of it. */
async function built(
  context: Readable,
  options: Partial<BuildOptions> = {},
): Promise<{
  readonly outcome: unknown;
  readonly told: string[];
  readonly events: ProgressEvent[];
}> {
  const events: ProgressEvent[] = [];
  const outcome = await build({
    context,
    engine: 'embedded',
    tags: ['app'],
    platforms: ['linux/amd64'],
    outputs: [{ type: 'oci', dest: join(folder, 'app.tar'), attributes: {} }],
    report: (event) => void events.push(event),
    ...options,
  }).catch((error: unknown) => error);
  const told = events.flatMap((event) =>
    event.kind === 'finding' ? [`${event.severity} ${event.id} ${event.path}`] : [],
  );
  return { outcome, told, events };
}

describe('an image that is put together here', () => {
  it('is written without a word when there is nothing to say', async () => {
    const context = contextOf(['FROM scratch', 'COPY app /app', 'CMD ["/app"]'], program('app'));
    const { outcome, told } = await built(context);
    expect(outcome).toMatchObject({ outputs: [{ type: 'oci' }] });
    expect(told).toEqual([]);
  });

  it('has what several platforms have in common told once', async () => {
    const lines = ['FROM scratch', 'ARG TARGETARCH', 'COPY $TARGETARCH /app', 'CMD ["/app"]'];
    const programs = [program('amd64', 'x64', 0o644), program('arm64', 'arm64', 0o644)];
    const { told } = await built(contextOf(lines, ...programs), {
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    expect(told).toEqual(['error entrypoint-not-executable /app']);
  });

  it('is written with what was found in it, of severity error and warning', async () => {
    const context = contextOf(
      ['FROM scratch', 'COPY . /srv', 'CMD ["/srv/app"]'],
      program('app', 'x64', 0o644),
      member({ name: '.git/HEAD', body: 'ref: refs/heads/main\n' }),
    );
    const { outcome, told, events } = await built(context);
    expect(outcome).toMatchObject({ outputs: [{ type: 'oci' }] });
    expect(told).toEqual([
      'error entrypoint-not-executable /srv/app',
      'warning version-control /srv/.git',
    ]);
    // Before it has its name: whoever pushes has read it by then.
    const at = (kind: string): number => events.findIndex((event) => event.kind === kind);
    expect(at('finding')).toBeGreaterThan(at('context'));
  });

  it('isn’t looked into when nobody wants it', async () => {
    const context = contextOf(['FROM scratch', 'CMD ["/nowhere"]'], program('app'));
    expect((await built(context, { check: false })).told).toEqual([]);
    const limited = contextOf(['FROM scratch', 'CMD ["/nowhere"]'], program('app'));
    const { outcome, told } = await built(limited, { check: false, limits: { mustRun: true } });
    expect(outcome).toMatchObject({ kind: 'limit' });
    expect(told).toEqual([]);
  });

  it('is looked into for each of its platforms', async () => {
    const context = contextOf(
      ['FROM scratch', 'COPY app /app', 'CMD ["/app"]'],
      program('app', 'arm64'),
    );
    const { told } = await built(context, { platforms: ['linux/arm64', 'linux/amd64'] });
    expect(told).toEqual(['error entrypoint-architecture /app']);
  });

  it.each<[Limits, RegExp]>([
    [{ maxSize: 100 }, /`maxSize`: it has .*, 100 B are allowed/],
    [{ maxLayers: 2 }, /`maxLayers`: it has 3 layers, 2 are allowed/],
    [{ maxWaste: 10 }, /`maxWaste`: /],
    [{ maxWaste: { percent: 1 } }, /`maxWaste`: /],
    [{ deny: ['**/copy'] }, /`deny: '\*\*\/copy'`: \/sub\/copy/],
    [{ denySetuid: true }, /`denySetuid`: \/sub\/copy/],
    [{ denyIds: true }, /`denyIds`: \/sub\/copy belongs to 70000:70000/],
    [{ mustRun: true }, /`mustRun`: /],
    [{ deny: ['sub'], maxLayers: 1 }, /`maxLayers`: .*; `deny: sub`: \/sub/],
  ])('is not written with %o', async (limits, why) => {
    const lines = ['FROM scratch', 'COPY app /app', 'COPY app /sub/copy', 'COPY app /app2'];
    const copies = [
      ...lines,
      'COPY --chmod=4755 --chown=70000 app /sub/copy',
      'CMD ["/nowhere"]',
    ].filter((line) => line !== 'COPY app /app2');
    const { outcome } = await built(contextOf(copies, program('app')), {
      limits,
      outputs: [
        { type: 'oci', dest: join(folder, 'app.tar'), attributes: {} },
        { type: 'oci', dest: join(folder, 'layout'), attributes: { tar: 'false' } },
        { type: 'tar', dest: join(folder, 'flat.tar'), attributes: {} },
        { type: 'local', dest: join(folder, 'local'), attributes: {} },
      ],
    });
    expect(outcome).toMatchObject({ kind: 'limit', code: 'LIMIT_EXCEEDED' });
    expect((outcome as Error).message).toMatch(why);
    expect(await readdir(folder)).toEqual([]);
  });

  it('counts what its base has, by layers, size and names; what its files hold is not known', async () => {
    const base = contextOf(
      ['FROM scratch', 'COPY app /bin/app', 'COPY key /etc/key', 'CMD ["/bin/app"]'],
      program('app'),
      member({ name: 'key', body: privateKey() }),
    );
    const first = await built(base, {
      outputs: [{ type: 'oci', dest: join(folder, 'base.tar'), attributes: {} }],
    });
    expect(first.told).toEqual(['error private-key /etc/key']);
    const upon = (limits: Limits): Promise<{ outcome: unknown; told: string[] }> =>
      built(contextOf(['FROM base', 'COPY app /app'], program('app')), {
        limits,
        buildContexts: { base: `oci-archive://${join(folder, 'base.tar')}` },
      });
    expect((await upon({ mustRun: true, maxLayers: 3, deny: ['**/.git'] })).told).toEqual([]);
    for (const limits of [{ maxLayers: 2 }, { deny: ['etc/key'] }, { maxSize: 300 }])
      expect((await upon(limits)).outcome).toMatchObject({ kind: 'limit' });
  });
});

describe('an image of an engine', () => {
  const context = (): Readable =>
    contextOf(['FROM busybox', 'COPY . /', 'CMD ["/app"]'], program('app'));

  /** Builds with an engine that checks its image as the others do, and lists what happens in order. */
  const order = async (change: Partial<BuildOptions>, deliver = () => Promise.resolve()) => {
    const steps: string[] = [];
    const engine: Engine = async ({ stream }, request) => {
      await buffer(stream);
      const open = (): Promise<Readable> => {
        steps.push('read');
        return Promise.reject(new Error('it is gone'));
      };
      const check = request.check;
      const stored = { id: ID, size: 1, platform: PLATFORM, open };
      if (check?.hasLimits === true) await check.stored(stored);
      steps.push('named');
      return searchDelivered(request, { imageId: ID, metadata: {} }, () => check?.stored(stored));
    };
    const options = { context: context(), engine, ...change };
    const outcome = await buildThen(options, ({ imageId }) => {
      steps.push(imageId);
      return deliver();
    }).catch((error: unknown) => error);
    return { outcome, steps };
  };

  it('is read after the result was delivered', async () => {
    expect((await order({})).steps).toEqual(['named', ID, 'read']);
  });

  it('is read before it is named if there are limits', async () => {
    const { outcome, steps } = await order({ limits: { maxSize: 1 } });
    expect(outcome).toMatchObject({ message: 'it is gone' });
    expect(steps).toEqual(['read']);
  });

  it('is not read if the context shows everything, nor without a check', async () => {
    const plain = contextOf(['FROM scratch', 'COPY . /'], program('app'));
    const platforms = ['linux/amd64'];
    expect((await order({ context: plain, platforms })).steps).toEqual(['named', ID]);
    expect((await order({ check: false })).steps).toEqual(['named', ID]);
  });

  it('is delivered once, and a failure to deliver it is the failure of the build', async () => {
    const { outcome, steps } = await order({}, () => Promise.reject(new Error('no space')));
    expect(outcome).toMatchObject({ message: 'no space' });
    expect(steps).toEqual(['named', ID, 'read']);
  });

  it('stays when a signal ends the reading', async () => {
    const stop = new AbortController();
    const deliver = (): Promise<void> => {
      stop.abort(new Error('stopped'));
      return Promise.resolve();
    };
    const { outcome } = await order({ signal: stop.signal }, deliver);
    expect(outcome).toMatchObject({ imageId: ID });
  });
});
