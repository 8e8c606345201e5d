/** A base that only the engine has, for an image that goes to a file or a registry. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, variants } from '../engines.js';
import { expectFailure, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';

describe.each(variants)('with $name', (variant) => {
  let shell: Shell;
  /** In the engine alone: its registry answers, and does not have it. */
  let base: string;
  let context: Buffer;
  beforeAll(async () => {
    shell = await openShell(variant);
    base = `${engines.registry.address}/${shell.name()}`;
    const tagged = await shell.run(`docker tag ${engines.base} ${base}`);
    expect(tagged.code, tagged.stderr).toBe(0);
    const Dockerfile = `FROM ${base}\nCOPY Dockerfile /here\n`;
    context = await create([{ name: 'Dockerfile', content: Dockerfile }]);
  });
  afterAll(async () => {
    await shell.run(`docker rmi ${base}`);
    await shell.close();
  });

  it('a file is written by that engine, with its base', async () => {
    const app = shell.name();
    const outcome = await shell.tool(['-t', app, '-o', 'app.tar'], { input: context });
    imageIdOf(outcome);
    expect(outcome.stderr).toMatch(
      /has no such image|not found.*but the engine has it: building with/i,
    );
    const list = await shell.run('tar -xOf app.tar manifest.json');
    expect(list.stdout.toString()).toContain(app);
    const inspected = await shell.run('dockerception inspect app.tar --list');
    expect(inspected.stdout.toString()).toMatch(/ \/?here$/m);
    expect(inspected.stdout.toString()).toContain('bin/busybox');
  });

  it('warnings about the Dockerfile come from that engine alone, if it has any', async () => {
    const Dockerfile = `FROM scratch\nCOPY --from=${base} /bin/busybox /\nCMD a\n`;
    const input = await create([{ name: 'Dockerfile', content: Dockerfile }]);
    const outcome = await shell.tool(['-t', shell.name(), '-o', 'copied.tar'], { input });
    imageIdOf(outcome);
    const warnings = outcome.stderr.match(/JSONArgsRecommended/g) ?? [];
    expect(warnings).toHaveLength(variant.name === 'docker28 BuildKit' ? 1 : 0);
  });

  it('the registry has to have it with --pull, and with --engine embedded', async () => {
    for (const option of [['--pull'], ['--engine', 'embedded']]) {
      const outcome = await shell.tool([...option, '-o', 'none.tar'], { input: context });
      expectFailure(outcome, 1, /pulling /);
      expect(outcome.stderr).not.toContain('building with');
    }
  });
});
