import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { BuildOptions } from '../../../../src/index.js';
import { member, tar } from '../../../support/write-tar.js';
import { buildWithWarnings } from './warned-build.js';
import { WARNINGS } from './warning-cases.js';

const CHECKED = 'FROM scratch\nENV KEY=1\nCMD a\n';
const ERRORS = `# check=error=true\n${CHECKED}`;

describe('the warnings', () => {
  it.each(WARNINGS)(
    'name $title',
    async ({ dockerfile, ignore, buildArgs = {}, target, warnings }) => {
      const built = await buildWithWarnings(dockerfile, { ignore, buildArgs, target });
      expect(built.warnings).toEqual(warnings.toSorted());
    },
  );

  it('are progress of a step that names the file', async () => {
    const { events } = await buildWithWarnings('FROM scratch\nCMD a\n');
    const [step, warning] = events.flatMap((event) =>
      event.kind === 'status' ? event.status : [],
    );
    const name = '[internal] load build definition from Dockerfile';
    const [{ digest: vertex = '', completed = '' } = {}] = step?.vertexes ?? [];
    expect(step?.vertexes).toMatchObject([{ name, completed }]);
    expect(completed).toMatch(/^\d{4}-/);
    const words =
      'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals';
    expect(warning).toEqual({
      warnings: [
        {
          vertex,
          level: 1,
          short: `JSONArgsRecommended: ${words.replace('ENTRYPOINT/', '')} (line 2)`,
          detail: [words],
          url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
          sourceInfo: { filename: 'Dockerfile', language: 'Dockerfile' },
          range: [{ start: { line: 2 }, end: { line: 2 } }],
        },
      ],
    });
  });

  it('report no step without a warning', async () => {
    const { events } = await buildWithWarnings('FROM scratch\nENV A=1\n');
    expect(JSON.stringify(events)).not.toContain('build definition');
  });

  it('are given once for several platforms', async () => {
    const platforms = ['linux/amd64', 'linux/arm64'];
    const { warnings, error } = await buildWithWarnings(CHECKED, { platforms });
    expect([error, warnings.length]).toEqual([undefined, 2]);
  });

  it('are given once if a layer is written before the context ends', async () => {
    const body = Buffer.alloc(9 << 20, 1);
    const context = Readable.from([
      tar(
        member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY large /\nCMD a\n' }),
        member({ name: 'large', body }),
      ),
    ]);
    const { warnings, error } = await buildWithWarnings('', { context });
    expect([error, warnings.length]).toEqual([undefined, 1]);
  });

  it('are at most 1,000, and their number is reported', async () => {
    const { warnings, events } = await buildWithWarnings(
      `FROM scratch\n${'ENV A=$NO\n'.repeat(1002)}`,
    );
    expect(warnings).toHaveLength(1000);
    const message = '2 more warnings about the Dockerfile are not shown';
    expect(events).toContainEqual({ kind: 'notice', message });
  });

  it('name all stages before a step of the first fails', async () => {
    const dockerfile = 'FROM scratch AS one\nCOPY none /\nFROM one AS two\nCMD a\n';
    const { warnings, error } = await buildWithWarnings(dockerfile);
    expect(error).toMatchObject({ code: 'COPY_NOT_FOUND' });
    expect(warnings).toHaveLength(1);
  });

  it('are given before an instruction that is invalid', async () => {
    const { warnings, error } = await buildWithWarnings(
      'FROM scratch\nENV A=$NO\nEXPOSE x\nCMD a\n',
    );
    expect(error).toMatchObject({ code: 'DOCKERFILE_SYNTAX' });
    expect(warnings).toEqual(["UndefinedVar:2: Usage of undefined variable '$NO'"]);
  });
});

