import { describe, expect, it } from 'vitest';
import { findingsOf } from '../../../../src/inspect/findings/index.js';
import { elf, program } from '../../../elf/elf-writer.js';
import { ldSoCache } from '../../../elf/ld-so-cache-writer.js';
import { library } from '../../../elf/memory.js';
import { type Facts, imageOf, type Table } from '../../tree.js';
import { alpine, type Base, debian, scratch } from '../images.js';

const lookAt = (base: Base, facts: Facts = {}, files: Table = {}) =>
  findingsOf(imageOf({ ...base.facts, ...facts }, base.files, files));

async function serious(base: Base, facts: Facts = {}, files: Table = {}) {
  const found = await lookAt(base, facts, files);
  return found.filter(({ severity }) => severity !== 'info').map(({ id }) => id);
}

const bin = { needed: ['libc.so.6'] } as const;

describe('an image that starts', () => {
  it.each([
    ['a static program', scratch, {}, {}],
    ['a dynamic program of Debian', debian, {}, {}],
    ['a script of Alpine', alpine, {}, {}],
    [
      'a program in its working directory',
      debian,
      { Entrypoint: ['./x'] },
      { '/srv/x': program(bin) },
    ],
    ['a shell', debian, { Entrypoint: ['/bin/sh', '-c', 'exec app --serve'] }, {}],
    [
      'a shell with more than a word',
      debian,
      { Entrypoint: ['/bin/sh', '-c', 'cd / && nope'] },
      {},
    ],
    ['a shell’s own word', debian, { Entrypoint: ['/bin/sh', '-c', 'echo nope'] }, {}],
    [
      'a program of 32 bits',
      debian,
      { Entrypoint: ['/x'] },
      { '/x': elf({ machine: 3, bits: 32, isStatic: true, type: 2 }) },
    ],
    [
      'a file that nobody looked into',
      debian,
      {},
      { '/usr/local/bin/app': { unknown: true, size: 9, mode: 0o755 } },
    ],
    ['a user by number', debian, { User: '65532:65532' }, {}],
    ['a user of a group', debian, { User: 'app:staff' }, {}],
    [
      'a library in LD_LIBRARY_PATH',
      debian,
      { Env: ['LD_LIBRARY_PATH=/opt/lib'] },
      {
        '/usr/local/bin/app': program({ needed: ['libx.so'] }),
        '/opt/lib/libx.so': library('libx.so'),
      },
    ],
    [
      'a library that ldconfig knows',
      debian,
      {},
      {
        '/usr/local/bin/app': program({ needed: ['libx.so'] }),
        '/opt/lib/libx.so': library('libx.so'),
        '/etc/ld.so.cache': ldSoCache([['libx.so', '/opt/lib/libx.so']]),
      },
    ],
    [
      'a cache of which nothing is known',
      debian,
      {},
      {
        '/usr/local/bin/app': program({ needed: ['libx.so'] }),
        '/usr/local/lib/libx.so': library('libx.so'),
        '/etc/ld.so.cache': { unknown: true, size: 9 },
      },
    ],
    [
      'a library beside the program',
      debian,
      {},
      {
        '/usr/local/bin/app': program({ needed: ['libx.so'], runpath: '$ORIGIN/../lib/app' }),
        '/usr/local/lib/app/libx.so': library('libx.so'),
      },
    ],
    [
      'a loader of which nothing is known',
      alpine,
      { Cmd: ['/x'] },
      { '/x': program(bin), '/lib64/ld-linux-x86-64.so.2': elf({ isStatic: true }) },
    ],
    ['Windows', { facts: {}, files: {} }, { os: 'windows', Entrypoint: ['C:\\app.exe'] }, {}],
  ] as [string, Base, Facts, Table][])('has no finding: %s', async (_, base, facts, files) => {
    expect(await serious(base, facts, files)).toEqual([]);
  });
});

