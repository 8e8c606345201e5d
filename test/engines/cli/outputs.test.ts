/** What becomes of an image: pushes, archives, standard output. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, inspectImage, run } from '../engines.js';
import { expectFailure, five, helloEntries, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';

const { address, username, password } = engines.registryAuth;
/** Without it, an image that goes to a file or a registry is assembled without an engine. */
const docker = ['--engine', 'docker'];

describe.each(five)('an image that $name built', (variant) => {
  let shell: Shell;
  let context: Buffer;
  beforeAll(async () => {
    shell = await openShell(variant);
    context = await create(helloEntries('hello from an archive'));
  });
  afterAll(() => shell.close());

  it('is pushed to a registry, and to one that wants a login', async () => {
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    await shell.file('config.json', JSON.stringify({ auths: { [address]: { auth } } }));
    const names = [`${engines.registry.address}/${shell.name()}`, `${address}/${shell.name()}:2.0`];
    const args = names.flatMap((name) => ['-t', name]);
    const env = { DOCKER_CONFIG: shell.folder };
    const outcome = await shell.tool([...docker, '--push', '-q', ...args], { input: context, env });
    imageIdOf(outcome);
    for (const name of names) {
      const crane = await run(engines.crane, ['manifest', '--insecure', name], {
        env: { DOCKER_CONFIG: shell.folder, PATH: process.env['PATH'] },
      });
      expect(JSON.parse(crane.stdout)).toHaveProperty('schemaVersion', 2);
    }
  });

  it('is not pushed without the login: 5, and where the credentials were looked for', async () => {
    const args = [...docker, '--push', '-q', '-t', `${address}/${shell.name()}`];
    const outcome = await shell.tool(args, { input: context });
    expectFailure(outcome, 5, new RegExp(`pushing .*${address}`), /docker login|config\.json/);
  });

  it('is an archive that docker loads, beside its ID, and alone on standard output', async () => {
    const app = shell.name();
    imageIdOf(
      await shell.tool([...docker, '-q', '-t', app, '-o', 'type=docker,dest=app.tar'], {
        input: context,
      }),
    );
    const script = [
      `dockerception --engine docker -q -t ${app} -o - > out.tar`,
      `tar -tf out.tar | grep -c '^manifest.json$'`,
      // No ID behind the archive.
      `! tail -c 80 out.tar | grep -q sha256:`,
      `docker rmi -f ${app} >&2`,
      `docker load < out.tar >&2`,
      `docker run --rm ${app}`,
    ].join(' && ');
    const outcome = await shell.run(script, { input: context, litters: true });
    expect(outcome.stdout.toString(), outcome.stderr).toBe('1\nhello from an archive\n');
    expect((await readdir(shell.folder)).filter((name) => name.includes('app.tar'))).toEqual([
      'app.tar',
    ]);
    const list = await shell.run('tar -tf app.tar');
    expect(list.stdout.toString()).toContain('manifest.json');
  });

  it('is there, and its ID in a file, when nobody reads standard output or standard error', async () => {
    const app = shell.name();
    const full = await shell.run(`dockerception -t ${app} --iidfile id > /dev/full`, {
      input: context,
    });
    expectFailure(full, 1, /writing standard output: no space is left/);
    const id = (await shell.run('cat id')).stdout.toString();
    expect(id).toContain((await inspectImage(variant.host, app)).Id.replace('sha256:', ''));
    const closed = await shell.run(`dockerception -t ${app} | exec <&-`, { input: context });
    expectFailure(closed, 1, /writing standard output: its reader has gone/);
    const mute = await shell.run(`dockerception -t ${app} 2>&1 >id | exec <&-; cat id`, {
      input: context,
    });
    expect(mute.stdout.toString()).toBe(`${id}\n`);
  });

  it('whose archive can’t be written is told, and no part of one is left', async () => {
    const outcome = await shell.tool([...docker, '-q', '-o', 'type=docker,dest=no/such/app.tar'], {
      input: context,
    });
    expectFailure(outcome, 1, /no\/such/);
    const full = await shell.tool([...docker, '-q', '-o', 'type=docker,dest=/dev/full'], {
      input: context,
    });
    expectFailure(full, 1, /ENOSPC|no space/);
    // Larger than what a pipe holds.
    const Dockerfile = `FROM ${engines.base}
ENV A=1
`;
    const input = await create([{ name: 'Dockerfile', content: Dockerfile }]);
    const closed = await shell.run('dockerception --engine docker -q -o - | head -c 100 | wc -c', {
      input,
    });
    expect(closed.stdout.toString().trim()).toBe('100');
    expect(closed.code, closed.stderr).toBe(1);
    expect(closed.stderr).toMatch(/^dockerception: writing /m);
  });
});
