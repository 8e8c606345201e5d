/** The tests of the command line share a process where its result alone counts: that result has to be right. */
import { describe, expect, it } from 'vitest';
import { member, tar } from '../write-tar.js';
import { run as runAlone } from './cli.js';
import { useSharedProcess } from './shared-process.js';

const run = useSharedProcess();
const context = tar(
  member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY . /\n' }),
  member({ name: 'large', body: Buffer.alloc(300_000, 'large') }),
);

describe('a command in a shared process', () => {
  it.each([
    ['a tar', ['filter'], { input: context }],
    ['a tar that is cut short', ['filter'], { input: context.subarray(0, 200_000) }],
    ['no input', ['filter', '--prefix', 'x'], {}],
    ['an empty input', ['inspect'], { input: Buffer.alloc(0) }],
    ['an output in its folder', ['-q', '--engine', 'embedded', '-o', 'x'], { input: context }],
    ['an output to a pipe', ['-q', '--engine', 'embedded', '-o', '-'], { input: context }],
    ['another environment', ['-q', '.'], { env: { DOCKER_HOST: 'unix:///nowhere' } }],
  ])('ends as in its own process: %s', async (_, args, options) => {
    const shared = await run(args, options);
    const alone = await runAlone(args, options);
    expect(shared.stdout.equals(alone.stdout)).toBe(true);
    expect({ ...shared, stdout: undefined }).toEqual({ ...alone, stdout: undefined });
  });
});
