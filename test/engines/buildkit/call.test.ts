/** `--check` and `--call` print what `docker buildx build` prints, and build nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../src/build.js';
import { engines, listTags, variantOf } from '../engines.js';
import { expectFailure, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';

const { base } = engines;

/** A context with a Dockerfile, a file, and a .dockerignore. */
function context(dockerfile: string, file = 'Dockerfile'): Promise<Buffer> {
  return create([
    { name: '.dockerignore', content: 'ignored\n' },
    { name: file, content: dockerfile },
    { name: 'data', content: 'data' },
  ]);
}

let shell: Shell;
let buildkit: RemoteBuildKit;
beforeAll(async () => {
  shell = await openShell(variantOf('docker28 BuildKit'));
  buildkit = await serveBuildKit(shell.variant.host);
});
afterAll(async () => {
  await buildkit.close();
  await shell.close();
});

/** What this tool, and buildx, print for a Dockerfile. BuildKit's name of the context is random. */
async function both(
  dockerfile: string,
  args: readonly string[],
): Promise<Record<'ours' | 'theirs', Pick<Outcome, 'code'> & { stdout: string }>> {
  const input = await context(dockerfile);
  const [ours, theirs] = await Promise.all([
    shell.tool(['--engine', 'docker', ...args], { input }),
    shell.run(['docker', 'buildx', 'build', ...args, '-'].join(' '), { input, litters: true }),
  ]);
  const plain = ({ code, stdout }: Outcome) => ({
    code,
    stdout: stdout.toString().replace(/"definition": \{.*?\n {6}\}/gs, '"definition": {}'),
  });
  return { ours: plain(ours), theirs: plain(theirs) };
}

const FROM = `FROM ${base}`;
const RULES: readonly (readonly [rules: string, dockerfile: string])[] = [
  ['StageNameCasing FromAsCasing', `${FROM} as Build\n`],
  ['NoEmptyContinuation', `${FROM}\nRUN a \\\n\n  b\n`],
  ['ConsistentInstructionCasing JSONArgsRecommended', `${FROM}\nrun a\nRUN b\nCMD a b\n`],
  ['DuplicateStageName', `${FROM} AS x\n${FROM} AS x\n`],
  ['ReservedStageName', `${FROM} AS context\n`],
  ['MaintainerDeprecated WorkdirRelativePath', `${FROM}\nMAINTAINER me\nWORKDIR a\n`],
  ['UndefinedArgInFrom', `ARG A=${base}\nFROM $A$B\n`],
  ['UndefinedVar', `${FROM}\nENV A=1\nCOPY $data /\n`],
  ['MultipleInstructionsDisallowed', `${FROM}\nCMD ["a"]\nCMD ["b"]\n`],
  ['LegacyKeyValueFormat SecretsUsedInArgOrEnv', `${FROM}\nARG NPM_TOKEN\nENV DB_PASSWORD x\n`],
  ['RedundantTargetPlatform', `FROM --platform=$TARGETPLATFORM ${base}\n`],
  ['InvalidDefaultArgInFrom', `ARG A\nFROM busybox:$A\n`],
  ['FromPlatformFlagConstDisallowed', `FROM --platform=linux/amd64 ${base}\n`],
  ['ExposeInvalidFormat ExposeProtoCasing', `${FROM}\nEXPOSE 127.0.0.1:80:80 81/TCP\n`],
];

const OTHERS: readonly (readonly [name: string, dockerfile: string, code: number, out: RegExp])[] =
  [
    ['no warning', `${FROM}\nCMD ["<a>"]\n`, 0, /^Check complete, no warnings found\.\n$/],
    // .dockerignore does not apply to a context that is a tar.
    ['a file that is ignored', `${FROM}\nCOPY ignored /\n`, 0, /no warnings/],
    ['skipped rules', `# check=skip=FromAsCasing\n${FROM} as a\n`, 0, /no warnings/],
    ['warnings that are errors', `# check=error=true\n${FROM} as a\n`, 1, /FromAsCasing/],
    ['an unknown instruction', `${FROM} as a\nFOO bar\n`, 1, /FromAsCasing/],
    ['an error alone', `${FROM}\nFOO bar\n`, 1, /^$/],
  ];

