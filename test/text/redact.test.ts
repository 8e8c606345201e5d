import { describe, expect, it } from 'vitest';
import {
  addSecrets,
  basicAuthorization,
  redact,
  redactAddress,
  redactAll,
  secretStart,
} from '../../src/text/redact.js';

describe('text that leaves the program', () => {
  it.each([
    ['GET https://user:s3cret@host/x failed', 'GET https://xxxxx@host/x failed'],
    ['https://token@host/x.git#main', 'https://xxxxx@host/x.git#main'],
    ['https://a:p@ss@host/', 'https://xxxxx@host/'],
    ['at http://u:p@h:1/ and tcp://u:p@[::1]:2', 'at http://xxxxx@h:1/ and tcp://xxxxx@[::1]:2'],
    ['ssh://me:s3cret@host/run', 'ssh://me:xxxxx@host/run'],
    ['ssh://me@host/run/docker.sock', 'ssh://me@host/run/docker.sock'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic xxxxx'],
    ['{"Authorization":"Bearer eyJhbGciOi"}', '{"Authorization":"Bearer xxxxx"}'],
    ['X-Registry-Auth: eyJ1c2VybmFtZSI6ImEifQ==', 'X-Registry-Auth: xxxxx'],
    ['got Basic YWxpY2U6d29uZGVy= there', 'got Basic xxxxx there'],
    ['{"username":"a","Secret":"s\\"3"}', '{"username":"a","Secret":"xxxxx"}'],
  ])('%j is shown as %j', (text, shown) => {
    expect(redact(text)).toBe(shown);
    expect(redact(redact(text))).toBe(shown);
  });

  it.each([
    'docker-image://reg.example:5000/team/app@sha256:0123456789abcdef',
    'https://host/path@2x.png',
    'unauthorized: Basic authentication is required',
    'WWW-Authenticate: Bearer realm="https://auth.example/token",service="reg"',
    'authorization: access denied',
    'user@host and a bearer of news',
  ])('%j has no secret in it', (text) => {
    expect(redact(text)).toBe(text);
  });

  it.each([
    ['tcp://u:pa/ss@host:1', 'tcp://xxxxx@host:1'],
    ['u:s3cret@host:1', 'xxxxx@host:1'],
    ['ssh://me:pa/ss@host', 'ssh://me:xxxxx@host'],
    ['ssh://me@host', 'ssh://me@host'],
    ['unix:///run/a@b.sock', 'unix:///run/a@b.sock'],
    ['tcp://host:1', 'tcp://host:1'],
  ])('an address %j is shown as %j', (text, shown) => {
    expect(redactAddress(text)).toBe(shown);
  });

  it('hides known secrets in any form', () => {
    addSecrets('correct horse/battery', 'tiny', undefined);
    const header = basicAuthorization('me', 'staple-staple');
    expect(redact('x correct horse/battery, correct%20horse%2Fbattery y')).toBe('x xxxxx, xxxxx y');
    expect(redact(`${header.slice('Basic '.length)} staple-staple`)).toBe('xxxxx xxxxx');
    expect(redact('tiny words stay')).toBe('tiny words stay');
    expect(redactAll({ a: ['staple-staple', 1, null], b: { c: true } })).toEqual({
      a: ['xxxxx', 1, null],
      b: { c: true },
    });
  });

  it('hides a secret as base64, and escaped as in JSON', () => {
    const secret = 'a "quoted" secret\\';
    addSecrets(secret);
    for (const more of ['', '\n', '!!'])
      expect(redact(Buffer.from(secret + more).toString('base64'))).toMatch(/^xxxxx.{0,4}$/);
    expect(redact(JSON.stringify({ secret: `is ${secret}` }))).toBe('{"secret":"xxxxx"}');
    expect(redact(JSON.stringify({ is: `is ${secret}` }))).toBe('{"is":"is xxxxx"}');
  });

  it('hides the lines of a secret, and their values, from 16 characters on', () => {
    const lines = [
      '-----BEGIN KEY-----',
      'MIIEpAIBAAKCAQEA7c',
      'tail==',
      'TOKEN=npm_0123456789abcdef',
    ];
    addSecrets(lines.join('\r\n'));
    expect(redact(`> ${lines[1]} <`)).toBe('> xxxxx <');
    expect(redact('npm_0123456789abcdef')).toBe('xxxxx');
    expect(redact('tail==')).toBe('tail==');
    expect(redact(lines.join('\r\n'))).toBe('xxxxx');
  });

  it('finds where a secret may begin', () => {
    addSecrets('begin-of-secret');
    expect(secretStart('text beg')).toBe(5);
    expect(secretStart('text begin-of-secre')).toBe(5);
    for (const text of ['', 'text', 'beg\n', 'begin-of-secret', 'begi+'])
      expect(secretStart(text), text).toBe(text.length);
  });

  it('takes time in proportion to its length', () => {
    const long = 'a'.repeat(1 << 20);
    const started = performance.now();
    for (const text of [long, `://${long}`, `x://${long}`, `basic ${long}`, `"token":"${long}`])
      redact(text);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
