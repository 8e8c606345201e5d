/** `doctor` on a machine with engines: what a build would use and why, as text and as JSON. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RemoteBuildKit } from '../buildkit/bridge.js';
import { docker28, useBuilder } from '../buildkit/docker28.js';
import { engines, variants } from '../engines.js';
import { openShell, type Shell } from '../support.js';

const EXPECTED: Readonly<Record<string, { product: string; builder: string }>> = {
  'docker20 classic': { product: 'Docker', builder: 'classic builder' },
  'docker20 BuildKit': { product: 'Docker', builder: 'BuildKit' },
  'docker28 classic': { product: 'Docker', builder: 'classic builder' },
  'docker28 BuildKit': { product: 'Docker', builder: 'BuildKit' },
  podmanRootless: { product: 'Podman', builder: 'Buildah' },
  podman: { product: 'Podman', builder: 'Buildah' },
};

interface Report {
  readonly schema: string;
  readonly choice: object;
  readonly engines: readonly object[];
  readonly builders: readonly { readonly name: string }[];
}

/** What both forms say, without the breaks of the text's lines; both must exit with 0. */
async function doctor(shell: Shell, env: Readonly<Record<string, string>> = {}) {
  const text = await shell.tool(['doctor'], { env });
  const json = await shell.tool(['doctor', '--json'], { env });
  for (const { code, stderr } of [text, json])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = text.stdout.toString().split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  const report = JSON.parse(json.stdout.toString()) as Report;
  return { text: lines.join(' ').replace(/\s+/g, ' '), report };
}

describe.each(variants)('with $name, doctor', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  it('says that a build uses it, and why', async () => {
    const { host, engine } = variant;
    const { text, report } = await doctor(shell);
    const { product = '', builder = '' } = EXPECTED[variant.name] ?? {};
    const { version } = engines[engine];
    expect(report.schema).toBe('dockerception-doctor/1');
    expect(report.choice).toEqual({ engine: 'docker', name: host, why: 'DOCKER_HOST names it' });
    expect(report.engines[0]).toMatchObject({
      address: host,
      origin: 'DOCKER_HOST',
      isDefault: true,
      socket: { isAccessible: true },
      product,
      version,
      builder,
    });
    expect(text).toContain(`uses docker at ${host}: DOCKER_HOST names it. `);
    expect(text).toMatch(
      new RegExp(
        `\\* ${host} \\(DOCKER_HOST\\) ${product} ${escape(version)}, API [\\d.]+, ${builder}; `,
      ),
    );
  });
});

const escape = (text: string): string => text.replace(/[.+]/g, '\\$&');

describe('with a builder of buildx, doctor', () => {
  let shell: Shell;
  let buildkit: RemoteBuildKit;
  let builder: string;
  const env = { DOCKER_CONFIG: engines.docker28.dockerConfig };
  useBuilder((opened) => ({ shell, buildkit, builder } = opened));

  it('says that a build uses it, with its state', async () => {
    const { text, report } = await doctor(shell, { ...env, BUILDX_BUILDER: builder });
    expect(report.choice).toEqual({
      engine: 'buildkit',
      name: builder,
      why: 'BUILDX_BUILDER or BUILDKIT_HOST names it',
    });
    const { address } = buildkit;
    const found = { name: builder, isDefault: true, driver: 'remote', nodes: [address] };
    expect(report.builders.filter(({ name }) => name === builder)).toMatchObject([
      { ...found, status: 'running' },
    ]);
    expect(text).toContain(`* ${builder} remote, ${address}, running`);
  });

  it('lists it, and says that it does not answer', async () => {
    await buildkit.close();
    const { text, report } = await doctor(shell, env);
    expect(report.choice).toMatchObject({ engine: 'docker', name: docker28.host });
    expect(report.builders.filter(({ name }) => name === builder)).toMatchObject([
      { isDefault: false, status: 'inactive' },
    ]);
    expect(text).toContain(`${builder} remote, ${buildkit.address}, inactive`);
  });
});
