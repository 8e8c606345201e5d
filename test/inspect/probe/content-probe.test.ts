import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Content } from '../../../src/inspect/probe/content.js';
import { ContentProbe } from '../../../src/inspect/probe/content-probe.js';
import { elf, type ElfOptions, program } from '../../elf/elf-writer.js';
import * as secrets from './secrets.js';

const probe = new ContentProbe();
const SIZES = [1, 3, 63, 64, 65, 4096, 65536, Infinity];

function read(bytes: Buffer | string, path = '/x', chunk = Infinity): Content | undefined {
  const whole = Buffer.from(bytes);
  probe.begin(path, whole.length);
  for (let at = 0; at < whole.length && !probe.satisfied; at += chunk) {
    // It may not keep what it was given.
    const piece = Buffer.from(whole.subarray(at, at + Math.min(chunk, whole.length)));
    probe.data(piece);
    piece.fill(0xff);
  }
  return probe.end();
}

/** The same at every chunk size. */
function readAll(bytes: Buffer | string, path = '/x'): Content | undefined {
  const all = SIZES.map((size) => read(bytes, path, size));
  for (const one of all) expect(one).toEqual(all[0]);
  return all[0];
}

const spread = (front: Buffer, more: number, text = ''): Buffer =>
  Buffer.concat([front, Buffer.alloc(more, 0x41), Buffer.from(text)]);

