/** Builders that fail: the exit code, one line that says why, nothing built, and nothing left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, variantOf } from '../engines.js';
import { expectFailure, type Shell } from '../support.js';
import {
  act,
  buildersOf,
  expectNothingLeft,
  folderOf,
  good,
  imageOf,
  marked,
  networksOf,
  openOpenShell,
  runningBuilderOf,
  runs,
  SOON,
  three,
  two,
} from './support.js';

interface Case {
  readonly what: string;
  readonly script: string;
  readonly code: number;
  readonly why: RegExp;
  readonly hint?: RegExp;
  /** Its end and its output come one behind the other: each engine has its own way to tell. */
  readonly onAll?: boolean;
}

const TAR = 'tar -c .';
/** More than pipes hold, so that the engine has some of it before it breaks. */
const HALF =
  'dd if=/dev/zero of=/tmp/zeros bs=1024 count=900 2>/dev/null; tar -c . /tmp/zeros 2>/dev/null | head -c 700000';

const cases: readonly Case[] = [
  {
    what: 'writes nothing',
    script: 'true',
    code: 3,
    why: /reading the output of \S+: it is empty$/,
  },
  {
    what: 'writes nothing, and fails',
    script: 'echo no gcc >&2; exit 1',
    code: 4,
    why: /^dockerception: running \S+: it exited with 1; its last lines: no gcc$/,
    hint: /nothing was built/,
  },
  {
    what: 'writes text',
    script: 'echo Compiling app v0.1.0',
    code: 3,
    why: /starts with text.*Compiling app v0\.1\.0/,
  },
  {
    what: 'writes text, and fails a while later',
    onAll: true,
    script: 'echo no compiler; sleep 1; exit 3',
    code: 4,
    why: /it exited with 3$/,
  },
  {
    what: 'writes a log line in front of its tar',
    script: `echo building; ${TAR}`,
    code: 3,
    why: /starts with text.*building/,
  },
  {
    what: 'writes a log line behind its tar',
    script: `${TAR}; echo done`,
    code: 3,
    why: /after the end-of-archive.*done/,
  },
  {
    what: 'fails behind a whole tar',
    onAll: true,
    script: `${TAR}; printf 'one\\ntwo\\nthree\\nfour\\n' >&2; exit 9`,
    code: 4,
    why: /it exited with 9; its last lines: two \| three \| four$/,
  },
  {
    what: 'ends in the middle of a tar',
    onAll: true,
    script: HALF,
    code: 3,
    why: /cut short/,
  },
  {
    what: 'fails in the middle of a tar',
    onAll: true,
    script: `${HALF}; exit 1`,
    code: 4,
    why: /it exited with 1$/,
  },
  {
    what: 'writes a context without its Dockerfile',
    script: 'tar -c hello',
    code: 3,
    why: /Dockerfile/,
  },
  {
    what: 'tells that what it ran was killed',
    script: 'exit 137',
    code: 4,
    why: /it was killed, exit code 137$/,
  },
  {
    what: 'names a program that isn’t there',
    onAll: true,
    script: 'no-such-compiler',
    code: 4,
    why: /its command is not there, exit code 127; its last lines: .*no-such-compiler/,
  },
  {
    what: 'names a program that is none',
    script: 'chmod -x Dockerfile; ./Dockerfile',
    code: 4,
    why: /its command can’t be run, exit code 126; its last lines: .*denied/i,
  },
  {
    what: 'says it in colours, over many lines',
    script: 'printf "\\033[31merror:\\033[0m one\\r\\n\\033]0;title\\007two\\n" >&2; exit 2',
    code: 4,
    why: /it exited with 2; its last lines: error: one \| two$/,
  },
];

describe.concurrent.each(two)('a builder with $name', (variant) => {
  let shell: Shell;
  let image: string;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    image = await imageOf(shell);
  });
  afterAll(() => shell.close());

  it.each(cases.filter(({ onAll }) => onAll))(
    'that $what builds nothing',
    async ({ script, code, why, hint }) => {
      const app = shell.name();
      const args = ['--from-image', image, '-t', app, '--label', `is=${app}`];
      expectFailure(await shell.tool([...args, ...runs(app, script)]), code, why, hint);
      await expectNothingLeft(variant, app);
    },
  );
});

