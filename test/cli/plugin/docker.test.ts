import { describe, expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { asCobra, asTyped, metadata, ownArguments } from '../../../src/cli/plugin/docker.js';

describe('the arguments of docker', () => {
  it.each([
    ['ception -t app .', ['-t', 'app', '.']],
    ['--config d -c c -D ception -c CMD', ['-c', 'CMD']],
    ['-H unix:///s ception filter -D', ['filter', '-D']],
    ['ception ception', ['ception']],
    ['help ception', ['help']],
    ['help ception filter', ['help', 'filter']],
    ['--help ception filter', ['filter', '--help']],
    ['ception --help', ['--help']],
    ['-- ception --version', ['--version']],
    ['__complete ception filter --ow', ['__complete', 'filter', '--ow']],
  ])('of %s are those after ception', (words, expected) => {
    expect(ownArguments(words.split(' '), {})).toEqual(expected);
  });

  it.each([
    ['--config d', { DOCKER_CONFIG: 'd' }],
    ['--config=d', { DOCKER_CONFIG: 'd' }],
    ['-H tcp://h', { DOCKER_HOST: 'tcp://h', DOCKER_CONTEXT: 'default' }],
    ['-Htcp://h', { DOCKER_HOST: 'tcp://h', DOCKER_CONTEXT: 'default' }],
    ['-DH tcp://h', { DOCKER_HOST: 'tcp://h', DOCKER_CONTEXT: 'default' }],
    ['--host=tcp://h -l debug', { DOCKER_HOST: 'tcp://h', DOCKER_CONTEXT: 'default' }],
    ['-c farm', { DOCKER_CONTEXT: 'farm' }],
    ['-c=farm', { DOCKER_CONTEXT: 'farm' }],
    ['--context farm --log-level info', { DOCKER_CONTEXT: 'farm' }],
    ['--context default', { DOCKER_CONTEXT: 'default', DOCKER_HOST: 'unix:///old' }],
    ['--context=', { DOCKER_CONTEXT: 'old', DOCKER_HOST: 'unix:///old' }],
    ['--tls', { DOCKER_TLS: '1' }],
    ['--tls=false', { DOCKER_TLS: '' }],
    ['--tlsverify', { DOCKER_TLS: '1', DOCKER_TLS_VERIFY: '1' }],
    ['--tlsverify=0', { DOCKER_TLS: '1', DOCKER_TLS_VERIFY: '' }],
  ])('before ception become variables: %s', (words, expected) => {
    const names = Object.keys(expected);
    const isAbout = (name: string): boolean => names.some((one) => one.startsWith(name));
    const old = { DOCKER_HOST: 'unix:///old', DOCKER_CONTEXT: 'old' };
    const env: NodeJS.ProcessEnv = isAbout('DOCKER_HOST') || isAbout('DOCKER_CONTEXT') ? old : {};
    expect(ownArguments([...words.split(' '), 'ception', 'version'], env)).toEqual(['version']);
    expect(env).toEqual(expected);
  });

  it.each(['tlscacert', 'tlscert', 'tlskey', 'unheard-of'])('can not have --%s', (name) => {
    expect(() => ownArguments([`--${name}=a`, 'ception'], {})).toThrow(`docker's option --${name}`);
  });
});

it('has the metadata that docker requires', () => {
  expect(JSON.parse(metadata('1.2.3'))).toMatchObject({
    SchemaVersion: '0.1.0',
    Vendor: 'dockerception',
    Version: 'v1.2.3',
    URL: manifest.homepage,
  });
});

it.each([
  ['Usage: dockerception filter', 'Usage: docker ception filter'],
  ['dockerception: reading', 'dockerception: reading'],
  ['reading /a/dockerception b', 'reading /a/dockerception b'],
])('writes %j as %j', (text, expected) => {
  expect(asTyped(text)).toBe(expected);
});

it.each([
  ['none\na\thelp\nb\n', 'a\thelp\nb\n:4\n'],
  ['none\n--target=\n', '--target=\n:6\n'],
  ['none\n', ':4\n'],
  ['file\na\n', 'a\n:0\n'],
  ['folder\n', ':16\n'],
])('writes the candidates %j for docker as %j', (text, expected) => {
  expect(asCobra(text)).toBe(expected);
});