describe('a source of COPY', () => {
  const copied = (source: string, options: Partial<BuildOptions>, ignore?: string) =>
    buildWithWarnings(`FROM scratch\nCOPY a.tx* ${source} /\n`, { ...options, ignore });

  it('is ignored if `exclude` keeps it out of a directory', async () => {
    const { warnings } = await copied('dist', { exclude: ['dist'] });
    expect(warnings).toHaveLength(1);
  });

  it('is ignored if `exclude` keeps it out of a stream', async () => {
    const context = Readable.from([
      tar(member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY a /\n' })),
    ]);
    const { warnings } = await buildWithWarnings('', { context, exclude: ['a'] });
    expect(warnings).toHaveLength(1);
  });

  it('is not ignored by the .dockerignore of a stream, which is not applied', async () => {
    const context = Readable.from([
      tar(
        member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY a /\n' }),
        member({ name: '.dockerignore', body: 'a' }),
        member({ name: 'a', body: 'a' }),
      ),
    ]);
    const { warnings, error } = await buildWithWarnings('', { context });
    expect([error, warnings]).toEqual([undefined, []]);
  });

  it('is not ignored if an exception keeps a part of it', async () => {
    for (const source of ['.', 'dist', '*']) {
      const { warnings, error } = await buildWithWarnings(`FROM scratch\nCOPY ${source} /\n`, {
        ignore: '*\n!dist/app',
      });
      expect([error, warnings]).toEqual([undefined, []]);
    }
  });

  it.each(['dist', 'dist/other', 'dist/oth*', 'di*', '.'])(
    'is not ignored as %s if `add` brings it',
    async (source) => {
      const add = [{ host: import.meta.filename, dest: 'dist/other' }];
      const { warnings, error } = await copied(source, { add }, 'dist');
      expect([error, warnings]).toEqual([undefined, []]);
    },
  );

  it.each(['./dist', '/dist', 'x/../dist', 'dist/.'])('is ignored as %s', async (source) => {
    const { warnings } = await copied(source, {}, 'dist');
    expect(warnings).toHaveLength(1);
  });
});

describe('the triggers of a base image', () => {
  it('warn at the line of FROM, and its environment is known', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'warnings-base-'));
    try {
      const base = join(folder, 'base');
      const dockerfile = 'FROM scratch\nENV BASE_VAR=1\nONBUILD ARG TOKEN=$NO$BASE_VAR\n';
      const outputs = [{ type: 'oci', dest: base, attributes: { tar: 'false' } }] as const;
      expect(await buildWithWarnings(dockerfile, { outputs })).toMatchObject({ warnings: [] });
      const buildContexts = { base: `oci-layout://${base}` };
      const { warnings } = await buildWithWarnings(
        'ARG X\nFROM base\nENV A=$BASE_VAR B=$BASE_VAT\n',
        { buildContexts },
      );
      expect(warnings).toEqual([
        'SecretsUsedInArgOrEnv:2: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN")',
        "UndefinedVar:2: Usage of undefined variable '$NO'",
        "UndefinedVar:3: Usage of undefined variable '$BASE_VAT' (did you mean $BASE_VAR?)",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('`error=true`', () => {
  it.each<[string, Partial<BuildOptions>, string]>([
    ['of the directive', {}, ERRORS],
    ['of the build argument', { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'error=1' } }, CHECKED],
  ])('%s fails the build after all warnings', async (_, options, dockerfile) => {
    const { warnings, error, isWritten } = await buildWithWarnings(dockerfile, options);
    expect(error).toMatchObject({
      kind: 'build',
      code: 'DOCKERFILE_CHECK',
      message:
        'reading Dockerfile: lint violation found for rules: SecretsUsedInArgOrEnv, JSONArgsRecommended',
      hint: 'correct what the warnings name, or remove `error=true`',
    });
    expect([warnings.length, isWritten]).toEqual([2, false]);
  });

  it.each<[string, Partial<BuildOptions>]>([
    [ERRORS.replace('error', 'skip=all;error'), {}],
    [ERRORS.replace('true', 'false'), {}],
    [ERRORS, { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: '' } }],
    ['# check=error=true\nFROM scratch\nCMD a\nFROM scratch\nENV A=1\n', {}],
  ])('does not fail %j with %j', async (dockerfile, options) => {
    const { error, isWritten } = await buildWithWarnings(dockerfile, options);
    expect([error, isWritten]).toEqual([undefined, true]);
  });
});