/** One of each kind, those that don't take their time. */
const quick = ['docker20 BuildKit', 'podman'].map(variantOf);

describe.concurrent.each(quick)('a builder with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  let image: string;
  let networks: readonly string[];
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    networks = await networksOf(host);
    image = await imageOf(shell);
  });
  afterAll(async () => {
    expect(await networksOf(host)).toEqual(networks);
    await shell.close();
  });

  it.each(cases)('that $what builds nothing', async ({ script, code, why, hint }) => {
    const app = shell.name();
    const args = ['--from-image', image, '-t', app, '--label', `is=${app}`];
    expectFailure(await shell.tool([...args, ...runs(app, script)]), code, why, hint);
    await expectNothingLeft(variant, app);
  });

  it('that is killed in the middle of its tar builds nothing', async () => {
    const app = shell.name();
    const script = 'tar -c hello; echo begun-$((6*7)) >&2; sleep 60';
    const tool = shell.start([
      ...['dockerception', '--from-image', image, '-t', app, '--label', `is=${app}`],
      ...runs(app, script),
    ]);
    await tool.says('begun-42');
    const id = await runningBuilderOf(host, app);
    await act(host, 'POST', `${id}/kill?signal=SIGKILL`);
    const why = /it was killed, exit code 137; its last lines: begun-42$/;
    expectFailure(await tool.done, 4, why);
    await expectNothingLeft(variant, app);
  });

  it('that hangs is killed when its time is up, deaf to SIGTERM or not', async () => {
    const app = shell.name();
    const script = 'trap "" TERM INT HUP; tar -c hello; sleep 60';
    const args = ['--from-image', image, '-t', app, '--timeout', '1.5', ...runs(app, script)];
    const outcome = await shell.tool(args);
    const why = /^dockerception: running \S+: it was still running after 1\.5 s, and was killed$/;
    expectFailure(outcome, 4, why, /--timeout gives it longer/);
    expect(outcome.took).toBeLessThan(SOON);
    await expectNothingLeft(variant, app);
  });

  it('that is in time is not bothered by its limit', async () => {
    const outcome = await shell.tool(['filter', '--from-image', image, '--timeout', '50s']);
    good(outcome);
    expect(outcome.took).toBeLessThan(SOON);
  });

  it('whose program isn’t there at all is told by the engine', async () => {
    const app = shell.name();
    const args = ['--from-image', image, '--builder-tag', app, '-t', app, '--', 'no-such-program'];
    const why = /^dockerception: starting the builder: .*no-such-program/;
    expectFailure(await shell.tool(args), 4, why);
    expect(await buildersOf(host, 'no-such-program')).toEqual([]);
  });

  it('that has no such user, or mounts nothing, is told by the engine', async () => {
    for (const wrong of [
      ['--user', 'no-such-user'],
      ['--volume', '/no/such/folder:not-absolute'],
    ]) {
      const app = shell.name();
      const outcome = await shell.tool([
        '--from-image',
        image,
        ...wrong,
        '-t',
        app,
        ...runs(app, TAR),
      ]);
      expectFailure(
        outcome,
        4,
        /^dockerception: (?:making|starting) the builder: .*(?:no-such-user|no\/such\/folder|not-absolute)/,
      );
      await expectNothingLeft(variant, app);
    }
  });
});