describe('an ELF file that passes by', () => {
  const full = {
    interpreter: '/lib/ld.so.1',
    needed: ['libone.so.1', 'libtwo.so'],
    runpath: '$ORIGIN',
    imports: ['dlopen', 'getpwnam'],
  };

  it.each([
    ['x86-64', { bits: 64, bigEndian: false, machine: 62 }],
    ['x86', { bits: 32, bigEndian: false, machine: 3 }],
    ['s390x', { bits: 64, bigEndian: true, machine: 22 }],
    ['PowerPC', { bits: 32, bigEndian: true, machine: 20 }],
  ] as const)('tells what a loader reads: %s', (_, architecture) => {
    expect(readAll(spread(elf({ ...full, ...architecture }), 100_000))).toEqual({
      elf: {
        architecture,
        kind: 'program',
        interpreter: '/lib/ld.so.1',
        needed: ['libone.so.1', 'libtwo.so'],
        soname: undefined,
        rpath: undefined,
        runpath: '$ORIGIN',
        noDefaults: false,
        imports: new Set(['dlopen', 'getpwnam']),
      },
    });
  });

  it.each([
    ['program', { type: 2, isStatic: true }],
    ['program', { interpreter: '/lib/ld.so' }],
    ['program', { flags1: 0x8000000 }],
    ['library', { soname: 'libx.so' }],
    ['library', { soname: 'libc.so.6', interpreter: '/lib/ld.so' }],
    ['library', {}],
    ['relocatable', { type: 1 }],
    ['core', { type: 4 }],
  ] as [string, ElfOptions][])('is a %s: %j', (kind, options) => {
    expect(readAll(elf(options))?.elf?.kind).toBe(kind);
  });

  it('is damaged where it is cut short', () => {
    const whole = program({ needed: ['libc.so.6'] });
    for (const size of [4, 51, 63, 100, 300, whole.length - 1]) {
      const content = readAll(whole.subarray(0, size));
      expect(content?.elf).toBeUndefined();
      expect(content?.damaged).toMatch(/its header$| ends? at byte \d+, the file at byte \d+$/);
    }
  });

  it('is a result, whichever byte is another', () => {
    const whole = program({ ...full, text: '/usr/share/zoneinfo' });
    for (let at = 4; at < whole.length; at++)
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const damaged = Buffer.from(whole);
        damaged[at] = value;
        // Another type of file is one that nobody knows.
        if (at !== 16 && at !== 17) expect(read(damaged)).toBeDefined();
        else read(damaged);
      }
  });

  it('may have its program header at its end, where patchelf puts it', () => {
    const whole = program({ needed: ['libc.so.6'] });
    const moved = (padding: number): Buffer => {
      const bytes = Buffer.concat([whole, Buffer.alloc(padding), whole.subarray(64, 64 + 3 * 56)]);
      bytes.writeBigUInt64LE(BigInt(whole.length + padding), 32);
      return bytes;
    };
    expect(readAll(moved(100_000))?.elf).toMatchObject({ kind: 'program', needed: ['libc.so.6'] });
    // A larger one is not kept, and nothing is said of what it needs.
    const large = read(moved(5_000_000), '/x', 65536);
    expect(large).toMatchObject({ elf: { kind: 'library', needed: [] } });
    expect(large).not.toHaveProperty('damaged');
  });

  it('has no secrets, whatever is in it', () => {
    expect(readAll(spread(elf(), 10, secrets.KEYS.rsa))).not.toHaveProperty('secrets');
  });

  it('says where glibc’s loader looks, when it is that', () => {
    const loader = elf({ soname: 'ld-linux.so.2', text: '/lib/\0/usr/lib/' });
    expect(readAll(loader, '/lib/ld-linux.so.2')?.elf?.directories).toEqual(['/lib', '/usr/lib']);
    expect(readAll(loader, '/lib/libx.so')?.elf?.directories).toBeUndefined();
  });

  it.each([
    ['tls', 'go', 'x509: certificate signed by unknown authority'],
    ['tls', 'rustls', 'received corrupt message of type '],
    ['tls', 'openssl', 'SSLv3/TLS write client hello'],
    ['embeds', { certificates: true }, 'Internet Security Research Group'],
    ['embeds', { certificates: true }, '-----BEGIN CERTIFICATE-----\nMIIB'],
    ['embeds', { zones: true }, 'America/North_Dakota/New_Salem'],
    ['namesZones', true, '/usr/share/zoneinfo'],
  ])('has %s %j by a text in it', (name, value, text) => {
    const long = `${'A'.repeat(9000)}${text}${'A'.repeat(9000)}`;
    for (const static_ of [true, false]) {
      const options = { isStatic: static_, type: 2, text: long };
      expect(readAll(elf(options))).toMatchObject({ [name]: value });
      expect(readAll(elf({ ...options, type: 3 }), '/lib/libx.so.1')).not.toHaveProperty(name);
    }
    // Behind the segments there is debug information at most.
    expect(readAll(spread(elf({ isStatic: true, type: 2 }), 9000, text))).not.toHaveProperty(name);
  });

  it('needs no more bytes than those', () => {
    const whole = spread(elf({ isStatic: true, type: 2 }), 1_000_000);
    probe.begin('/x', whole.length);
    probe.data(whole.subarray(0, 100));
    expect(probe.satisfied).toBe(false);
    probe.data(whole.subarray(100, 4096));
    expect(probe.satisfied).toBe(true);
    expect(probe.end()?.elf?.kind).toBe('program');
  });
});

describe('a script that passes by', () => {
  it.each([
    ['#!/bin/sh\n', { interpreter: '/bin/sh', crlf: false }],
    ['#! /bin/sh -e\necho', { interpreter: '/bin/sh', crlf: false }],
    ['#!/bin/sh\r\n', { interpreter: '/bin/sh', crlf: true }],
    ['#!/usr/bin/env python3\n', { interpreter: '/usr/bin/env', command: 'python3', crlf: false }],
    [
      '#!/usr/bin/env -S A=b node -x',
      { interpreter: '/usr/bin/env', command: 'node', crlf: false },
    ],
    ['#!python\n', { interpreter: 'python', crlf: false }],
    ['#!\n', { interpreter: '', crlf: false }],
    ['#!', { interpreter: '', crlf: false }],
  ])('tells its interpreter: %j', (text, script) => {
    expect(readAll(text)).toEqual({ script });
    expect(readAll(text + '\n' + 'x'.repeat(100_000))).toEqual({ script });
  });

  it('starts in the first byte', () => {
    for (const text of ['\ufeff#!/bin/sh\n', '\n#!/bin/sh\n', '#', '# !/bin/sh'])
      expect(readAll(text)).toBeUndefined();
  });
});