describe('--check', () => {
  it.each(RULES)('reports %s as buildx does', async (rules, dockerfile) => {
    const { ours, theirs } = await both(dockerfile, ['--check']);
    expect(ours).toEqual(theirs);
    for (const rule of rules.split(' ')) expect(ours.stdout).toContain(`WARNING: ${rule} - `);
    expect(ours.code).toBe(1);
  });

  it.each(OTHERS)('ends as buildx does with %s', async (_, dockerfile, code, found) => {
    const { ours, theirs } = await both(dockerfile, ['--check']);
    expect(ours).toEqual(theirs);
    expect(ours.stdout).toMatch(found);
    expect(ours.code).toBe(code);
  });
});

const STAGES = `# syntax is the builder's own
ARG A=1
${FROM} AS one
# B: the second
ARG B=2
RUN --mount=type=secret,id=npm,required true
# the last
${FROM} AS two
ARG C=<3>
COPY --from=one /a /
`;

describe('--call', () => {
  it.each(['outline', 'targets', 'check', 'lint'])('prints %s as buildx does', async (call) => {
    const { ours, theirs } = await both(STAGES, [`--call=${call}`]);
    expect(ours).toEqual(theirs);
    expect(ours.stdout).not.toBe('');
  });

  it.each(['outline', 'targets', 'check'])('prints %s as JSON as buildx does', async (call) => {
    const { ours, theirs } = await both(STAGES, ['--call', `${call},format=json`]);
    expect(ours).toEqual(theirs);
    expect(JSON.parse(ours.stdout)).toHaveProperty('sources');
  });

  it('prints the parameters of a target with build arguments, and ignores the status', async () => {
    const args = ['--target=one', '--build-arg=B=9'];
    const outline = await both(STAGES, ['--call=outline', ...args]);
    expect(outline.ours).toEqual(outline.theirs);
    expect(outline.ours.stdout).toMatch(/^TARGET: +one\n[^]*^B +9 /m);
    const check = await both(`${FROM} as a\n`, ['--call=check,ignorestatus=true']);
    expect(check.ours).toEqual(check.theirs);
    expect(check.ours.stdout).toContain('FromAsCasing');
    expect(check.ours.code).toBe(0);
  });
});

/** The options of each engine with BuildKit. */
const ENGINES: Readonly<Record<string, () => string[]>> = {
  docker: () => ['-q', '--engine', 'docker'],
  buildkit: () => ['-q', '--builder', buildkit.address],
};

describe.each(Object.keys(ENGINES))('with the %s engine', (engine) => {
  const args = (): string[] => ENGINES[engine]?.() ?? [];

  it('builds nothing, and needs no output', async () => {
    const tag = shell.name();
    const input = await context(`${FROM}\nLABEL a=b\nRUN exit 3\n`);
    const metadata = ['--metadata-file', `${engine}.json`];
    const outcome = await shell.tool([...args(), '-t', tag, '--check', ...metadata], { input });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout.toString()).toBe('Check complete, no warnings found.\n');
    expect((await listTags(shell.variant.host)).filter((name) => name.includes(tag))).toEqual([]);
    const written = await readFile(join(shell.folder, `${engine}.json`), 'utf8');
    expect(JSON.parse(written)).toMatchObject({
      'result.json': { warnings: null, sources: [{ filename: 'Dockerfile' }] },
      'result.statuscode': '0',
      'result.txt': '',
    });
  });

  it('refuses a context that is cut short, and prints nothing', async () => {
    const input = (await context(`${FROM} as a\n`)).subarray(0, -1024);
    const outcome = await shell.tool([...args(), '--check'], { input });
    expectFailure(outcome, 3, /cut short/);
    expect(outcome.stdout.toString()).toBe('');
  });

  it('reports what is wrong with a Dockerfile', async () => {
    const input = await context(`${FROM} as a\nFOO bar\n`);
    const check = await shell.tool([...args(), '--check'], { input });
    expect(check.stdout.toString()).toContain('FromAsCasing');
    const why = /checking the Dockerfile: .*unknown instruction: FOO/;
    expectFailure({ ...check, stdout: Buffer.alloc(0) }, 1, why);
    expect(check.stderr).toContain('-/Dockerfile:2\n');
    expect(check.stderr).toContain('   2 | >>> FOO bar\n');
    const outline = await shell.tool([...args(), '--call=outline'], { input });
    expectFailure(outline, 1, /building the image: .*unknown instruction: FOO/);
    expect(outline.stderr).toContain('   2 | >>> FOO bar\n');
    expect(outline.stdout.toString()).toBe('');
  });
});

