import { describe, expect, it } from 'vitest';
import { findingsOf } from '../../../../src/inspect/findings/index.js';
import { elf, program } from '../../../elf/elf-writer.js';
import {
  AWS,
  DOCKER,
  ENCRYPTED,
  GCP,
  GITHUB,
  GITLAB,
  KEYS,
  NPM,
  PYPI,
  SLACK,
} from '../../probe/secrets.js';
import { contextOf, imageOf, type Table } from '../../tree.js';
import { alpine, type Base, debian, scratch } from '../images.js';

const tool = program({ needed: ['libc.so.6'] });
const CAPABILITY = new Map([['security.capability', Buffer.alloc(20)]]);
const folder = (mode: number) => ({ kind: 'directory', mode }) as const;

/** What is added to an image without a fault, and the one finding that it has then. */
const FAULTS: readonly (readonly [id: string, what: string, Table, Base?])[] = [
  ['version-control', '.git', { '/app/.git/HEAD': 'ref', '/app/.git/x~': 'x' }, debian],
  ['version-control', '.svn', { '/srv/.svn/entries': '12' }, debian],
  ['version-control', '.hg', { '/srv/.hg/store': 'x' }, debian],
  ['private-key', 'PKCS #8', { '/etc/ssl/private/server.key': KEYS.pkcs8 }],
  ['private-key', 'of SSH', { '/root/.ssh/id_ed25519': KEYS.openssh }],
  ['private-key', 'in a program’s source', { '/srv/settings.py': `KEY = """${KEYS.rsa}"""\n` }],
  ['private-key', 'of an SSH server', { '/etc/ssh/ssh_host_rsa_key': KEYS.openssh }],
  ['encrypted-private-key', 'PKCS #8', { '/etc/ssl/private/server.key': ENCRYPTED.pkcs8 }],
  ['key-store', 'PKCS #12', { '/srv/server.p12': Buffer.from([0x30, 0x82, 0, 0]) }],
  ['key-store', 'an unknown id_rsa', { '/root/.ssh/id_rsa': { unknown: true, size: 99 } }],
  ['aws-key', 'credentials', { '/root/.aws/config': AWS }],
  ['gcp-key', 'a service account', { '/srv/account.json': GCP }],
  ['github-token', 'in a script', { '/srv/x.sh': `export GITHUB_TOKEN=${GITHUB}\n` }],
  ['gitlab-token', 'in a file', { '/srv/token': GITLAB }],
  ['slack-token', 'in a file', { '/srv/slack.yml': `token: "${SLACK}"\n` }],
  ['npm-token', 'in .npmrc', { '/root/.npmrc': NPM }],
  ['pypi-token', 'in .pypirc', { '/root/.pypirc': `[pypi]\npassword = ${PYPI}\n` }],
  ['docker-credential', 'in config.json', { '/root/.docker/config.json': DOCKER }],
  ['netrc-password', 'in .netrc', { '/root/.netrc': 'machine x login me password secret\n' }],
  ['git-credential', 'by name', { '/root/.git-credentials': 'https://me:secret@github.com\n' }],
  ['credential-file', '.env', { '/srv/.env': 'PASSWORD=x\n' }],
  ['credential-file', 'of AWS, by its name', { '/root/.aws/credentials': '[default]\n' }],
  ['credential-file', 'of Kubernetes', { '/root/.kube/config': 'apiVersion: v1\n' }],
  ['credential-file', 'a history', { '/root/.bash_history': 'ls\n' }],
  ['package-lists', 'of apt', { '/var/lib/apt/lists/deb.debian.org_InRelease': 'x' }],
  ['package-cache', 'of apt', { '/var/cache/apt/archives/x.deb': 'x' }],
  ['package-cache', 'of apk', { '/var/cache/apk/APKINDEX.tar.gz': 'x' }, alpine],
  ['package-cache', 'of pip', { '/root/.cache/pip/http/x': 'x' }],
  ['package-cache', 'of npm', { '/root/.npm/_cacache/index-v5/x': 'x' }],
  ['package-cache', 'of Go', { '/go/pkg/mod/cache/download/x': 'x' }],
  ['package-cache', 'of cargo', { '/usr/local/cargo/registry/x': 'x' }],
  ['compiler', 'gcc', { '/usr/bin/x86_64-linux-gnu-gcc-12': tool, '/usr/bin/make': tool }],
  ['compiler', 'Go', { '/usr/local/go/bin/go': elf({ isStatic: true, type: 2 }) }],
  ['headers', 'of C', { '/usr/include/stdio.h': 'x', '/usr/include/sys/a.h': 'x' }],
  [
    'source-code',
    'of Go',
    { '/src/go.mod': 'module x', '/src/cmd/x/main.go': 'package main', '/src/x': tool },
  ],
  ['source-code', 'beside the folder', { '/app/src/main.rs': 'fn main() {}', '/app/app': tool }],
  ['core-dump', 'ELF', { '/srv/core.1': elf({ type: 4 }) }],
  ['core-dump', 'by name', { '/srv/core': { unknown: true, size: 4096 } }],
  ['editor-leftover', 'a backup', { '/srv/index.html~': 'x' }],
  ['editor-leftover', 'swap files', { '/srv/.a.swp': 'x', '/srv/.b.swp': 'x' }],
  ['editor-leftover', '.DS_Store', { '/srv/.DS_Store': 'x' }],
  ['editor-leftover', '.idea', { '/srv/.idea/workspace.xml': 'x' }],
  ['setuid', 'a program of one’s own', { '/usr/local/bin/x': { bytes: tool, mode: 0o4755 } }],
  ['setuid', 'su elsewhere', { '/srv/su': { bytes: tool, mode: 0o4755 } }],
  ['setgid', 'a program of one’s own', { '/usr/local/bin/x': { bytes: tool, mode: 0o2755 } }],
  ['world-writable', 'a file', { '/srv/x': { bytes: 'x', mode: 0o666 } }],
  [
    'world-writable',
    'a folder with all that is in it',
    {
      '/srv/x': folder(0o777),
      '/srv/x/a': { bytes: 'a', mode: 0o666 },
      '/srv/x/b': { bytes: 'b', mode: 0o666 },
    },
  ],
  ['device', 'two', { '/dev/null': { kind: 'char-device' }, '/dev/sda': { kind: 'block-device' } }],
  ['tmp-not-writable', 'mode 755', { '/tmp': folder(0o755) }, debian],
];

