/** SIGINT and SIGTERM in each phase of a build with a builder: the exit code, and nothing left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import { expectFailure, type Running, type Shell } from '../support.js';
import {
  buildersOf,
  expectNothingLeft,
  folderOf,
  imageOf,
  openOpenShell,
  runs,
  SOON,
  three,
  two,
  until,
} from './support.js';

const signals = [
  { signal: 'SIGINT', code: 130, word: /interrupted/ },
  { signal: 'SIGTERM', code: 143, word: /terminated/ },
] as const;

interface Phase {
  readonly phase: string;
  /** Starts a build; resolves when it is there. */
  readonly start: (shell: Shell, image: string, mark: string) => Promise<Running>;
  readonly serves?: boolean;
  readonly runs?: boolean;
}

const begun = async (tool: Running): Promise<Running> => {
  await tool.says('begun-42');
  return tool;
};
const SAY = 'echo begun-$((6*7))';

const phases: readonly Phase[] = [
  {
    phase: 'its builder is built',
    async start(shell, _image, mark) {
      const instructions = [`RUN ${SAY} ${mark}; sleep 3`];
      const folder = await folderOf(shell, `of-${mark}`, mark, 'tar -c .', { instructions });
      return begun(shell.start(['dockerception', '--from', folder, '-t', mark]));
    },
  },
  {
    phase: 'its builder runs, and has written some',
    runs: true,
    start(shell, image, mark) {
      const script = `tar -c hello; ${SAY} >&2; trap "" TERM INT HUP; sleep 60`;
      const args = ['--from-image', image, '-t', mark, ...runs(mark, script)];
      return begun(shell.start(['dockerception', ...args]));
    },
  },
  {
    phase: 'artifacts are taken',
    async start(shell, image, mark) {
      // A file that is large to everybody but the disk.
      const script = `dd if=/dev/zero of=/vol/large bs=1 count=1 seek=64G 2>/dev/null`;
      const args = [`--from-image ${image} --artifacts /vol/large --allow-no-dockerfile`];
      const command = `-- sh -c 'touch /vol/${mark}; ${script}'`;
      const tool = shell.start([
        'bash',
        '-c',
        `exec dockerception filter ${args.join(' ')} ${command} > /dev/null`,
      ]);
      await until(
        () => buildersOf(shell.variant.host, mark, 'exited'),
        ({ length }) => length > 0,
      );
      await sleep(700);
      return tool;
    },
  },
  {
    phase: 'its builder does not serve yet',
    serves: true,
    start(shell, image, mark) {
      const args = ['--from-image', image, '--serve', '80', '-t', mark];
      const command = runs(mark, `${SAY} >&2; trap "" TERM; sleep 60`);
      return begun(shell.start(['dockerception', ...args, '.', ...command]));
    },
  },
  {
    phase: 'its image is built',
    async start(shell, image, mark) {
      const made = ['--base', engines.base, '-c', `RUN ${SAY} ${mark}; sleep 3`, '-t', mark];
      const args = ['--from-image', image, '--exclude', 'Dockerfile', ...made];
      return begun(shell.start(['dockerception', ...args, ...runs(mark, 'tar -c .')]));
    },
  },
];

// These mostly wait: so all at a time.
describe.concurrent.each(three)('a build with a builder with $name', (variant) => {
  let shell: Shell;
  let image: string;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    image = await imageOf(shell);
  });
  afterAll(() => shell.close());

  const cases = phases
    .filter(({ serves }) => serves !== true || !variant.podman)
    // How a container is removed is what another engine has of its own.
    .filter(({ runs }) => runs === true || two.includes(variant))
    .flatMap((phase) => signals.map((signal) => ({ ...phase, ...signal })));

  it.each(cases)('ends while $phase by $signal', async ({ start, signal, code, word }) => {
    const mark = shell.name();
    const tool = await start(shell, image, mark);
    const asked = performance.now();
    tool.signal(signal);
    const outcome = await tool.done;
    expectFailure(outcome, code, word);
    expect(performance.now() - asked).toBeLessThan(SOON);
    expect(await buildersOf(variant.host, `/vol/${mark}`)).toEqual([]);
    // A step of a build may go on for as long as it lasts; nothing of it gets a name.
    await sleep(3500);
    await expectNothingLeft({ ...variant, buildkit: false }, mark);
  });

  it('ends at once by the second one', async () => {
    const mark = shell.name();
    const script = `${SAY} >&2; trap "" TERM INT HUP; sleep 60`;
    const args = ['--from-image', image, '-t', mark, ...runs(mark, script)];
    const tool = await begun(shell.start(['dockerception', ...args]));
    tool.signal('SIGINT');
    tool.signal('SIGTERM');
    expect([130, 143]).toContain((await tool.done).code);
    const left = await buildersOf(variant.host, mark);
    await shell.run(`docker rm -f -v ${left.join(' ')} no-such-container`);
  });
});
