/** Every command of docs/coming-from.md that is marked `sh` is run; images of one block have the same files. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsIn, ROOT } from './commands.js';
import { engines, variantOf } from './engines.js';
import { helloEntries, openShell, type Shell } from './support.js';

const page = await readFile(join(ROOT, 'docs/coming-from.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n[^]*?^```/gm)].map(([block]) => commandsIn(block));

/** What `inspect` calls the image that a command makes. */
function targetOf(command: string): string | undefined {
  const [, archive] = /(?: -o |oci-archive:)(\w+\.tar)/.exec(command) ?? [];
  const [, image] = / -t (\S+)/.exec(command) ?? [];
  if (archive !== undefined || image === undefined) return archive;
  return image.includes('/') ? `docker-image://${image}` : image;
}

describe('docs/coming-from.md', () => {
  const variant = variantOf('docker28 BuildKit');
  let shell: Shell;
  let env: Record<string, string>;
  beforeAll(async () => {
    shell = await openShell(variant);
    await symlink(engines.crane, join(shell.folder, '../bin/crane'));
    const store = join(shell.folder, '../store');
    const storage = `[storage]\ndriver = "vfs"\ngraphroot = "${store}/root"\nrunroot = "${store}/run"\n`;
    // buildah wants a file of credentials where DOCKER_CONFIG is.
    await shell.file('config.json', '{}');
    env = {
      CONTAINERS_STORAGE_CONF: await shell.file('storage.conf', storage),
      DOCKER_CONFIG: shell.folder,
    };
    for (const folder of ['project', 'builder/context']) {
      await mkdir(join(shell.folder, folder), { recursive: true });
      for (const { name, content = '' } of helloEntries('hello'))
        await writeFile(join(shell.folder, folder, name), content, { mode: 0o755 });
    }
    await cp(join(shell.folder, 'builder/context/hello'), join(shell.folder, 'builder/hello'));
    const Dockerfile = `FROM ${engines.base}\nCOPY context /context\n`;
    await writeFile(join(shell.folder, 'builder/Dockerfile'), Dockerfile);
    const made = await shell.run(
      'tar -cf context.tar -C project Dockerfile hello && tar -cf layer.tar -C project hello',
    );
    expect(made.code, made.stderr).toBe(0);
  });
  afterAll(async () => {
    await shell.run(`docker rmi -f app ${engines.registry.address}/app`);
    await shell.close();
  });

  it('has commands of every tool at hand', () => {
    const all = blocks.flat().join('\n');
    for (const tool of ['docker', 'buildah', 'crane', 'dockerception'])
      expect(all).toMatch(new RegExp(`^${tool} `, 'm'));
  });

  it.each(blocks.map((commands) => ({ commands })))('$commands', async ({ commands }) => {
    const lists: string[] = [];
    for (const text of commands) {
      const command = text.replaceAll('localhost:5000', engines.registry.address);
      const target = targetOf(command);
      if (target === 'app.tar') await shell.run('rm -f app.tar');
      const outcome = await shell.run(command, { litters: true, env });
      expect(outcome.code, outcome.stderr).toBe(0);
      if (target === undefined) continue;
      const list = await shell.run(`dockerception inspect --list ${target}`);
      expect(list.code, list.stderr).toBe(0);
      // Without the times.
      lists.push(list.stdout.toString().replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d\S*/g, ''));
    }
    for (const list of lists) expect(list).toBe(lists[0]);
    if (lists.length > 0) expect(lists[0]).toMatch(/^-.* 0:0 .*hello$/m);
  });
});
