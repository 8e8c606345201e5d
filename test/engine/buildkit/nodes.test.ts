import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, expect, it } from 'vitest';
import type { Builder } from '../../../src/engine/buildkit/builder.js';
import { atNode } from '../../../src/engine/buildkit/nodes.js';

const folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A node as `docker buildx inspect` prints it. */
const node = (name: string, platforms: string): string =>
  [
    `Name:                  ${name}`,
    `Endpoint:              tcp://127.0.0.1:1234`,
    'Status:                running',
    'BuildKit version:      v0.25.1',
    `Platforms:             ${platforms}`,
    'Labels:',
    ' org.mobyproject.buildkit.worker.executor: oci',
  ].join('\n');
const listing = (...nodes: readonly string[]): string =>
  `Name:          farm\nDriver:        kubernetes\n\nNodes:\n${nodes.join('\n\n')}\n`;
const TWO = listing(
  node('farm0', 'linux/amd64*, linux/amd64/v2, linux/386'),
  node('farm1', 'linux/arm64, linux/arm/v7'),
);

/** An environment whose `docker` runs a script. */
function environment(script: string): NodeJS.ProcessEnv {
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${folder}:${process.env['PATH']}` };
}
const printing = (text: string): NodeJS.ProcessEnv =>
  environment(`[ "$*" = 'buildx inspect farm' ] && cat <<'END'\n${text}\nEND`);

/** The platform that the builder is asked for; undefined for the first node. */
async function platformOf(
  platforms: readonly string[],
  env: NodeJS.ProcessEnv,
  buildxName: string | undefined = 'farm',
): Promise<string | undefined> {
  let asked: string | undefined;
  const builder: Builder = {
    name: 'builder farm',
    buildxName,
    dial(_signal, platform) {
      asked = platform;
      return Promise.resolve(new PassThrough());
    },
  };
  const { signal } = new AbortController();
  await (await atNode(builder, { platforms, signal }, env)).dial(signal);
  return asked;
}

it.each([
  ['linux/amd64', 'linux/amd64'],
  ['linux/arm64', 'linux/arm64'],
  ['linux/x86_64', 'linux/amd64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm/v7', 'linux/arm/v7'],
  ['linux/s390x', undefined],
])('connects for %s to the node for %s', async (platform, wanted) => {
  expect(await platformOf([platform], printing(TWO))).toBe(wanted);
});

it('connects to the first node without a platform, and asks nothing', async () => {
  expect(await platformOf([], environment(`echo asked >${folder}/asked; exit 1`))).toBeUndefined();
  expect(() => rmSync(join(folder, 'asked'))).toThrow('ENOENT');
});

it('connects to the only node for several platforms', async () => {
  const one = printing(listing(node('farm0', 'linux/amd64, linux/arm64')));
  expect(await platformOf(['linux/amd64', 'linux/arm64'], one)).toBeUndefined();
});

it.each([
  ['fails', 'echo no such builder >&2; exit 1'],
  ['prints another text', 'echo Hello'],
])('leaves it to the connection to say why buildx %s', async (_, script) => {
  const env = environment(script);
  expect(await platformOf(['linux/amd64', 'linux/arm64'], env)).toBeUndefined();
});

it('leaves it to the connection to say that docker is missing', async () => {
  expect(await platformOf(['linux/amd64'], { PATH: join(folder, 'none') })).toBeUndefined();
});

it('refuses several platforms for several nodes, with the command for them', async () => {
  const refused = platformOf(['linux/amd64', 'linux/arm64'], printing(TWO));
  await expect(refused).rejects.toMatchObject({
    kind: 'usage',
    code: 'PLATFORMS',
    message: expect.stringContaining('builder farm has 2 nodes') as string,
    hint: expect.stringContaining(
      'dockerception filter | docker buildx build --builder farm --platform linux/amd64,linux/arm64 -',
    ) as string,
  });
});

it('rejects with the reason of the signal while buildx hangs', async () => {
  const reason = new Error('interrupted');
  const controller = new AbortController();
  const builder: Builder = {
    name: 'builder farm',
    buildxName: 'farm',
    dial: () => Promise.resolve(new PassThrough()),
  };
  const { signal } = controller;
  const env = environment('exec sleep 60');
  const asked = atNode(builder, { platforms: ['linux/amd64'], signal }, env);
  controller.abort(reason);
  await expect(asked).rejects.toBe(reason);
});
