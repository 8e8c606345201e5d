/**
 * Every command of the documentation is run: the lines of all blocks marked `sh`. What has to be there for
 * them (a builder, a context) is set up here; what comes out is marked `console` and not run.
 */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RemoteBuildKit, serveBuildKit } from './buildkit/bridge.js';
import { commandsOf, ROOT } from './commands.js';
import { engines, variantOf } from './engines.js';
import { SAMPLES } from './samples/sample.js';
import { helloEntries, imageIdOf, makeBuilder, openShell, program, type Shell } from './support.js';

/** Lines that aren't run here, each with its reason. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  // Installing needs a registry of packages; continuous integration runs these two as they stand.
  'npm install && npm run demo': '.ci/run',
  'npm install && npm test': '.ci/run',
  // Needs a place to clone from.
  'git clone': 'CONTRIBUTING.md',
  // Needs the image of the tool.
  'docker run --rm builder | docker run': 'docs/patterns/self.md',
};

/** The documents that have commands; those of the samples and of docs/coming-from.md are run in tests of their own. */
async function documents(): Promise<string[]> {
  const docs = await readdir(join(ROOT, 'docs')).catch(() => []);
  return [
    'README.md',
    ...docs
      .filter((name) => name.endsWith('.md') && name !== 'coming-from.md')
      .map((name) => `docs/${name}`),
  ];
}

const commands = (await Promise.all((await documents()).map(commandsOf))).flat();
const run = commands.filter(
  ({ text }) => !Object.keys(ELSEWHERE).some((one) => text.startsWith(one)),
);

describe('the documentation', () => {
  const variant = variantOf('docker28 BuildKit');
  const { host } = variant;
  let shell: Shell;
  /** Instead of nodes on Kubernetes: the engine's BuildKit. */
  let farm: RemoteBuildKit;
  /** Instead of buildkitd: the same with its certificates. */
  let buildkitd: RemoteBuildKit | undefined;
  let agent: Server;
  beforeAll(async () => {
    shell = await openShell(variant);
    // The other machine is this one.
    const ssh = join(shell.folder, '../bin/ssh');
    await writeFile(ssh, '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
    // Docker with this program as its plugin, in a configuration of its own.
    const config = join(shell.folder, '../config');
    await cp(engines.docker28.dockerConfig, config, { recursive: true });
    const installed = await shell.tool(['plugin', 'install'], { env: { DOCKER_CONFIG: config } });
    expect(installed.code, installed.stderr).toBe(0);
    await writeFile(
      join(shell.folder, '../bin/docker'),
      `#!/bin/sh\nDOCKER_CONFIG=${config} exec ${variant.cli} "$@"\n`,
    );
    const greeting = helloEntries('hello');
    const builder = await makeBuilder(shell, 'tar -c Dockerfile hello', greeting);
    const named = await shell.run(`docker tag ${builder} builder`);
    expect(named.code, named.stderr).toBe(0);
    for (const { name, content } of greeting) await shell.file(name, content);
    await mkdir(join(shell.folder, 'project'));
    for (const { name, content } of greeting)
      await writeFile(join(shell.folder, 'project', name), content);
    // A builder, and one in front of it.
    const writes = (folder: string, names: string): Promise<void> =>
      writeFile(
        join(shell.folder, folder, 'Dockerfile'),
        `FROM ${engines.base}\nCOPY . /context\nWORKDIR /context\nCMD tar -c ${names}\n`,
      );
    await mkdir(join(shell.folder, 'builder'));
    await writes('builder', '-C out .');
    await mkdir(join(shell.folder, 'builder/out'));
    for (const { name, content } of greeting)
      await writeFile(join(shell.folder, 'builder/out', name), content);
    await mkdir(join(shell.folder, 'sources'));
    await writes('sources', 'hello');
    await writeFile(join(shell.folder, 'sources/hello'), program('sources'));
    // The samples, and the public bases that they and the documents name.
    await cp(SAMPLES, join(shell.folder, 'samples'), { recursive: true });
    const bases = `s/^ARG BASE=.*/ARG BASE=${engines.debian}/; s/^ARG RUN_BASE=.*/ARG RUN_BASE=${engines.base}/`;
    const based = await shell.run(
      `find samples -name 'Dockerfile*' -exec sed -i '${bases}' {} + && docker tag ${engines.debian} debian:12-slim`,
    );
    expect(based.code, based.stderr).toBe(0);
    await mkdir(join(shell.folder, 'dist'));
    await writeFile(join(shell.folder, 'dist/app'), program('app'), { mode: 0o755 });
    // More than fits into a pipe or a buffer, as in real life.
    await shell.file('assets', Buffer.alloc(1 << 20, 'assets'));
    farm = await serveBuildKit(host);
    const remote = `docker buildx create --name farm --driver remote ${farm.address}`;
    expect(await shell.run(remote, { litters: true })).toMatchObject({ code: 0 });
    await shell.file('.npmrc', 'registry=https://registry.example\n');
    agent = createServer().listen(join(shell.folder, 'agent.sock'));
    const tar = await shell.run('chmod 755 hello && tar -cf context.tar Dockerfile hello');
    expect(tar.code, tar.stderr).toBe(0);
  });
  afterAll(async () => {
    await shell.run('docker rmi -f builder app hello clean find');
    await shell.run('docker rmi debian:12-slim');
    await shell.run('docker buildx rm farm', { litters: true });
    agent.close();
    await buildkitd?.close();
    await farm.close();
    await shell.close();
  });

  it('has commands', () => {
    expect(run.length).toBeGreaterThanOrEqual(5);
  });

  it.each(run)('$file: $text', async ({ text }) => {
    if (text.startsWith('buildkitd ')) {
      buildkitd = await serveBuildKitAs(text);
      return;
    }
    const script = text
      .replaceAll(/localhost:5000|registry\.example(?::\d+)?/g, engines.registry.address)
      .replace(/--driver kubernetes --driver-opt \S+/, `--driver remote ${farm.address}`)
      .replace('docker buildx create', 'docker buildx rm farm && docker buildx create')
      .replace('tcp://buildkitd:1234', `${buildkitd?.address} --tls-server-name buildkitd`);
    const env = { TOKEN: 'token', SSH_AUTH_SOCK: join(shell.folder, 'agent.sock') };
    const outcome = await shell.run(script, { litters: true, env });
    expect(outcome.code, outcome.stderr).toBe(0);
    const prints = !/--version|--help|type=local/.test(text);
    if (prints && /dockerception (?!filter|inspect)[^|>]*$/.test(text)) imageIdOf(outcome);
  });

  /** Serves with the certificates that a command of buildkitd names, and requires those of clients. */
  async function serveBuildKitAs(command: string): Promise<RemoteBuildKit> {
    const [ca, cert, key] = await Promise.all(
      ['tlscacert', 'tlscert', 'tlskey'].map((option) => {
        const [, file = ''] = new RegExp(`--${option} (\\S+)`).exec(command) ?? [];
        return readFile(join(shell.folder, file));
      }),
    );
    const tls = { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
    return serveBuildKit(host, {
      tls: { ...tls, requestCert: true, ALPNProtocols: ['h2'] },
    });
  }
});
