/** Limits: what exceeds one is neither pushed, nor written, nor named. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProxy } from '../cli/proxy.js';
import { engines } from '../engines.js';
import { five, imageIdOf, openShell, type Outcome, program, type Shell } from '../support.js';
import { create } from '../tar.js';

const DOCKERFILE = [
  'FROM scratch',
  'COPY app /app',
  'COPY main.c /src/main.c',
  'ENTRYPOINT ["/nowhere"]',
].join('\n');

/** Options that this image exceeds, and what is said of it. */
const LIMITS: readonly (readonly [readonly string[], RegExp])[] = [
  [['--max-size', '200'], /--max-size: it has .*, 200 B are allowed/],
  [['--max-layers', '1'], /--max-layers: .*2/],
  [['--max-waste', '10'], /--max-waste/],
  [['--deny', '**/*.c'], /--deny '\*\*\/\*\.c': \/src\/main\.c/],
  [['--must-run'], /--must-run: .*nowhere/],
  [['--max-layers', '1', '--deny', 'src'], /--max-layers: .*; --deny src: \/src/],
];

const context = (): Promise<Buffer> =>
  create([
    { name: 'Dockerfile', content: `${DOCKERFILE}\n` },
    { name: 'app', content: program('hello') },
    { name: 'main.c', content: program('hello') },
  ]);

function expectExceeded({ code, stdout, stderr }: Outcome, why: RegExp): void {
  expect(code, stderr).toBe(6);
  expect(stdout.toString()).toBe('');
  const last = stderr.trimEnd().split('\n').slice(-2);
  expect(last[0], stderr).toMatch(/^dockerception: checking /);
  expect(last[0]).toMatch(why);
  expect(last[1]).toMatch(/^hint: /);
}

const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Whether a registry has a tag. */
async function isPushed(tag: string): Promise<boolean> {
  const [, address, name, version] = /^([^/]+)\/(.+):(.+)$/.exec(tag) ?? [];
  const answer = await fetch(`http://${address}/v2/${name}/manifests/${version}`, {
    headers: { Accept: MANIFESTS },
  });
  return answer.ok;
}

describe.each(five)('an image that $name built', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  it.each(LIMITS)('is not pushed with %s', async (limit, why) => {
    const tag = `${engines.registry.address}/${shell.name()}:1`;
    const args = ['--engine', 'docker', '-t', tag, '--push', ...limit];
    expectExceeded(await shell.tool(args, { input: await context() }), why);
    expect(await isPushed(tag)).toBe(false);
  });

  it('is pushed with limits that it keeps; what was found is said, unless --no-check', async () => {
    const tag = `${engines.registry.address}/${shell.name()}:1`;
    const args = ['--engine', 'docker', '-t', tag, '--push', '--max-size', '10MB'];
    const input = await context();
    const outcome = await shell.tool([...args, '--deny', '**/.git', '--deny-setuid'], { input });
    imageIdOf(outcome);
    expect(await isPushed(tag)).toBe(true);
    expect(outcome.stderr).toMatch(/^dockerception: error: .*nowhere.*\[entrypoint-missing\]$/m);
    const silent = await shell.tool(['-t', shell.name(), '--no-check'], { input });
    imageIdOf(silent);
    expect(silent.stderr).not.toContain('entrypoint-missing');
  });

  it('is read back only for limits, and for findings that the context does not show', async () => {
    let reads = 0;
    const proxy = await startProxy(variant.host, (head) => {
      if (/^GET \S*\/images\/get\?/.test(head)) reads++;
      return undefined;
    });
    try {
      const given = { input: await context(), env: { DOCKER_HOST: proxy.host } };
      const readsOf = async (...args: readonly string[]): Promise<number> => {
        reads = 0;
        imageIdOf(await shell.tool(['-t', shell.name(), ...args], given));
        return reads;
      };
      expect(await readsOf('-q')).toBe(0);
      expect(await readsOf('--no-check')).toBe(0);
      expect(await readsOf('-q', '--max-size', '10MB')).toBe(1);
      expect(await readsOf()).toBe(variant.buildkit ? 0 : 1);
    } finally {
      await proxy.close();
    }
  });
});

describe('an image that was put together here', () => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(five[0] as (typeof five)[number]);
  });
  afterAll(() => shell.close());

  it.each(LIMITS)('is not written, pushed or loaded with %s', async (limit, why) => {
    const tag = `${engines.registry.address}/${shell.name()}:1`;
    const args = ['--engine', 'embedded', '-t', tag, '--push', '--load', '-o', 'app.tar', ...limit];
    expectExceeded(await shell.tool(args, { input: await context() }), why);
    expect(await isPushed(tag)).toBe(false);
    await expect(access(join(shell.folder, 'app.tar'))).rejects.toThrow();
    const listed = await shell.run(`docker images -q ${tag}`);
    expect(listed.stdout.toString()).toBe('');
  });

  it('has its base looked at, too', async () => {
    const input = await create([
      { name: 'Dockerfile', content: `FROM base\nCOPY app /app\nCMD ["/bin/sh"]\n` },
      { name: 'app', content: program('hello') },
    ]);
    const base = `--build-context=base=docker-archive://${engines.baseTar}`;
    const args = ['--engine', 'embedded', '-o', 'based.tar', base, '--must-run'];
    imageIdOf(await shell.tool(args, { input }));
    const denied = await shell.tool([...args, '--deny', 'bin/busybox'], { input });
    expectExceeded(denied, /--deny bin\/busybox: \/bin\/busybox/);
    const layers = await shell.tool([...args, '--max-layers', '1'], { input });
    expectExceeded(layers, /--max-layers/);
  });
});
