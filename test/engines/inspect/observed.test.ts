/** Findings from a context on its way to an engine, compared with those of the image in the engine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../src/build.js';
import { inspect } from '../../../src/inspect/inspect.js';
import { contextOf, file, key, MEMBERS, observed } from '../../support/inspect/observed.js';
import { tar } from '../../support/write-tar.js';
import { cleanUp, engines, uniqueTag, variants } from '../engines.js';
import { openShell, type Shell } from '../support.js';

afterAll(async () => {
  for (const { host } of variants) await cleanUp(host);
});

/** All but tokens in packages, which make the findings unknown. */
const all = MEMBERS.filter((_, at) => at !== 12).flat();
const CASES: readonly (readonly [title: string, lines: readonly string[]])[] = [
  ['a copy of everything', ['COPY . /', 'USER app', 'CMD ["run.sh"]']],
  ['a copy into a folder', ['WORKDIR /srv/app', 'COPY . .', 'CMD ["./app"]']],
  ['ADD of a folder', ['ADD . /opt/', 'ENTRYPOINT ["/opt/start"]']],
  ['several copies', ['COPY rootfs /', 'COPY bin keys/* app /usr/local/bin/', 'CMD ["app"]']],
  ['several stages', ['COPY . /a', 'FROM scratch', 'COPY --from=0 /a/home /a/tmp /', 'CMD ["/x"]']],
  ['owners', ['COPY --chown=1000:1000 . /srv', 'USER 12', 'CMD ["/srv/app"]']],
];

const withBuildKit = variants.filter(({ buildkit }) => buildkit);

describe.each(withBuildKit)('the findings of an observed context, with $name', ({ env }) => {
  it.each(CASES)('are those of the image: %s', async (_, lines) => {
    const context = contextOf(lines, ...all);
    const tag = uniqueTag();
    await build({
      ...{ engine: 'docker', owner: 'keep', env, check: false },
      ...{ context: Readable.from([context]), tags: [tag] },
    });
    const { findings } = await inspect({ target: tag, env });
    expect(findings.length).toBeGreaterThan(2);
    expect(await observed(context)).toEqual(findings);
  });
});

describe.each(variants)('a build with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

  it('reports what the image has', async () => {
    const context = contextOf(['COPY . /srv', 'CMD ["/srv/app"]'], ...all);
    const name = shell.name();
    const { stderr } = await shell.tool(['-t', name, '--keep-owner'], { input: context });
    const { findings } = await inspect({ target: name, env: variant.env });
    const serious = findings.filter(({ severity }) => severity !== 'info');
    const reported = lines(stderr).filter((line) =>
      /^dockerception: (?:error|warning): /.test(line),
    );
    expect(reported.map((line) => /\[([\w-]+)\]$/.exec(line)?.[1])).toEqual(
      serious.map(({ id }) => id),
    );
  });

  it('prints the image ID before it reads an image with RUN', async () => {
    const context = tar(
      file('Dockerfile', `FROM ${engines.base}\nRUN touch /core.1\nCOPY . /srv\nCMD ["/srv/no"]\n`),
      file('key.pem', key),
    );
    const script = `dockerception -t ${shell.name()} --iidfile id 2>&1`;
    const { code, stdout } = await shell.run(script, { input: context });
    const all = lines(stdout.toString());
    expect(code, stdout.toString()).toBe(0);
    const at = all.findIndex((line) => /^sha256:[0-9a-f]{64}$/.test(line));
    expect(all[at]).toBe(await readFile(join(shell.folder, 'id'), 'utf8'));
    expect(all[at + 1]).toMatch(/^built /);
    const found = all.slice(at + 2).map((line) => /\[([\w-]+)\]$/.exec(line)?.[1]);
    expect(found).toEqual(expect.arrayContaining(['entrypoint-missing', 'private-key']));
  });
});