async function serious(files: Table, { facts, files: base } = debian) {
  const found = await findingsOf(imageOf(facts, base, files));
  return found.filter(({ severity }) => severity !== 'info').map(({ id }) => id);
}

describe('an image with one thing that doesn’t belong', () => {
  it.each(FAULTS.map(([id, what, files, base = debian]) => ({ id, what, files, base })))(
    'has one finding, $id: $what',
    async ({ id, files, base }) => {
      expect(await serious(files, base)).toEqual([id]);
    },
  );
});

describe('an image has for information', () => {
  it.each([
    ['secret-sample', 'a key among tests', { '/srv/tests/server.key': KEYS.rsa }],
    ['secret-sample', 'ssl-cert’s key', { '/etc/ssl/private/ssl-cert-snakeoil.key': KEYS.rsa }],
    ['setuid-usual', 'su', { '/usr/bin/su': { bytes: tool, mode: 0o4755 } }],
    ['static-libraries', 'libc.a', { '/usr/lib/libc.a': '!<arch>\n' }],
    ['capability', 'ping', { '/srv/ping': { bytes: tool, xattrs: CAPABILITY } }],
  ] as [string, string, Table][])('%s: %s', async (id, _, files) => {
    const found = await findingsOf(imageOf(scratch.facts, scratch.files, files));
    expect(found.map((one) => `${one.severity} ${one.id}`)).toEqual([`info ${id}`]);
  });
});

describe('an image has no finding for', () => {
  it.each([
    ['a folder with setgid', { '/srv/x': folder(0o2775) }],
    ['su, where Debian has it', { '/usr/bin/su': { bytes: tool, mode: 0o4755 } }],
    ['/tmp and its like', { '/var/tmp': folder(0o1777) }],
    ['a certificate', { '/etc/ssl/x.pem': KEYS.pkcs8.replaceAll('PRIVATE KEY', 'CERTIFICATE') }],
    ['the word', { '/srv/doc.md': 'It starts with -----BEGIN PRIVATE KEY-----\n' }],
    ['a key that was cut out', { '/srv/doc.md': KEYS.rsa.replace(/\n.{64}\n/, '\n...\n') }],
    ['a key among tests', { '/srv/tests/data/server.key': KEYS.rsa }],
    ['a key of a package', { '/srv/node_modules/x/key.pem': KEYS.rsa }],
    ['ssl-cert’s key', { '/etc/ssl/private/ssl-cert-snakeoil.key': KEYS.rsa }],
    ['a library with the word in it', { '/usr/lib/libx.so': elf({ text: KEYS.rsa }) }],
    ['a token’s place', { '/srv/.npmrc.md': '//r/:_authToken=${NPM_TOKEN}\n' }],
    ['a token that nobody has', { '/srv/README': `ghp_${'x'.repeat(36)} AKIAIOSFODNN7EXAMPLE` }],
    ['a .env to copy', { '/srv/.env.example': 'PASSWORD=\n' }],
    ['a login without a password', { '/root/.docker/config.json': '{"auths":{"r":{}}}' }],
    ['an empty list', { '/var/lib/apt/lists/lock': '', '/var/lib/apt/lists/partial': undefined }],
    ['sources of a package', { '/srv/node_modules/x/a.c': 'x', '/srv/node_modules/x/x': tool }],
    ['sources without a program', { '/srv/x/lib.rs': 'x' }],
    ['Python’s sources', { '/usr/local/bin/python3': tool, '/srv/app.py': 'import x' }],
    ['backups of a distribution', { '/usr/share/x/readme~': 'x' }],
    ['a folder called core', { '/srv/core/x': 'x' }],
  ] as [string, Table][])('%s', async (_, files) => {
    expect(await serious(files)).toEqual([]);
  });
});

