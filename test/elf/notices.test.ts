import { describe, expect, it } from 'vitest';
import { findLibraries } from '../../src/elf/find-libraries.js';
import { elf, type ElfOptions, program } from './elf-writer.js';
import { alpine, debian, library, memoryFiles, type Tree } from './memory.js';

const LIBS = '/usr/lib/x86_64-linux-gnu';
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

async function notices(
  programs: Readonly<Record<string, Buffer>>,
  ...trees: readonly Tree[]
): Promise<readonly string[]> {
  const files = memoryFiles(debian, programs, ...trees);
  const binaries = Object.keys(programs).map((path) => ({ path }));
  return (await findLibraries(binaries, files)).notices;
}

const app = (...imports: readonly string[]): Buffer => program({ needed: ['libc.so.6'], imports });
const using = (name: string, options: ElfOptions = {}): Tree => ({
  [`${LIBS}/${name}`]: library(name, options),
});

describe('a notice', () => {
  it('is not printed for a program that needs only its libraries', async () => {
    expect(await notices({ '/out/app': app('printf') })).toEqual([]);
  });

  it('names the programs that open libraries, and the libraries through which they do', async () => {
    const programs = {
      '/out/a': app('dlopen'),
      '/out/b': program({ needed: ['libpy.so'] }),
      '/out/c': program({ needed: ['libcrypto.so.3'] }),
    };
    const libraries = [
      using('libpy.so', { imports: ['dlopen'] }),
      using('libcrypto.so.3', { imports: ['dlopen'] }),
    ];
    expect(await notices(programs, ...libraries)).toEqual([
      "/out/a, /out/b (libpy.so): opens libraries at run time, which can't be seen: add those with --artifacts PATH",
    ]);
  });

  it('names the first few programs', async () => {
    const names = ['/1', '/2', '/3', '/4', '/5'];
    const programs = Object.fromEntries(names.map((name) => [name, app('dlopen')]));
    expect((await notices(programs))[0]).toMatch(/^\/1, \/2, \/3 and 2 more: /);
  });

  it('names the files of the name service that the builder has', async () => {
    const etc = {
      '/etc/passwd': 'root',
      '/etc/group': 'root',
      '/etc/nsswitch.conf': 'hosts: files',
    };
    const add = (...names: string[]): string =>
      names.map((name) => `--artifacts /etc/${name}:etc/${name}`).join(' ');
    const line = (options: string): string =>
      `/out/app: looks up users or hosts (NSS): where that matters, add ${options}`;
    const users = { '/out/app': app('getpwnam') };
    const hosts = { '/out/app': app('getaddrinfo') };
    expect(await notices(users, etc)).toEqual([line(add('passwd', 'group'))]);
    expect(await notices(hosts, etc)).toEqual([line(add('nsswitch.conf'))]);
    expect(await notices(hosts)).toEqual([]);
    const interpreter = '/lib/ld-musl-x86_64.so.1';
    const musl = { '/out/app': elf({ interpreter, imports: ['getaddrinfo'] }) };
    const files = memoryFiles(alpine, musl, etc);
    expect((await findLibraries([{ path: '/out/app' }], files)).notices).toEqual([]);
  });

  it('names the path at which OpenSSL expects certificates, which differs from the builder’s', async () => {
    const libraries = {
      ...using('libssl.so.3', { needed: ['libcrypto.so.3'] }),
      ...using('libcrypto.so.3', { text: '/usr/lib/ssl/cert.pem' }),
    };
    const programs = { '/out/app': program({ needed: ['libssl.so.3'] }) };
    expect(await notices(programs, libraries, { [BUNDLE]: 'PEM' })).toEqual([
      `/out/app (libssl.so.3): may check certificates: for the authorities add --artifacts ${BUNDLE}:usr/lib/ssl/cert.pem`,
    ]);
    expect(await notices(programs, libraries)).toEqual([
      '/out/app (libssl.so.3): may check certificates, and the builder has no authorities: install ca-certificates there',
    ]);
  });

  it('names certificates for a static program that contains their path, as Go’s do', async () => {
    const bundle = '/etc/pki/tls/certs/ca-bundle.crt';
    const go = elf({ isStatic: true, type: 2, text: `${BUNDLE}\0${bundle}` });
    expect(await notices({ '/out/app': go }, { [bundle]: 'PEM' })).toEqual([
      `/out/app: may check certificates: for the authorities add --artifacts ${bundle}:${bundle.slice(1)}`,
    ]);
  });

  it('names time zones if the builder has them', async () => {
    const programs = {
      '/out/c': app('localtime_r'),
      '/out/go': elf({ isStatic: true, type: 2, text: '/usr/share/zoneinfo/' }),
    };
    const zones = { '/usr/share/zoneinfo/UTC': 'TZif' };
    expect(await notices(programs, zones)).toEqual([
      '/out/c, /out/go: tells local time: for other zones than UTC add --artifacts /usr/share/zoneinfo:usr/share/zoneinfo',
    ]);
    expect(await notices(programs)).toEqual([]);
  });

  it('has no control characters of a name', async () => {
    expect((await notices({ '/out/\x1b[2J': app('dlopen') }))[0]).toMatch(/^\/out\/\\x1b\[2J: /);
  });
});
