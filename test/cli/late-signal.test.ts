/** A signal after the work is done: what was made exists, and the exit code says so. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { run } from '../support/cli.js';
import { member, tar } from '../support/write-tar.js';

/** Keeps the process alive when it has nothing left to do. */
const LINGER = `--import=data:text/javascript,${encodeURIComponent(
  `process.once('beforeExit', () => { process.stderr.write('over'); setTimeout(() => {}, 10_000); });`,
)}`;

const CONTEXT = Buffer.from(tar(member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY . /\n' })));

it.each([
  { name: 'a build', args: ['-q', '--engine', 'embedded', '-o', 'app.tar'], code: 0 },
  { name: 'filter', args: ['filter'], code: 0 },
  {
    name: 'a build that fails',
    args: ['-q', '--engine', 'embedded', '-o', 'app.tar', '-f', 'absent'],
    code: 3,
  },
])('of $name leaves the exit code $code', async ({ args, code }) => {
  const ended = await run(args, {
    input: CONTEXT,
    env: { NODE_OPTIONS: LINGER },
    started: async (child) => {
      let text = '';
      while (!text.includes('over'))
        text += String((await once(child.stderr ?? child, 'data')) as unknown);
      child.kill('SIGINT');
    },
  });
  expect(ended).toMatchObject({ code, signal: null });
});