describe('a secret that passes by', () => {
  it.each([
    ...Object.entries(secrets.KEYS).map(([form, text]) => [form, text, 'private-key'] as const),
    ...Object.entries(secrets.ENCRYPTED).map(
      ([form, text]) => [form, text, 'encrypted-private-key'] as const,
    ),
    ['CR LF', secrets.KEYS.ec.replaceAll('\n', '\r\n'), 'private-key'],
    ['a string', `const key = ${JSON.stringify(secrets.KEYS.ec)};`, 'private-key'],
    ['lines of strings', secrets.KEYS.ec.replace(/^.*$/gm, '  "$&\\n" +'), 'private-key'],
    // All of the shortest key counts, its last character too.
    ['a last +', secrets.KEYS.ed25519.replace(/.\n(?=-----END)/, '+\n'), 'private-key'],
    ['YAML', `key: |\n${secrets.KEYS.ec.replace(/^/gm, '    ')}`, 'private-key'],
    ['AWS', secrets.AWS, 'aws-key'],
    [
      'AWS in the environment',
      `AWS_ACCESS_KEY_ID=AKIAQ3EGTVHFNJ5ZXW7P\nAWS_SECRET_ACCESS_KEY="${'aB3/'.repeat(10)}"`,
      'aws-key',
    ],
    ['GitHub', `token: ${secrets.GITHUB}`, 'github-token'],
    ['GitHub', `https://x:${secrets.GITHUB_FINE}@github.com`, 'github-token'],
    ['GitLab', secrets.GITLAB, 'gitlab-token'],
    ['Slack', secrets.SLACK, 'slack-token'],
    ['npm', secrets.NPM, 'npm-token'],
    ['PyPI', secrets.PYPI, 'pypi-token'],
    ['Docker', secrets.DOCKER, 'docker-credential'],
  ] as [string, string, string][])('is recognised: %s', (_, text, kind) => {
    expect(readAll(text, '/app/file')).toEqual({ secrets: [kind] });
    expect(
      readAll(`${'# \u00e4\n'.repeat(9000)}${kind === 'docker-credential' ? '' : text}`, '/a')
        ?.secrets,
    ).toEqual(kind === 'docker-credential' ? undefined : [kind]);
  });

  it.each([
    ['/r/.netrc', 'machine x\n login y\n password z', 'netrc-password'],
    ['/r/.git-credentials', 'https://me:pass@git.example\n', 'git-credential'],
    ['/r/.pypirc', '[pypi]\nusername = me\npassword = secret', 'pypi-token'],
    ['/r/.npmrc', '//r/:_auth=bWU6c2VjcmV0\n', 'npm-token'],
  ])('is known by its file: %s', (path, text, kind) => {
    expect(readAll(text, path)).toEqual({ secrets: [kind] });
    expect(readAll(text, '/r/other')).toBeUndefined();
  });

  it.each([
    ['no body', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----'],
    ['a template', secrets.KEYS.rsa.replace(/^[^-\n].*$/gm, '{{ key }}')],
    ['dots', secrets.KEYS.rsa.replace(/\n[^-].*/, '\n...')],
    ['x alone', secrets.KEYS.rsa.replace(/[^-\n ](?!.*-----)/g, 'x')],
    ['no end', secrets.KEYS.rsa.replace(/-----END.*/, '')],
    ['a public key', secrets.KEYS.rsa.replaceAll('PRIVATE', 'PUBLIC')],
    ['binary', `\0${secrets.KEYS.rsa}`],
    ['binary later on', `${'a'.repeat(100)}\0${secrets.KEYS.rsa}`],
    ['AWS, one half', secrets.AWS.split('\n')[0] as string],
    [
      'AWS, as in its documentation',
      'AKIAIOSFODNN7EXAMPLE secret = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    ],
    ['GitHub, too long', `${secrets.GITHUB}a`],
    ['GitHub, placeholder', `ghp_${'x'.repeat(36)}`],
    ['Slack, placeholder', 'xoxb-your-token-goes-here-please'],
    ['npm, a reference', '//r/:_authToken=${NPM_TOKEN}'],
    ['a service account without its key', '{"type":"service_account","private_key":"…"}'],
    ['JSON that is none', '{"auths": {"auth": '],
    ['a list of logins', '{"auths":[{"auth":""}],"auth":null}'],
  ])('is not seen in what is none: %s', (_, text) => {
    expect(readAll(text, '/r/.npmrc')).toBeUndefined();
  });

  it('in a package is ignored unless it is a key', () => {
    for (const folder of ['/usr/share/x', '/app/node_modules/x', '/usr/lib/python3/dist-packages'])
      expect(readAll(secrets.GITHUB + secrets.KEYS.ec, `${folder}/x`)).toEqual({
        secrets: ['private-key'],
      });
  });
});

describe('the text of a file', () => {
  it('is retained for files that findings read', () => {
    const text = 'root:x:0:0::/root:/bin/sh\njörg:x:1:1\n';
    for (const path of ['/etc/passwd', '/etc/group', '/etc/ld.so.conf.d/x.conf'])
      expect(readAll(text, path)).toEqual({ text });
    for (const path of ['/etc/shadow', '/opt/etc/passwd'])
      expect(readAll(text, path)).toBeUndefined();
    expect(readAll(`${text}${'#'.repeat(300_000)}`, '/etc/passwd')).toBeUndefined();
  });

  it('is bytes for the cache of ldconfig', () => {
    const cache = Buffer.from([...Buffer.from('glibc-ld.so.cache1.1'), 0, 0xff, 0x80]);
    expect(readAll(cache, '/etc/ld.so.cache')).toEqual({ text: cache.toString('latin1') });
  });
});

describe('what passes by', () => {
  it('is the same in chunks of any sizes', () => {
    const pieces = fc.constantFrom<Buffer>(
      program({ needed: ['libc.so.6'], text: 'SSLv3/TLS write client hello' }),
      elf({ isStatic: true, type: 2, text: '/usr/share/zoneinfo' }),
      Buffer.from('#!/bin/sh\n'),
      ...Object.values(secrets.KEYS).map((key) => Buffer.from(key)),
      Buffer.from(secrets.AWS),
    );
    const file = fc
      .array(fc.oneof(pieces, fc.uint8Array({ maxLength: 300 })), { maxLength: 4 })
      .map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(file, fc.array(fc.nat(400)), (bytes, cuts) => {
        probe.begin('/app/x', bytes.length);
        let at = 0;
        for (const cut of cuts) probe.data(bytes.subarray(at, (at += cut)));
        if (at < bytes.length) probe.data(bytes.subarray(at));
        expect(probe.end()).toEqual(read(bytes, '/app/x'));
      }),
      { numRuns: 500 },
    );
  });

  it('has holes that are zeros', () => {
    const text = '/usr/share/zoneinfo';
    const whole = spread(
      elf({ isStatic: true, type: 2, text: `${text}${'\0'.repeat(9000)}${text}` }),
      9,
    );
    for (const start of [0, 3, 20, 64, 200, 400])
      for (const length of [1, 100, 5000]) {
        const holed = Buffer.from(whole).fill(0, start, start + length);
        probe.begin('/x', holed.length);
        probe.data(holed.subarray(0, start));
        probe.hole(length);
        probe.data(holed.subarray(start + length));
        expect(probe.end()).toEqual(read(holed));
      }
  });

  it('costs nothing where it is a hole of any size', () => {
    const size = 2 ** 50;
    for (const head of [Buffer.alloc(0), elf({ isStatic: true, type: 2 }), Buffer.from('text')]) {
      probe.begin('/x', size);
      probe.data(head);
      probe.hole(size - head.length);
      expect(probe.satisfied).toBe(true);
      probe.end();
    }
  });

  it('leaves nothing for the next file', () => {
    expect(read(secrets.KEYS.rsa, '/a')).toBeDefined();
    probe.begin('/b', 100);
    probe.data(Buffer.from('#!/bi'));
    expect(read('hello', '/c')).toBeUndefined();
    expect(read('', '/d')).toBeUndefined();
  });
});
