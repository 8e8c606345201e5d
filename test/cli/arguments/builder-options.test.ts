import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builderOptions } from '../../../src/cli/arguments/builder-options.js';
import { parse } from '../../../src/cli/arguments/parse.js';
import { DockerceptionError } from '../../../src/errors.js';

const ENV = { FROM_HERE: 'a value', EMPTY: '' };

const options = (...argv: string[]): ReturnType<typeof builderOptions> =>
  builderOptions(parse(argv), ENV);

function refused(...argv: string[]): { readonly message: string; readonly hint?: string } {
  try {
    options(...argv);
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    expect((error as DockerceptionError).kind).toBe('usage');
    const { message, hint = '' } = error as DockerceptionError;
    return { message, hint };
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

describe('a builder’s options', () => {
  it.each([['.'], ['-'], ['filter'], ['-t', 'app', '--', '.']])(
    'are none without a builder: %j',
    (...argv) => {
      expect(options(...argv)).toBeUndefined();
    },
  );

  it('ask for nothing by themselves', () => {
    expect(options('--from', '.')).toEqual({
      from: ['.'],
      artifacts: [],
      libs: false,
      keepPaths: false,
      volumes: [],
      variables: [],
      buildArgs: {},
      keep: false,
      env: ENV,
    });
    expect(options('--from-image', 'nginx')).toMatchObject({ from: [], fromImage: 'nginx' });
  });

  it('are all there', () => {
    const all = options(
      ...['--from', 'a', '--from=b', '--from-image', 'golang:1.10'],
      ...['--artifacts', '/out/app', '--artifacts', '/etc/ssl:etc/ssl', '--libs'],
      ...[
        '--volume',
        '/src:/src:ro',
        '--volume',
        'cache:/cache',
        '--env',
        'A=1',
        '--env',
        'FROM_HERE',
      ],
      ...['--user', '1000:1000', '--workdir', '/work', '--entrypoint', 'sh'],
      ...[
        '--builder-arg',
        'V=1=2',
        '--builder-file',
        'build/Dockerfile',
        '--builder-target',
        'tools',
      ],
      ...['--builder-tag', 'team/builder', '--timeout', '1m30s', '--keep-builder'],
      ...['--', '-c', 'make --jobs'],
    );
    expect(all).toEqual({
      from: ['a', 'b'],
      fromImage: 'golang:1.10',
      artifacts: [{ path: '/out/app' }, { path: '/etc/ssl', dest: 'etc/ssl' }],
      libs: true,
      keepPaths: false,
      volumes: ['/src:/src:ro', 'cache:/cache'],
      variables: ['A=1', 'FROM_HERE=a value'],
      user: '1000:1000',
      workdir: '/work',
      entrypoint: 'sh',
      buildArgs: { V: '1=2' },
      file: 'build/Dockerfile',
      target: 'tools',
      tag: 'team/builder',
      timeout: 90_000,
      keep: true,
      command: ['-c', 'make --jobs'],
      env: ENV,
    });
  });

  it('are the same for filter', () => {
    expect(options('filter', '--from', '-', '--', 'make')).toMatchObject({
      from: ['-'],
      command: ['make'],
    });
  });

  it('have a server’s', () => {
    expect(
      options('--from', 'repo', '--serve', '8080', '--serve-timeout', '90', 'run/'),
    ).toMatchObject({ serve: 8080, serveTimeout: 90_000 });
  });

  it.each([
    'artifacts=/x',
    'libs',
    'volume=/a:/b',
    'env=A=1',
    'user=me',
    'workdir=/',
    'entrypoint=sh',
    'builder-arg=A=1',
    'builder-file=x',
    'builder-target=x',
    'builder-tag=x',
    'timeout=1',
    'keep-builder',
    'serve=80',
    'serve-timeout=1',
  ])('need a builder: --%s', (option) => {
    const { message, hint } = refused(`--${option}`, '.');
    expect(message).toBe(
      `reading the command line: --${option.replace(/=.*/, '')} needs a builder`,
    );
    expect(hint).toContain('--from DIR');
  });

  it.each([['--from='], ['--from', ''], ['--from-image='], ['--from', 'a', '--from', '']])(
    'name a builder: not %j',
    (...argv) => {
      expect(refused(...argv).message).toContain('names no builder');
    },
  );

  it('take a context only for a builder that serves', () => {
    const { message, hint } = refused('--from', '.', 'run/');
    expect(message).toContain('the builder makes the context: run/ has no place');
    expect(hint).toContain('--add run/:.');
    expect(hint).toContain('--serve PORT');
    expect(options('--from', '.', '--serve', '80', 'run/')).toMatchObject({ serve: 80 });
  });

  it('exclude each other where they make no sense together', () => {
    expect(refused('--from', '.', '--serve', '80', '--artifacts', '/x').message).toContain(
      '--serve and --artifacts exclude each other',
    );
    expect(refused('--from', '.', '--serve-timeout', '5').message).toContain(
      '--serve-timeout needs --serve',
    );
    expect(refused('--from', '.', '--libs').message).toContain('--libs needs --artifacts');
  });

  it('read standard input once, and then the output of the builder before', () => {
    expect(options('--from', '-', '--from', '-')).toMatchObject({ from: ['-', '-'] });
    const from = ['-', '-', '-'];
    expect(options(...from.flatMap((one) => ['--from', one]))).toMatchObject({ from });
    expect(options('--from', 'a', '--from', '-', '--from', '-')).toMatchObject({
      from: ['a', '-', '-'],
    });
  });

  it.each([
    '',
    '0',
    '-1',
    '65536',
    '99999',
    '123456',
    '80/tcp',
    '0x50',
    '8e1',
    'http',
    ' 80',
    '80.0',
  ])('have a port that there is: not %j', (port) => {
    expect(refused('--from', '.', `--serve=${port}`).message).toContain(
      `--serve takes a port, not '${port}'`,
    );
  });

  it.each([
    ['90', 90_000],
    ['0.5', 500],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1m0.5s', 60_500],
  ])('have times: %s', (text, milliseconds) => {
    expect(options('--from', '.', '--timeout', text)?.timeout).toBe(milliseconds);
    expect(
      options('--from', '.', '--serve', '80', '--serve-timeout', text, '.')?.serveTimeout,
    ).toBe(milliseconds);
  });

  it.each(['', '0', '0s', '-1', '-5s', 'soon', '5 s', '1.2.3', '5d', '600h', '1e3', 'Infinity'])(
    'have times that there are: not %j',
    (text) => {
      for (const option of ['timeout', 'serve-timeout']) {
        const { message, hint } = refused('--from', '.', '--serve=80', `--${option}=${text}`, '.');
        expect(message).toContain(`--${option} takes seconds or a duration, not '${text}'`);
        expect(hint).toContain('1h30m');
      }
    },
  );

  it.each([
    ['./src:/src', `${resolve('src')}:/src`],
    ['.:/src:ro', `${process.cwd()}:/src:ro`],
    ['../lib:/lib', `${resolve('..', 'lib')}:/lib`],
    ['..:/up', `${resolve('..')}:/up`],
    ['./a/../b/:/b', `${resolve('b')}:/b`],
    ['/abs/./x:/x:rw,z', '/abs/./x:/x:rw,z'],
    ['name:/data', 'name:/data'],
    ['.hidden:/data', '.hidden:/data'],
    ['/data', '/data'],
  ])('have volumes, a path with a dot from here: %s', (text, wanted) => {
    expect(options('--from', '.', '--volume', text)?.volumes).toEqual([wanted]);
  });

  it.each(['', ':/data', 'name', '.', './src'])('have volumes with a target: not %j', (text) => {
    expect(refused('--from', '.', `--volume=${text}`).message).toContain(
      `--volume takes SOURCE:TARGET[:OPTIONS], not '${text}'`,
    );
  });

  it.each([
    ['A=1', ['A=1']],
    ['A=', ['A=']],
    ['A=b=c d', ['A=b=c d']],
    ['FROM_HERE', ['FROM_HERE=a value']],
    ['EMPTY', ['EMPTY=']],
    ['NOT_HERE', []],
  ])('have variables, without a value the one that is here: %s', (text, wanted) => {
    expect(options('--from', '.', '--env', text)?.variables).toEqual(wanted);
  });

  it.each(['', '=x'])('have variables with a name: not %j', (text) => {
    expect(refused('--from', '.', `--env=${text}`).message).toContain(
      `--env takes KEY[=VALUE], not '${text}'`,
    );
    expect(refused('--from', '.', `--builder-arg=${text}`).message).toContain('--builder-arg');
  });

  it.each([
    ['/out', { path: '/out' }],
    ['/out:.', { path: '/out', dest: '.' }],
    ['out/app:bin/', { path: 'out/app', dest: 'bin/' }],
    ['/a:b:c', { path: '/a:b', dest: 'c' }],
  ])('have artifacts: %s', (text, wanted) => {
    expect(options('--from', '.', '--artifacts', text)?.artifacts).toEqual([wanted]);
  });

  it.each(['', ':', '/out:', ':dest'])('have artifacts with a path: not %j', (text) => {
    expect(refused('--from', '.', `--artifacts=${text}`).message).toContain(
      `--artifacts takes PATH[:DEST], not '${text}'`,
    );
  });

  it.each([
    [['--base', 'scratch'], true],
    [['-c', 'CMD ["/x"]'], true],
    [[], false],
  ])('keep the paths of what becomes a root: %j', (more, wanted) => {
    const all = ['--from', '.', '--artifacts', '/x', ...more];
    expect(options(...all, '--libs')?.keepPaths).toBe(wanted);
    expect(options(...all)?.keepPaths).toBe(false);
  });

  it.each([
    [['--'], undefined],
    [['--', 'make'], ['make']],
    [
      ['--', 'sh', '-c', 'make --from x', '--serve'],
      ['sh', '-c', 'make --from x', '--serve'],
    ],
    [
      ['--', '--', '-t'],
      ['--', '-t'],
    ],
    [['--', ''], ['']],
  ])('have the command behind two dashes: %j', (tail, wanted) => {
    expect(options('--from', '.', '-t', 'app', ...tail)?.command).toEqual(wanted);
  });

  it('are the last ones where there can be only one', () => {
    expect(
      options('--from-image', 'a', '--from-image', 'b', '--user', 'x', '--user', 'y'),
    ).toMatchObject({ fromImage: 'b', user: 'y' });
  });
});