/** One fault each. */
const FAULTS: readonly (readonly [id: string, what: string, Base, Facts, Table])[] = [
  ['entrypoint-missing', 'a path', scratch, { Entrypoint: ['/nope'] }, {}],
  ['entrypoint-missing', 'a name', debian, { Entrypoint: ['nope'] }, {}],
  ['entrypoint-missing', 'in another folder', debian, { Entrypoint: ['./app'] }, {}],
  ['entrypoint-missing', 'an empty word', debian, { Entrypoint: [''] }, {}],
  ['entrypoint-missing', 'a shell', scratch, { Entrypoint: ['/bin/sh', '-c', '/app'] }, {}],
  [
    'entrypoint-missing',
    'what a shell runs',
    debian,
    { Entrypoint: ['/bin/sh', '-c', 'nope --x'] },
    {},
  ],
  [
    'entrypoint-missing',
    'what a shell runs first',
    debian,
    { Entrypoint: ['/bin/sh', '-c', 'A=b exec nope --x && true'] },
    {},
  ],
  [
    'entrypoint-missing',
    'what tini runs',
    debian,
    { Entrypoint: ['/tini', '--', '/nope'] },
    { '/tini': elf({ isStatic: true, type: 2 }) },
  ],
  [
    'entrypoint-missing',
    'a link that leads nowhere',
    scratch,
    {},
    { '/app': { link: '/opt/app' } },
  ],
  [
    'entrypoint-missing',
    'links in a circle',
    scratch,
    {},
    { '/app': { link: 'b' }, '/b': { link: '/app' } },
  ],
  ['entrypoint-directory', 'a directory', scratch, { Entrypoint: ['/tmp'] }, {}],
  ['entrypoint-empty', 'an empty file', scratch, {}, { '/app': { bytes: '', mode: 0o755 } }],
  [
    'entrypoint-not-executable',
    'mode 644',
    scratch,
    {},
    { '/app': { bytes: elf({ isStatic: true }), mode: 0o644 } },
  ],
  [
    'entrypoint-user',
    'mode 700',
    debian,
    {},
    { '/usr/local/bin/app': { bytes: program(bin), mode: 0o700 } },
  ],
  [
    'entrypoint-user',
    'a closed folder',
    debian,
    { User: '1000' },
    { '/usr/local/bin': { kind: 'directory', mode: 0o700 } },
  ],
  [
    'entrypoint-user',
    'a script that can’t be read',
    debian,
    { Entrypoint: ['/x'] },
    { '/x': { bytes: '#!/bin/sh\n', mode: 0o711 } },
  ],
  [
    'entrypoint-user',
    'an interpreter',
    debian,
    { Entrypoint: ['/x'] },
    { '/x': '#!/opt/sh\n', '/opt/sh': { bytes: program(bin), mode: 0o700 } },
  ],
  ['entrypoint-format', 'text', scratch, {}, { '/app': { bytes: 'echo hello\n', mode: 0o755 } }],
  [
    'entrypoint-format',
    'a byte order mark',
    debian,
    { Entrypoint: ['/x'] },
    { '/x': { bytes: '\ufeff#!/bin/sh\n', mode: 0o755 } },
  ],
  ['entrypoint-format', 'an object file', scratch, {}, { '/app': elf({ type: 1 }) }],
  [
    'entrypoint-damaged',
    'cut short',
    scratch,
    {},
    { '/app': elf({ isStatic: true, type: 2 }).subarray(0, 100) },
  ],
  [
    'entrypoint-architecture',
    'arm64 in amd64',
    scratch,
    {},
    { '/app': elf({ machine: 183, isStatic: true, type: 2 }) },
  ],
  ['entrypoint-architecture', 'amd64 in arm64', scratch, { architecture: 'arm64' }, {}],
  [
    'entrypoint-architecture',
    'of an interpreter',
    alpine,
    {},
    { '/bin/busybox': { bytes: elf({ machine: 183, isStatic: true, type: 2 }), mode: 0o755 } },
  ],
  [
    'entrypoint-32-bit',
    'arm in arm64',
    scratch,
    { architecture: 'arm64' },
    { '/app': elf({ machine: 40, bits: 32, isStatic: true, type: 2 }) },
  ],
  ['script-crlf', 'sh', alpine, {}, { '/docker-entrypoint.sh': '#!/bin/sh\r\nexec "$@"\r\n' }],
  ['script-crlf', 'env', alpine, {}, { '/docker-entrypoint.sh': '#!/usr/bin/env sh\r\n' }],
  ['interpreter-missing', 'bash', alpine, {}, { '/docker-entrypoint.sh': '#!/bin/bash\n' }],
  [
    'interpreter-missing',
    'by env',
    alpine,
    {},
    { '/docker-entrypoint.sh': '#!/usr/bin/env python3\n' },
  ],
  [
    'interpreter-not-executable',
    'mode 644',
    alpine,
    {},
    { '/docker-entrypoint.sh': '#!/opt/x\n', '/opt/x': { bytes: '#!/bin/sh\n', mode: 0o644 } },
  ],
  ['loader-missing', 'dynamic in scratch', scratch, {}, { '/app': program(bin) }],
  ['glibc-on-musl', 'the program', alpine, { Cmd: ['/x'] }, { '/x': program(bin) }],
  [
    'musl-on-glibc',
    'the program',
    debian,
    { Entrypoint: ['/x'] },
    { '/x': program({ interpreter: '/lib/ld-musl-x86_64.so.1' }) },
  ],
  [
    'library-missing',
    'of the program',
    debian,
    {},
    { '/usr/local/bin/app': program({ needed: ['libnope.so.1'] }) },
  ],
  [
    'library-missing',
    'of a library',
    debian,
    {},
    {
      '/usr/lib/x86_64-linux-gnu/libssl.so.3': library('libssl.so.3', {
        needed: ['libcrypto.so.3'],
      }),
    },
  ],
  [
    'library-missing',
    'of an interpreter',
    alpine,
    {},
    {
      '/bin/busybox': {
        bytes: program({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libz.so'] }),
        mode: 0o755,
      },
    },
  ],
  [
    'library-missing',
    'ld.so.conf without a cache',
    debian,
    {},
    {
      '/usr/local/bin/app': program({ needed: ['libx.so'] }),
      '/usr/local/lib/libx.so': library('libx.so'),
    },
  ],
  [
    'library-architecture',
    'for ARM',
    debian,
    {},
    { '/usr/lib/x86_64-linux-gnu/libssl.so.3': library('libssl.so.3', { machine: 183 }) },
  ],
  ['user-unknown', 'a name', debian, { User: 'nobody' }, {}],
  ['user-unknown', 'no /etc/passwd', scratch, { User: 'app' }, {}],
  ['group-unknown', 'a name', debian, { User: 'app:wheel' }, {}],
  ['workdir-file', 'a file', debian, { WorkingDir: '/etc/passwd' }, {}],
];

describe('a shell’s commands', () => {
  it.each([
    'nope; app',
    'nope | app',
    'nope || app',
    '$nope',
    '(nope)',
    '"nope"',
    'if nope',
    '. nope',
  ])('are left alone where they may be anything: %s', async (script) => {
    expect(await serious(debian, { Entrypoint: ['/bin/sh', '-ec', script] })).toEqual([]);
  });
});

describe('an image that can’t start', () => {
  it.each(FAULTS)('has one finding, %s: %s', async (id, _, base, facts, files) => {
    expect(await serious(base, facts, files)).toEqual([id]);
  });
});

describe('a finding', () => {
  const first = async (base: Base, facts: Facts = {}, files: Table = {}) =>
    (await lookAt(base, facts, files))[0];

  it('says where else the program is', async () => {
    expect(await first(debian, { Entrypoint: ['/bin/app'] })).toEqual({
      id: 'entrypoint-missing',
      severity: 'error',
      path: '/bin/app',
      message: 'the entry point /bin/app is not in the image, but there is /usr/local/bin/app',
      advice: 'add it with COPY, or correct ENTRYPOINT or CMD',
    });
  });

  it('names the library, who needs it, and ldconfig where that helps', async () => {
    const found = await first(
      debian,
      {},
      {
        '/usr/local/bin/app': program({ needed: ['libx.so'] }),
        '/usr/local/lib/libx.so': library('libx.so'),
      },
    );
    expect(found?.message).toBe(
      'the entry point /usr/local/bin/app needs libx.so, which is not where its loader looks, but there is /usr/local/lib/libx.so',
    );
    expect(found?.advice).toMatch(/^run ldconfig/);
  });

  it('has names that a terminal can show', async () => {
    const found = await first(scratch, { Entrypoint: ['/a\x1b[2J\n'] });
    expect(found?.message).toBe('the entry point /a\\x1b[2J\\x0a is not in the image');
  });

  it('about an image without a command is for information', async () => {
    expect(await lookAt(scratch, { Entrypoint: [] })).toMatchObject([
      { id: 'no-command', severity: 'info' },
    ]);
  });
});
