import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginExports, type Export, pushesItself } from '../../../src/engine/buildkit/exports.js';
import type { EngineRequest, ImageCheck } from '../../../src/engine/engine.js';
import { imageCheck } from '../../../src/inspect/check.js';
import type { Output } from '../../../src/options/image.js';
import type { ProgressEvent } from '../../../src/progress/events.js';
import { engineOptions } from '../../support/engine-options.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const output = (type: Output['type'], name: string, attributes = {}): Output => ({
  type,
  dest: join(folder, name),
  attributes,
});

/** Opens the exports, and closes them after `use`. */
async function exporting<T>(
  change: Partial<EngineRequest>,
  use: (exports: readonly Export[]) => T | Promise<T>,
): Promise<T> {
  const begun: Export[] = [];
  const settings = {
    env: { HOME: folder, TMPDIR: folder },
    stdout: new PassThrough(),
    load: () => Promise.resolve(),
  };
  try {
    await beginExports(engineOptions(change), settings, begun);
    return await use(begun);
  } finally {
    for (const one of begun) await one.close?.();
  }
}
const typesOf = (exports: readonly Export[]): string[] =>
  exports.map(({ exporter }) => exporter.type);

describe('the exports of a build', () => {
  it('begin with the image that is pushed', async () => {
    const outputs = [
      output('tar', 'a.tar'),
      output('local', 'files'),
      output('oci', 'b.tar', { compression: 'zstd' }),
    ];
    const request = { tags: ['r.example/app'], push: true };
    expect(await exporting({ ...request, outputs }, typesOf)).toEqual([
      'docker',
      'docker',
      'tar',
      'tar',
    ]);
    const files = outputs.slice(0, 2);
    expect(await exporting({ ...request, outputs: files }, typesOf)).toEqual([
      'image',
      'tar',
      'tar',
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each<[boolean, Partial<EngineRequest>]>([
    [true, {}],
    [true, { outputs: [{ type: 'local', dest: 'x', attributes: {} }] }],
    [true, { check: { hasLimits: false } as ImageCheck }],
    [false, { check: { hasLimits: true } as ImageCheck }],
    [false, { load: true }],
    [false, { outputs: [{ type: 'oci', dest: 'x', attributes: {} }] }],
    [false, { push: false }],
  ])('are pushed by BuildKit itself: %s for %j', (isRemote, change) => {
    expect(pushesItself(engineOptions({ push: true, ...change }))).toBe(isRemote);
  });
});

describe('the check of an image that BuildKit itself has pushed', () => {
  /** The notices of the check, for a push to this registry. */
  const noticesOf = async (registry: string): Promise<string[]> => {
    const events: ProgressEvent[] = [];
    const { signal } = new AbortController();
    const report = (event: ProgressEvent): void => void events.push(event);
    const check = imageCheck({ name: 'app', findings: true, report, signal });
    const request = { tags: [`${registry}/app`], push: true, check, signal };
    await exporting(request, ([pushed]) => pushed?.check?.(check));
    return events.map((event) => (event.kind === 'notice' ? event.message : event.kind));
  };

  it('tries once, and is a notice if the registry is not reachable from here', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.on('error', () => undefined).destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const notices = await noticesOf(registry);
    server.close();
    expect(notices).toEqual([expect.stringMatching(/^not checked: [^\n]*127\.0\.0\.1:\d+/)]);
    // HTTPS, then plain HTTP.
    expect(connections).toBeLessThanOrEqual(2);
    expect(await noticesOf(registry)).toEqual([expect.stringMatching(/^not checked: /)]);
  });
});