describe.concurrent.each(two)('a builder’s folder with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
  });
  afterAll(() => shell.close());

  it('whose builder fails builds nothing, and leaves no image of it', async () => {
    const app = shell.name();
    await folderOf(shell, 'fails', app, `${TAR}; exit 3`);
    expectFailure(await shell.tool(['--from', 'fails', '-t', app]), 4, /it exited with 3$/);
    await expectNothingLeft(variant, app);
  });

  it('that can’t be built is the engine’s to tell', async () => {
    const app = shell.name();
    const instructions = ['RUN echo no headers >&2; exit 7'];
    await folderOf(shell, 'unbuilt', app, TAR, { instructions });
    const outcome = await shell.tool(['--from', 'unbuilt', '-t', app]);
    expectFailure(outcome, 1, /^dockerception: building .*7/);
    expect(outcome.stderr).toContain('no headers');
    await expectNothingLeft(variant, app);
  });

  it('that isn’t there, or is empty, is none', async () => {
    const missing = await shell.tool(['--from', 'nowhere', '-t', 'app']);
    expectFailure(missing, 2, /nowhere: there is no such file or directory/);
    await shell.file('empty.tar', Buffer.alloc(1024));
    expectFailure(await shell.tool(['--from', 'empty.tar', '-t', 'app']), 3, /no entries/);
  });

  it('whose image builds nothing after it is removed all the same', async () => {
    const app = shell.name();
    const runtime = ['RUN ["no-such-program"]'];
    await folderOf(shell, 'runtime', app, TAR, { runtime });
    const outcome = await shell.tool(['--from', 'runtime', '-t', app]);
    expectFailure(outcome, 1, /no-such-program/);
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('is one of several, each of which counts', async () => {
    const app = shell.name();
    await folderOf(shell, 'first', app, `${TAR}; echo of-the-first >&2; exit 5`);
    await folderOf(shell, 'second', app, TAR);
    const failed = await shell.tool(['--from', 'first', '--from', 'second', '-t', app]);
    expectFailure(
      failed,
      4,
      /running the builder first: it exited with 5; its last lines: of-the-first$/,
    );
    await expectNothingLeft(variant, app);
    const image = shell.name();
    await folderOf(shell, 'good', image, TAR, {
      files: {
        'context/Dockerfile': `FROM ${engines.base}\nLABEL builder=${app}\nCMD ["sh","-c","${marked(app, 'exit 6')}"]\n`,
      },
    });
    const last = await shell.tool(['--from', 'good', '--from', '-', '-t', app]);
    expectFailure(last, 4, /running the builder -: /);
    expect(await buildersOf(host, image)).toEqual([]);
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('may be kept for a look when its builder fails', async () => {
    const app = shell.name();
    await folderOf(shell, 'kept', app, 'echo why > /tmp/log; exit 1');
    const outcome = await shell.tool(['--from', 'kept', '--keep-builder', '-t', app]);
    expect(outcome.code, outcome.stderr).toBe(4);
    expect(outcome.stderr).toMatch(/^dockerception: running the builder kept: it exited with 1$/m);
    const id = /is kept: docker rm -v ([0-9a-f]{12})/.exec(outcome.stderr)?.[1];
    expect((await buildersOf(host, app)).map((one) => one.slice(0, 12))).toEqual([id]);
    good(await shell.run(`docker cp ${id}:/tmp/log - | tar -xO`));
    good(await shell.run(`docker rm -v ${id}`));
  });
});

describe.concurrent.each(three)('an image that $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
  });
  afterAll(() => shell.close());

  it('can’t pull is no builder', async () => {
    const image = `${engines.registry.address}/no-such-image:1`;
    const outcome = await shell.tool(['--from-image', image, '-t', shell.name()]);
    expectFailure(
      outcome,
      5,
      new RegExp(`^dockerception: pulling ${image}: `),
      /is the name right/,
    );
  });

  it('can pull is one', async () => {
    const image = `${engines.registry.address}/base:latest`;
    const script = 'cd /tmp; echo FROM scratch > Dockerfile; tar -c Dockerfile';
    good(await shell.tool(['filter', '--from-image', image, '--', 'sh', '-c', script]));
  });

  it('gets under no name that can’t be one', async () => {
    const outcome = await shell.tool(['--from-image', 'No:Such:Name', '-t', shell.name()]);
    expect([4, 5]).toContain(outcome.code);
    expectFailure(outcome, outcome.code, /^dockerception: /);
  });
});