describe('a context', () => {
  const ids = async (files: Table) =>
    (await findingsOf(contextOf(files))).map(({ id, severity }) => `${severity} ${id}`);

  it('is checked for what is unwanted in any image', async () => {
    expect(await ids({ '/.git/HEAD': 'x', '/.env': 'A=b', '/a~': 'x', '/key': KEYS.ec })).toEqual([
      'error private-key',
      'warning credential-file',
      'warning editor-leftover',
      'warning version-control',
    ]);
  });

  it('may have what a build takes', async () => {
    expect(
      await ids({ '/include/a.h': 'x', '/main.go': 'x', '/app': tool, '/bin/gcc': tool }),
    ).toEqual([]);
  });

  it('has .dockerignore for what is left out', async () => {
    const context = contextOf({ '/x/.git/HEAD': 'x' });
    const [found] = await findingsOf({ ...context, context: 'directory' });
    expect(found).toEqual({
      id: 'version-control',
      severity: 'warning',
      path: '/x/.git',
      message: '/x/.git has the history of the sources: a file (1 B)',
      advice: 'add **/.git to .dockerignore, or leave it out with --exclude "**/.git"',
    });
  });
});

describe('advice on what to leave out', () => {
  const files: Table = {
    '/.git/HEAD': 'x',
    '/key': KEYS.ec,
    '/a~': 'x',
    '/.mypy_cache/x': 'x',
    '/core.1': elf({ type: 4 }),
  };

  it.each([contextOf(files), imageOf(scratch.facts, scratch.files, files)])(
    'names --exclude for a stream and .dockerignore for a directory',
    async (subject) => {
      const ids = ['core-dump', 'editor-leftover', 'package-cache', 'private-key'];
      for (const context of ['stream', 'directory'] as const) {
        const found = await findingsOf({ ...subject, context });
        expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(ids));
        const advice = found.map(({ advice }) => advice).join('\n');
        if (context === 'stream') expect(advice).not.toContain('.dockerignore');
        else expect(advice).not.toMatch(/^leave it out with --exclude/m);
        expect(advice).toContain(context === 'stream' ? '--exclude "**/.git"' : '**/.git to .dock');
      }
    },
  );

  it('has the finding dockerignore-unused for a .dockerignore in a stream', async () => {
    const subject = contextOf({ '/.dockerignore': '*', '/sub/.dockerignore': '*' });
    const [found, ...more] = await findingsOf({ ...subject, context: 'stream' });
    expect(found).toMatchObject({ id: 'dockerignore-unused', path: '/.dockerignore' });
    expect(found?.advice).toContain('--dockerignore FILE');
    expect(more).toEqual([]);
    expect(await findingsOf({ ...subject, context: 'directory' })).toEqual([]);
    expect(await findingsOf(imageOf(scratch.facts, scratch.files))).toEqual([]);
  });
});

describe('an owner beyond the ids of a rootless engine', () => {
  const first = [{ path: '/app', uid: 1_516_583_083, gid: 0, layer: 0 }];
  const unmappable = { first, count: 3 };

  it('is the finding unmappable-owner of an image and of a stream', async () => {
    const image = imageOf(scratch.facts, scratch.files);
    for (const subject of [image, { ...contextOf({}), context: 'stream' as const }]) {
      const [found] = await findingsOf({ ...subject, unmappable });
      expect(found).toMatchObject({ id: 'unmappable-owner', severity: 'warning', path: '/app' });
      expect(found?.message).toMatch(/^\/app and 2 more: the owner 1516583083:0 /);
      expect(found?.advice).toMatch(/--keep-owner/);
    }
  });

  it('is not reported for a directory, whose owners are set when it is packed', async () => {
    expect(await findingsOf({ ...contextOf({}), context: 'directory', unmappable })).toEqual([]);
  });
});

describe('findings', () => {
  const { facts, files } = scratch;

  it('come in order: by severity, by id, by path', async () => {
    const more = { '/b~': 'x', '/b.key': KEYS.rsa, '/a.key': KEYS.rsa, '/.git/HEAD': 'x' };
    const found = await findingsOf(imageOf(facts, files, more));
    expect(found.map(({ id, path }) => `${id} ${path}`)).toEqual([
      'private-key /a.key',
      'private-key /b.key',
      'editor-leftover /b~',
      'version-control /.git',
    ]);
  });

  it('are not thousands', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 57 }, (_, index) => [`/keys/${index}.key`, KEYS.rsa]),
    );
    const found = await findingsOf(imageOf(facts, files, many));
    expect(found).toHaveLength(21);
    expect(found.at(-1)).toMatchObject({ id: 'private-key', message: 'and 37 more' });
  });

  it('have one line, whatever names there are', async () => {
    const odd = { '/x\n\x1b[1m/.git/HEAD': 'x', '/\x1b]0;.key': KEYS.rsa, '/\r~': 'x' };
    for (const { message, advice } of await findingsOf(imageOf(facts, files, odd)))
      expect(message + advice).not.toMatch(/[\x00-\x1f]/);
  });
});
