/** The connection to BuildKit breaks anywhere: the build fails, and an output is complete or does not exist. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, DockerceptionError } from '../../../src/index.js';
import { engines, run } from '../engines.js';
import { create } from '../tar.js';
import { type BridgeOptions, type Direction, serveBuildKit } from './bridge.js';
import { docker28 } from './docker28.js';

const { host } = docker28;

/** Places in each direction. */
const PLACES = 30;
/** Bytes that are uploaded, pushed, and written to a file. */
const SIZE = 2 << 20;
/** Milliseconds that a build may take after the fault. */
const SOON = 10_000;

const Accept =
  'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';
const registry = `http://${engines.registry.address}/v2`;
const unique = randomBytes(6).toString('hex');
const folder = mkdtempSync(join(tmpdir(), 'dockerception-faults-'));
const secret = randomBytes(20).toString('hex');
writeFileSync(join(folder, 'secret'), secret);
afterAll(() => rmSync(folder, { recursive: true }));

interface End {
  readonly app: string;
  readonly address: string;
  readonly error: unknown;
  /** Milliseconds from the fault. */
  readonly took: number;
}

let builds = 0;
const appOf = (build: number): string => `faults-${unique}-${build}`;

/** Builds an image that is pushed, and written to a file, through a bridge. */
async function buildThrough(onData: NonNullable<BridgeOptions['onData']>): Promise<End> {
  const app = appOf(++builds);
  const context = await create([
    {
      name: 'Dockerfile',
      content:
        `FROM ${engines.base}\nLABEL is=${app}\nCOPY data /data\n` +
        'RUN --mount=type=secret,id=one sha256sum /data /run/secrets/one >/sums\n',
    },
    { name: 'data', content: randomBytes(SIZE) },
  ]);
  let failed = performance.now();
  let over = false;
  const server = await serveBuildKit(host, {
    onData(direction, bytes, faults) {
      const note =
        <A extends unknown[]>(fault: (...args: A) => void) =>
        (...args: A): void => {
          failed = performance.now();
          over = true;
          fault(...args);
        };
      if (over) return;
      onData(direction, bytes, {
        cut: note(faults.cut),
        end: note(faults.end),
        stall: note(() => {
          faults.stall();
          setTimeout(faults.cut, 500);
        }),
      });
    },
  });
  const error = await build({
    context: Readable.from([context]),
    engine: 'buildkit',
    builder: server.address,
    tags: [`${engines.registry.address}/${app}`],
    push: true,
    outputs: [{ type: 'oci', dest: join(folder, `${app}.tar`), attributes: {} }],
    secrets: [{ id: 'one', src: join(folder, 'secret') }],
    check: false,
    env: {},
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const took = performance.now() - failed;
  await server.close();
  return { app, error, took, address: server.address };
}

/** Whether the registry has an image, all of it. */
async function isPushed(app: string): Promise<boolean> {
  const answer = await fetch(`${registry}/${app}/manifests/latest`, { headers: { Accept } });
  const body = await answer.text();
  if (!answer.ok) return false;
  const { config, layers } = JSON.parse(body) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  for (const { digest } of [config, ...layers]) {
    const { status } = await fetch(`${registry}/${app}/blobs/${digest}`, { method: 'HEAD' });
    expect(status, digest).toBe(200);
  }
  return true;
}

/** The file of an image, which is complete; undefined if there is none. */
async function fileOf(app: string): Promise<string | undefined> {
  const [name, ...others] = readdirSync(folder).filter((name) => name.includes(`${app}.`));
  expect(others).toEqual([]);
  if (name === undefined) return undefined;
  expect(name).toBe(`${app}.tar`);
  const { stdout } = await run('tar', ['-xOf', join(folder, name), 'index.json']);
  expect(stdout).toContain('"digest"');
  return name;
}

async function expectEnd({ app, error, took, address }: End): Promise<void> {
  const written = [await isPushed(app), await fileOf(app)];
  if (error === undefined) return expect(written).toEqual([true, `${app}.tar`]);
  expect(error).toBeInstanceOf(DockerceptionError);
  const { kind, message } = error as DockerceptionError;
  expect(kind, message).toBe('engine');
  expect(message).toContain(address);
  expect(message).not.toMatch(/\n|\bERR_|undefined/);
  expect(took).toBeLessThan(SOON);
}

describe('a connection', () => {
  const totals: Record<Direction, number> = { in: 0, out: 0 };
  beforeAll(async () => {
    const end = await buildThrough((direction, bytes) => void (totals[direction] = bytes));
    expect(end.error).toBeUndefined();
    await expectEnd(end);
    expect(totals.in).toBeGreaterThan(SIZE);
    expect(totals.out).toBeGreaterThan(SIZE);
  });

  const directions: readonly Direction[] = ['in', 'out'];
  const everywhere = directions.flatMap((direction) =>
    Array.from({ length: PLACES }, (_, index) => [direction, index + 1] as const),
  );
  // What was pushed after the end must be complete, too.
  afterAll(() =>
    Promise.all(Array.from({ length: builds }, (_, index) => isPushed(appOf(index + 1)))),
  );

  it.concurrent.each(everywhere)(
    `is cut in the direction %s at place %i of ${PLACES}`,
    async (direction, place) => {
      const part = (place - 0.5) / PLACES;
      const end = await buildThrough((way, bytes, { cut }) => {
        if (way === direction && bytes >= totals[direction] * part) cut();
      });
      await expectEnd(end);
      if (part < 0.9) expect(end.error).toBeDefined();
    },
  );

  it.concurrent.each(
    (['half-closed', 'stalled'] as const).flatMap((fault) =>
      directions.flatMap((direction) =>
        [0, 0.5, 0.9].map((part) => [fault, direction, part] as const),
      ),
    ),
  )('is %s in the direction %s after %f of its bytes', async (fault, direction, part) => {
    const end = await buildThrough((way, bytes, faults) => {
      if (way !== direction || bytes < totals[direction] * part) return;
      if (fault === 'stalled') faults.stall();
      else faults.end(direction);
    });
    await expectEnd(end);
    if (part < 0.9) expect(end.error).toBeDefined();
  });
});
