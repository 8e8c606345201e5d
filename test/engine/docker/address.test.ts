import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../../src/engine/docker/address.js';
import { sshArguments } from '../../../src/engine/docker/address.js';

const tcp = { kind: 'tcp', host: 'localhost', port: 2375, prefix: '', secure: false };
const ssh = { kind: 'ssh', user: undefined, host: 'h', port: undefined, path: undefined };

describe("an engine's address", () => {
  it.each<[string, object]>([
    ['', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['unix://', { kind: 'unix', path: '/var/run/docker.sock' }],
    ['unix:///run/a b.sock', { kind: 'unix', path: '/run/a b.sock' }],
    ['  unix:///run/a.sock\n', { kind: 'unix', path: '/run/a.sock' }],
    ['/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
    ['./a.sock', { kind: 'unix', path: './a.sock' }],
    ['tcp://', tcp],
    ['tcp://:1234', { ...tcp, port: 1234 }],
    ['host.example', { ...tcp, host: 'host.example' }],
    ['host.example:80', { ...tcp, host: 'host.example', port: 80 }],
    ['tcp://10.0.0.1:2376', { ...tcp, host: '10.0.0.1', port: 2376 }],
    ['tcp://[::1]:2376', { ...tcp, host: '::1', port: 2376 }],
    ['tcp://[::1]', { ...tcp, host: '::1' }],
    ['tcp://h:1/prefix/', { ...tcp, host: 'h', port: 1, prefix: '/prefix' }],
    ['http://h:80', { ...tcp, host: 'h', port: 80 }],
    ['https://h', { ...tcp, host: 'h', port: 2376, secure: true }],
    ['https://h:443', { ...tcp, host: 'h', port: 443, secure: true }],
    ['ssh://h', ssh],
    ['ssh://me@h:2222', { ...ssh, user: 'me', port: '2222' }],
    ['ssh://me@h/run/d.sock', { ...ssh, user: 'me', path: '/run/d.sock' }],
    ['ssh://me@h/', { ...ssh, user: 'me' }],
    ['ssh://[::1]:22', { ...ssh, host: '::1', port: '22' }],
    ['ssh://h/run/a b%20c%C3%A9.sock', { ...ssh, path: '/run/a b cé.sock' }],
    ["ssh://h/run/x;cmd'$(id)", { ...ssh, path: "/run/x;cmd'$(id)" }],
  ])('%j is read as the docker CLI reads it', (text, address) => {
    expect(parseAddress(text, 'DOCKER_HOST')).toEqual(address);
  });

  it('that is empty is the TLS port of this machine when TLS is asked for', () => {
    expect(parseAddress('', 'x', true)).toEqual({ ...tcp, port: 2376 });
  });

  it.each<[string, RegExp]>([
    ['npipe:////./pipe/docker_engine', /named pipes are not supported$/],
    ['fd://', /fd:\/\/ is for the engine itself$/],
    ['gopher://x', /the scheme gopher:\/\/ is unknown$/],
    ['tcp://a b', /it is not host:port$/],
    ['tcp://h?x=1', /it is not host:port$/],
    ['tcp://h:99999', /it is not host:port$/],
    ['ssh://', /it has no host$/],
    ['ssh://h?x=1', /it has a query or a fragment$/],
    ['ssh://a b', /it is not ssh:/],
    ['ssh://-oProxyCommand=x', /safely$/],
    ['ssh://-l@h', /safely$/],
    ['ssh://%2Dx@h', /safely$/],
    ['ssh://$(id)@h', /safely$/],
    ['ssh://a%20b@h', /safely$/],
    ['ssh://h`id`', /safely$/],
    ['ssh://h;id', /safely$/],
    ['ssh://h/%00', /percent escape$/],
    ['ssh://h/%FF', /percent escape$/],
  ])('%j is refused with the reason and a hint', (text, reason) => {
    const read = (): Address => parseAddress(text, 'context x');
    expect(read).toThrow(reason);
    expect(read).toThrow(
      expect.objectContaining({
        kind: 'engine',
        code: 'ENGINE_ADDRESS',
        message: expect.stringContaining(`${text} (context x)`) as string,
        hint: expect.any(String) as string,
      }) as Error,
    );
  });

  it('with a password is refused, and the password is not in the message', () => {
    expect(() => parseAddress('ssh://me:secret@h', 'x')).toThrow(
      /ssh:\/\/me:xxxxx@h .*not supported/,
    );
  });

  const argumentsFor = (text: string): string[] => {
    const address = parseAddress(text, 'x');
    if (address.kind !== 'ssh') throw new Error('not ssh');
    return sshArguments(address);
  };

  it('over ssh becomes arguments with the host after --', () => {
    expect(argumentsFor('ssh://me@h:22/run/d.sock')).toEqual(
      '-o ConnectTimeout=30 -T -l me -p 22 -- h docker --host=unix:///run/d.sock system dial-stdio'.split(
        ' ',
      ),
    );
  });

  it.each([
    '/run/x;id',
    '/run/a b',
    "/run/it's",
    '/run/$(id)`id`"\\n',
    '/run/*',
    '/run/a\nb',
    '/-x',
  ])('over ssh keeps the socket %j one word in the shell of the other machine', (path) => {
    const words = argumentsFor(`ssh://h${encodeURI(path)}`);
    const remote = words.slice(words.indexOf('--') + 2);
    // As sshd does it: the words, joined by blanks, go to the shell of the user.
    const script = `docker() { printf '%s\\0' "$@"; }; ${remote.join(' ')}`;
    const seen = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0');
    expect(seen).toEqual([`--host=unix://${path}`, 'system', 'dial-stdio', '']);
  });
});
