/** Secrets and SSH agents of RUN, with every BuildKit, and without one. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, variants } from '../engines.js';
import { expectFailure, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';
import type { RemoteBuildKit } from './bridge.js';
import { useBuildKit } from './docker28.js';

/** An agent's answer to SSH_AGENTC_REQUEST_IDENTITIES has the comments of its keys. */
const LIST_KEYS = `perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die "no agent: $!"; print $s pack("NC", 1, 11); $s->flush; my $b = ""; while (length $b < 4 || length $b < 4 + unpack "N", $b) { $s->sysread($b, 4096, length $b) or die "cut" } $b =~ s/[^ -~]/./g; print "keys: $b\\n"'`;

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
    expect(stderr).toMatch(/keys: .*key-of-the-test/);
  });

  it('reads process substitution, an empty file and an empty variable, and the last of two', async () => {
    const app = shell.name();
    const ids = ['pipe', 'empty', 'VOID', 'twice'];
    const mounts = ids.map((id) => `--mount=type=secret,id=${id},required=true`).join(' ');
    const input = await context(
      `FROM ${engines.base}\nRUN ${mounts} cd /run/secrets; sha256sum ${ids.join(' ')}\n`,
    );
    await shell.file('empty', '');
    await shell.file('two', 'the last one');
    const given =
      '--secret id=pipe,src=<(printf part; sleep 0.2; printf s) --secret id=empty,src=empty ' +
      '--secret id=VOID --secret id=twice,src=empty --secret id=twice,src=two';
    const script = `dockerception --progress plain -t ${app} --no-cache ${given}; code=$?; wait; exit $code`;
    const { code, stderr } = await shell.run(script, { input, env: { VOID: '' } });
    expect(code, stderr).toBe(0);
    for (const [content, id] of [
      ['parts', 'pipe'],
      ['', 'empty'],
      ['', 'VOID'],
      ['the last one', 'twice'],
    ] as const) {
      const { stdout } = spawnSync('sha256sum', { input: content });
      expect(stderr).toContain(`${stdout.toString().split(' ')[0]}  ${id}`);
    }
  });

  it('refuses a secret that can not be read', async () => {
    for (const [src, why] of [
      ['.', /reading the secret one from \.: it is a directory$/],
      ['/proc/self/mem', /reading the secret one from/],
      ['nowhere/x', /from nowhere\/x: there is no such file$/],
    ] as const)
      expectFailure(await build('true', ['-q', '--secret', `id=one,src=${src}`]), 2, why);
  });

  it('can be interrupted while a FIFO has no writer', async () => {
    expect((await shell.run('mkfifo fifo')).code).toBe(0);
    const input = await context(`FROM ${engines.base}\nRUN true\n`);
    const tool = shell.start(['dockerception', '-t', shell.name(), '--secret', 'id=one,src=fifo'], {
      input,
    });
    await tool.says('context: ');
    tool.signal('SIGINT');
    expectFailure(await tool.done, 130, /interrupted/);
  });

  it('needs an SSH agent for --ssh', async () => {
    const outcome = await build('true', ['-q', '--ssh', 'default'], { SSH_AUTH_SOCK: '' });
    expectFailure(outcome, 2, /there is no SSH agent/, /ssh-agent/);
    await shell.file('key.pem', 'a key');
    for (const [path, why, hint] of [
      ['key.pem', /--ssh git=key\.pem: it is not the socket of an SSH agent/, /ssh-add key\.pem/],
      ['.', /--ssh git=\.: it is not the socket of an SSH agent/, /ssh-agent/],
      ['nowhere', /--ssh git=nowhere: there is no such file/, /ssh-agent/],
    ] as const)
      expectFailure(await build('true', ['-q', '--ssh', `git=${path}`]), 2, why, hint);
  });
});

describe('secrets of several forms', () => {
  let shell: Shell;
  let buildkit: RemoteBuildKit;
  useBuildKit((opened) => ({ shell, buildkit } = opened));

  it('are in no byte that is printed or written', async () => {
    const random = (bytes: number): string => randomBytes(bytes).toString('base64');
    const lines = Array.from({ length: 12 }, () => random(48));
    const key = ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join(
      '\n',
    );
    const escaped = `${random(9)} "%41\\/${random(9)}`;
    await shell.file('key', key);
    await shell.file('escaped', escaped);
    const registryCredential = randomBytes(12).toString('hex');
    const steps = [
      'cat key',
      'while read line; do echo "> $line <"; done <key',
      'cat key >&2',
      'base64 -w 0 escaped; echo',
      'cat escaped; echo',
      'head -c 10 escaped; sleep 0.3; tail -c +11 escaped; echo',
      'echo done-$((6*7)); sha256sum key',
    ];
    const mounts = '--mount=type=secret,id=key --mount=type=secret,id=escaped';
    const tag = `${engines.registry.address}/${shell.name()}`;
    const input = await context(
      `FROM ${engines.base}\nRUN ${mounts} cd /run/secrets; ${steps.join('; ')}\n` +
        `RUN ${mounts} cat /run/secrets/key /run/secrets/escaped; false\n`,
    );
    const secrets = ['--secret', 'id=key,src=key', '--secret', 'id=escaped,src=escaped'];
    const failing = input;
    const good = await context(
      `FROM ${engines.base}\nRUN ${mounts} cd /run/secrets; ${steps.join('; ')}\n`,
    );
    const written = [
      ...[
        '--builder',
        buildkit.address,
        '--no-cache',
        '--provenance=mode=max',
        '-t',
        tag,
        '--push',
      ],
      ...['-o', 'type=oci,dest=app.tar', '--metadata-file', 'metadata.json', '--iidfile', 'id'],
      ...[
        '--cache-to',
        `type=registry,ref=${tag}-cache,mode=max,secret_access_key=${registryCredential}`,
      ],
      ...secrets,
    ];
    const texts: string[] = [];
    for (const progress of ['plain', 'rawjson'])
      for (const [context, code] of [
        [good, 0],
        [failing, 1],
      ] as const) {
        const args = [...written, '--progress', progress];
        const outcome = await shell.tool(args, { input: context });
        expect(outcome.code, outcome.stderr).toBe(code);
        const data = [...outcome.stderr.matchAll(/"data":"([^"]*)"/g)].map(([, text = '']) =>
          Buffer.from(text, 'base64').toString(),
        );
        expect(outcome.stderr + data.join('')).toContain('done-42');
        texts.push(outcome.stderr, data.join(''), outcome.stdout.toString());
      }
    const { stdout: files } = await shell.run(
      'mkdir x; tar -xf app.tar -C x; cat metadata.json id; find x -type f | while read f; do cat $f; zcat $f 2>/dev/null || true; done',
    );
    expect(files.includes('buildType')).toBe(true);
    const { stdout: cache } = await shell.run(
      `${engines.crane} manifest --insecure ${tag}-cache; ${engines.crane} manifest --insecure ${tag}`,
    );
    texts.push(files.toString('latin1'), cache.toString());
    const base64 = Buffer.from(escaped).toString('base64').slice(0, -4);
    const forms = [...lines, escaped, base64, escaped.slice(0, 10), registryCredential];
    for (const form of forms)
      for (const text of texts) expect(text.includes(form), text.slice(0, 5000)).toBe(false);
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
      expectFailure(outcome, 2, /building with --secret/, /BuildKit has it|DOCKER_BUILDKIT=1/);
    } finally {
      await shell.close();
    }
  },
);
