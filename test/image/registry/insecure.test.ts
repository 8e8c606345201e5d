import { describe, expect, it } from 'vitest';
import { parse } from '../../../src/cli/arguments/parse.js';
import { Agents } from '../../../src/image/registry/agents.js';
import { fetchToken } from '../../../src/image/registry/authenticator.js';
import { insecureHosts, isInsecure, isInsecureMachine } from '../../../src/image/registry/host.js';
import { withDefaults } from '../../../src/image/registry/settings.js';
import { INSPECT } from '../../../src/options/inspect.js';

describe('insecure registries', () => {
  it('are the hosts that are listed, or those of the references, but never Docker Hub', () => {
    const references = [
      'reg.example:5000/app:1',
      'app',
      'docker-image://Other.example/x',
      './dir',
      undefined,
    ];
    expect(insecureHosts(undefined, references)).toEqual([]);
    expect(insecureHosts(false, references)).toEqual([]);
    expect(insecureHosts(['Reg.example'], references)).toEqual(['reg.example']);
    expect(insecureHosts(true, references)).toEqual(['reg.example:5000', 'other.example']);
  });

  it('are matched with their port, their machines without', () => {
    expect(isInsecure('REG.example:5000', ['reg.example:5000'])).toBe(true);
    expect(isInsecure('reg.example', ['reg.example:5000'])).toBe(false);
    const matches = (url: string): boolean =>
      isInsecureMachine(new URL(url), ['reg.example:5000', '[fd00::1]:5000']);
    expect(
      ['http://reg.example/token', 'https://reg.example:1/', 'http://[fd00::1]/'].map(matches),
    ).toEqual([true, true, true]);
    expect(['http://auth.example/', 'http://xreg.example/'].map(matches)).toEqual([false, false]);
  });

  it('do not weaken the certificates of other hosts', async () => {
    const agents = new Agents(
      withDefaults({
        env: {},
        signal: new AbortController().signal,
        insecure: ['reg.example:5000'],
      }),
    );
    const verifies = async (url: string): Promise<unknown> => {
      const { agent } = await agents.route(new URL(url));
      return (agent as unknown as { options: { rejectUnauthorized: boolean } }).options
        .rejectUnauthorized;
    };
    expect(await verifies('https://reg.example:5000/v2/')).toBe(false);
    expect(await verifies('https://storage.example/blob')).toBe(true);
    expect(await verifies('https://registry-1.docker.io/v2/')).toBe(true);
  });

  it('send no credentials over plain HTTP to a token server on another machine', async () => {
    const credential = {
      username: 'me',
      password: 'secret-word',
      identityToken: '',
      registryToken: '',
    };
    const wanted = { service: undefined, scopes: [], credential };
    const mayBePlain = (url: URL): boolean => isInsecureMachine(url, ['reg.example:5000']);
    const send = (): never => {
      throw new Error('sent');
    };
    const ask = (realm: string): Promise<unknown> =>
      fetchToken({ ...wanted, realm, mayBePlain }, send);
    await expect(ask('http://auth.example/token')).rejects.toThrow(
      /not encrypted, it gets no credentials/,
    );
    await expect(ask('http://reg.example/token')).rejects.toThrow('sent');
    await expect(ask('https://auth.example/token')).rejects.toThrow('sent');
  });

  it('are options of their own', () => {
    const insecureOf = (args: ReturnType<typeof parse>): unknown =>
      args.options(INSPECT, {}).insecure;
    expect(insecureOf(parse(['dir']))).toEqual([]);
    expect(insecureOf(parse(['--insecure', 'dir']))).toBe(true);
    expect(parse(['--insecure', 'dir']).operands).toEqual(['dir']);
    expect(insecureOf(parse(['--insecure=true']))).toBe(true);
    expect(insecureOf(parse(['--insecure', '--insecure=false']))).toEqual([]);
    expect(insecureOf(parse(['--insecure=a:1', '--insecure=b']))).toEqual(['a:1', 'b']);
    expect(() => insecureOf(parse(['--insecure', '--insecure=b']))).toThrow(/exclude/);
  });
});
