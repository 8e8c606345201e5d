import { describe, expect, it } from 'vitest';
import { findingsOf } from '../../../src/inspect/findings/index.js';
import { elf, program } from '../../elf/elf-writer.js';
import { type Facts, imageOf, type Table } from '../tree.js';
import { type Base, debian, scratch } from './images.js';

const withText = (text: string): Buffer => elf({ isStatic: true, type: 2, text });
const GO = 'x509: certificate signed by unknown authority';
const ZONES = '/usr/share/zoneinfo';
const AUTHORITIES = 'Internet Security Research Group';
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

async function found(base: Base, facts: Facts, files: Table) {
  const all = await findingsOf(imageOf({ ...base.facts, ...facts }, base.files, files));
  return all.filter(({ id }) => id !== 'setuid-usual').map(({ id }) => id);
}

describe('an image lacks', () => {
  it.each([
    ['certificates-missing', 'Go', scratch, {}, { '/app': withText(GO) }],
    [
      'certificates-missing',
      'rustls',
      scratch,
      {},
      { '/app': withText('received corrupt message of type ') },
    ],
    [
      'certificates-missing',
      'OpenSSL',
      scratch,
      {},
      { '/app': withText('SSLv3/TLS write client hello') },
    ],
    ['certificates-missing', 'libssl', debian, {}, { [BUNDLE]: '' }],
    [
      'certificates-missing',
      'behind a script',
      debian,
      { Entrypoint: ['/x.sh'] },
      { '/x.sh': '#!/bin/sh\n', '/srv/x': withText(GO), [BUNDLE]: '' },
    ],
    ['time-zone-missing', 'TZ', scratch, { Env: ['TZ=Europe/Berlin'] }, {}],
    ['time-zones-missing', 'a program that looks', scratch, {}, { '/app': withText(ZONES) }],
    [
      'healthcheck-missing',
      'curl',
      debian,
      {
        Healthcheck: { Test: ['CMD-SHELL', 'curl -fs http://localhost >/dev/null 2>&1 || exit 1'] },
      },
      {},
    ],
    ['healthcheck-missing', 'a path', scratch, { Healthcheck: { Test: ['CMD', '/health'] } }, {}],
  ] as [string, string, Base, Facts, Table][])('%s: %s', async (id, _, base, facts, files) => {
    expect(await found(base, facts, files)).toEqual([id]);
  });

  it('/tmp, if it is missing', async () => {
    expect(await findingsOf(imageOf({ Cmd: ['/app'] }, { '/app': withText('') }))).toMatchObject([
      { id: 'tmp-missing', severity: 'info' },
    ]);
  });
});

describe('an image lacks nothing', () => {
  it.each([
    ['with authorities', scratch, {}, { '/app': withText(GO), [BUNDLE]: 'x' }],
    [
      'with authorities elsewhere',
      scratch,
      { Env: ['SSL_CERT_FILE=/ca.pem'] },
      { '/app': withText(GO) },
    ],
    [
      'whose program has authorities in it',
      scratch,
      {},
      { '/app': withText(`${GO}\0${AUTHORITIES}`) },
    ],
    [
      'with a program of the distribution that doesn’t run',
      debian,
      {},
      { '/usr/bin/x': withText(GO), '/var/lib/dpkg/status': 'x', [BUNDLE]: 'x' },
    ],
    [
      'with its zone',
      scratch,
      { Env: ['TZ=Europe/Berlin'] },
      { [`${ZONES}/Europe/Berlin`]: 'TZif2' },
    ],
    [
      'with zones in its program',
      scratch,
      { Env: ['TZ=Europe/Berlin'] },
      { '/app': withText(`America/North_Dakota/New_Salem\0${ZONES}`) },
    ],
    ['with UTC', scratch, { Env: ['TZ=Etc/UTC'] }, {}],
    ['with a rule for its zone', scratch, { Env: ['TZ=CET-1CEST,M3.5.0,M10.5.0/3'] }, {}],
    [
      'with a health check of its own',
      scratch,
      { Healthcheck: { Test: ['CMD', '/app', '--health'] } },
      {},
    ],
    ['with no health check', scratch, { Healthcheck: { Test: ['NONE'] } }, {}],
    [
      'with its tools',
      debian,
      { Healthcheck: { Test: ['CMD', 'x'] } },
      { '/usr/bin/x': program() },
    ],
  ] as [string, Base, Facts, Table][])('%s', async (_, base, facts, files) => {
    expect(await found(base, facts, files)).toEqual([]);
  });
});
