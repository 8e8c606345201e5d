/** Two BuildKits that share a cache through a registry: a step that one has run is not run by the other. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OwnEngine, startOwnEngine } from '../builder/own-engine.js';
import { engines } from '../engines.js';
import { expectFailure, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';
import { docker28 as variant, tagsOf } from './docker28.js';

const { address: registry } = engines.registry;

let shell: Shell;
let own: OwnEngine;
let one: RemoteBuildKit;
let two: RemoteBuildKit;
beforeAll(async () => {
  shell = await openShell(variant);
  own = await startOwnEngine('docker28');
  one = await serveBuildKit(variant.host);
  two = await serveBuildKit(own.variant.host);
});
afterAll(async () => {
  await one.close();
  await two.close();
  await own.close();
  await shell.close();
});

/** A context whose RUN writes a random number. */
function context(name: string): Promise<Buffer> {
  const random = 'RUN --network=none head -c 16 /dev/urandom | od -An -tx1 >/number';
  return create([
    {
      name: 'Dockerfile',
      content: `FROM ${registry}/base:latest\nLABEL is=${name}\nCOPY data /data\n${random}\n`,
    },
    { name: 'data', content: randomBytes(100_000) },
  ]);
}

/** Builds, and reads the number. */
async function numberOf(
  { address }: RemoteBuildKit,
  input: Buffer,
  args: readonly string[],
): Promise<string> {
  const options = ['-q', '--builder', address, '-o', 'type=tar,dest=root.tar', ...args];
  const { code, stderr } = await shell.tool(options, { input });
  expect(code, stderr).toBe(0);
  const { stdout } = await shell.run('tar -xOf root.tar number');
  expect(stdout.toString()).toMatch(/^( [0-9a-f]{2}){16}\n$/);
  return stdout.toString();
}

// In this order: after BuildKit has built on a base by itself, it finds no step of a cache on that base, with buildx neither.

it('run a step once if they share a cache', async () => {
  const name = shell.name();
  const input = await context(name);
  const ref = `type=registry,ref=${registry}/${name}:cache`;
  const number = await numberOf(one, input, ['--cache-to', `${ref},mode=max`]);
  expect(await numberOf(two, input, ['--cache-from', ref])).toBe(number);
});

it('share a cache that is part of the image', async () => {
  const name = shell.name();
  const input = await context(name);
  const tag = `${registry}/${name}:x`;
  const args = ['-q', '--builder', one.address, '-t', tag, '--push', '--cache-to', 'type=inline'];
  imageIdOf(await shell.tool(args, { input }));
  const number = await numberOf(two, input, ['--cache-from', tag]);
  expect(await numberOf(one, input, [])).toBe(number);
});

it('write no cache of a context that is cut short', async () => {
  const name = shell.name();
  const args = ['--cache-to', `type=registry,ref=${registry}/${name}:cache`, '-o', 'none.tar'];
  const input = (await context(name)).subarray(0, -1024);
  const outcome = await shell.tool(['-q', '--builder', one.address, ...args], { input });
  expectFailure(outcome, 3, /cut short/);
  expect(await tagsOf(name)).toBeUndefined();
});

it('run a step twice without a cache', async () => {
  const input = await context(shell.name());
  expect(await numberOf(two, input, [])).not.toBe(await numberOf(one, input, []));
});
