/** Secrets and SSH agents of RUN, with every BuildKit, and without one. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, variants } from '../engines.js';
import { expectFailure, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';

/** An agent's answer to SSH_AGENTC_REQUEST_IDENTITIES has the comments of its keys. */
const LIST_KEYS = `perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die "no agent: $!"; print $s pack("NC", 1, 11); $s->flush; $s->sysread(my $b, 4096); print "keys: $b\\n"'`;

const context = (Dockerfile: string): Promise<Buffer> =>
  create([{ name: 'Dockerfile', content: Dockerfile }]);

describe.each(variants.filter(({ buildkit }) => buildkit))('$name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  const build = async (
    run: string,
    args: readonly string[],
    env: Record<string, string> = {},
    base: string = engines.base,
  ): Promise<Outcome> => {
    const app = shell.name();
    const input = await context(`FROM ${base}\nLABEL is=${app}\nRUN ${run}\n`);
    return shell.tool(['-t', app, '--no-cache', ...args], { input, env });
  };

  it('reads secrets from files and variables', async () => {
    const [one, two] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')];
    await shell.file('secret', one);
    const run =
      '--mount=type=secret,id=one --mount=type=secret,id=TWO ' +
      'echo "sum $(cat /run/secrets/one /run/secrets/TWO | sha256sum)"; cat /run/secrets/one';
    const args = ['--secret', 'id=one,src=secret', '--secret', 'id=TWO'];
    const { code, stderr, stdout } = await build(run, args, { TWO: two });
    expect(code, stderr).toBe(0);
    const { stdout: sum } = spawnSync('sha256sum', { input: `${one}${two}` });
    expect(stderr).toContain(`sum ${sum.toString().trim()}`);
    for (const text of [stderr, stdout.toString()]) {
      expect(text).not.toContain(one);
      expect(text).not.toContain(two);
    }
  });

  it('accepts 500 KiB, and not more', async () => {
    const run = '--mount=type=secret,id=big wc -c </run/secrets/big';
    await shell.file('big', Buffer.alloc(500 << 10, 'x'));
    expect((await build(run, ['--secret', 'id=big,src=big'])).stderr).toMatch(/\b512000\b/);
    await shell.file('big', Buffer.alloc((500 << 10) + 1));
    expectFailure(await build(run, ['-q', '--secret', 'id=big,src=big']), 2, /more than 512000/);
  });

  it('fails without a secret that is required', async () => {
    const run = '--mount=type=secret,id=one,required=true cat /run/secrets/one';
    expect((await build(run, [])).code).toBe(1);
    const missing = await build(run, ['-q', '--secret', 'id=one,src=nowhere']);
    expectFailure(missing, 2, /reading the secret one from nowhere/);
  });

  it('forwards an SSH agent', async () => {
    const key = join(shell.folder, 'key');
    const script = [
      'set -e; eval "$(ssh-agent)" >&2; trap "kill $SSH_AGENT_PID" EXIT',
      `ssh-keygen -q -t ed25519 -N "" -C key-of-the-test -f ${key} >&2; ssh-add -q ${key}`,
      `dockerception -t ${shell.name()} --no-cache --ssh default --progress plain`,
    ].join('\n');
    const input = await context(`FROM ${engines.debian}\nRUN --mount=type=ssh ${LIST_KEYS}\n`);
    const { code, stderr } = await shell.run(script, { input });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/keys: [^]*key-of-the-test/);
  });

  it('needs an SSH agent for --ssh', async () => {
    const outcome = await build('true', ['-q', '--ssh', 'default'], { SSH_AUTH_SOCK: '' });
    expectFailure(outcome, 2, /there is no SSH agent/, /ssh-agent/);
  });
});

it.each(variants.filter(({ buildkit }) => !buildkit))(
  '$name refuses secrets by name',
  async (variant) => {
    const shell = await openShell(variant);
    try {
      const input = await context(`FROM ${engines.base}\n`);
      const outcome = await shell.tool(['-q', '-t', shell.name(), '--secret', 'id=PATH'], {
        input,
      });
      expectFailure(outcome, 2, /building with --secret/, /DOCKER_BUILDKIT=1/);
    } finally {
      await shell.close();
    }
  },
);