describe('the library', () => {
  it('checks a context in memory that is larger than a message', async () => {
    const files = [
      { name: 'Dockerfile', content: `${FROM} as a\n` },
      { name: 'data', content: Buffer.alloc(20 << 20) },
    ];
    const context = await create(files);
    const options = { context, engine: 'docker', call: 'check', env: shell.variant.env } as const;
    const { imageId, metadata } = await build(options);
    expect(imageId).toBe('');
    expect(metadata).toMatchObject({
      'result.json': { warnings: [{ ruleName: 'FromAsCasing' }] },
      'result.statuscode': '1',
      'result.txt': expect.stringMatching(/^Dockerfile:1$/m) as string,
    });
  });
});

describe('the place of a warning', () => {
  const dockerfile = `# a comment\n\n${FROM} as a\n`;

  it.each([
    ['.', []],
    ['.', ['-f', 'sub/My.Dockerfile']],
    ['.', ['-f', '../outside.Dockerfile']],
    ['dir', []],
    ['dir', ['-f', '-']],
  ])('is that of buildx for the context %s with %j', async (path, args) => {
    await shell.run('mkdir -p dir/sub dir/dir');
    const files = ['sub/My.Dockerfile', 'Dockerfile', 'dir/Dockerfile', '../outside.Dockerfile'];
    for (const file of files) await shell.file(`dir/${file}`, dockerfile);
    const command = [...args, '--check', path].join(' ');
    const given = { input: Buffer.from(dockerfile), litters: true };
    const [ours, theirs] = await Promise.all([
      shell.run(`cd dir; dockerception --engine docker ${command}`, given),
      shell.run(`cd dir; docker buildx build ${command}`, given),
    ]);
    expect(ours.stdout.toString()).toBe(theirs.stdout.toString());
    expect(ours.stdout.toString()).toMatch(/Dockerfile:3\n|stdin:3\n/);
    expect([ours.code, theirs.code]).toEqual([1, 1]);
  });

  it('is a line of the Dockerfile that --base writes', async () => {
    const input = await create([{ name: 'data', content: 'data' }]);
    const args = ['--engine', 'docker', '--base', base, '-c', 'ENV a b', '--check'];
    const { stdout } = await shell.tool(args, { input });
    expect(stdout.toString()).toMatch(/\nDockerfile:3\n-+\n.*\n.* COPY \. \/\n.*>>> ENV a b\n/);
  });
});

describe('the output of a builder container', () => {
  it.each([
    [['--builder', 'tcp://127.0.0.1:1'], {}],
    [[], { BUILDKIT_HOST: 'tcp://127.0.0.1:1' }],
  ])('is checked by the BuildKit that is named: %j %j', async (args, env) => {
    await shell.run('mkdir -p from');
    await shell.file('from/Dockerfile', `${FROM}\nCMD ["sh", "-c", "sleep 3"]\n`);
    const outcome = await shell.tool(['-q', '--from', 'from', '--check', ...args], { env });
    expectFailure(outcome, 5, /reaching BuildKit at tcp:\/\/127\.0\.0\.1:1/);
  });
});

describe('a builder without the call', () => {
  it.each([
    ['docker20 BuildKit', ['--check'], /frontend.lint: .*does not have it/, /syntax=docker/],
    ['docker20 BuildKit', ['--call=targets'], /frontend.targets: .*does not/, /syntax=docker/],
    ['docker28 classic', ['--check'], /--call: the classic builder does not have it/, /--builder/],
    ['podmanRootless', ['--check'], /--call: Podman’s API does not have it/, /--builder/],
    ['docker28 BuildKit', ['--check', '--engine', 'embedded'], /embedded engine/, /--builder/],
  ])('is refused: %s %j', async (name, args, why, hint) => {
    const other = await openShell(variantOf(name));
    try {
      const input = await context(`${FROM}\n`);
      expectFailure(await other.tool(['-q', ...args], { input }), 2, why, hint);
    } finally {
      await other.close();
    }
  });
});

describe('an option that needs an image', () => {
  it.each([
    [['--push', '-t', 'app'], /--push: --check builds no image/],
    [['--load'], /--load: --check/],
    [['-o', 'x.tar'], /-o: --check/],
    [['--max-size', '1MB'], /--max-size: --check/],
    [['--cache-to', 'x'], /--cache-to: --check/],
    [['-o', 'type=cacheonly'], /-o type=cacheonly: --check/],
    [['--iidfile', 'id'], /--call check builds no image, and --iidfile needs one/],
  ])('is refused: %j', async (args, why) => {
    expectFailure(await shell.tool(['--check', ...args]), 2, why);
  });
});
