import { describe, expect, it } from 'vitest';
import { buildOptions } from '../../../src/cli/arguments/build-options.js';
import { parse } from '../../../src/cli/arguments/parse.js';
import { DockerceptionError } from '../../../src/errors.js';

const options = (
  argv: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ReturnType<typeof buildOptions> => buildOptions(parse(argv), env);

function refused(argv: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  try {
    options(argv, env);
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    expect((error as DockerceptionError).kind).toBe('usage');
    return (error as DockerceptionError).message;
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

describe('the options of build', () => {
  it.each([
    'app',
    'app:1.10',
    'team/app:Latest',
    'localhost:5000/team/app',
    'a.b-c__d/e',
    '[::1]:5000/app:v1',
    'Registry.example/app',
  ])('take %s as a name', (tag) => {
    expect(options(['-t', tag]).tags).toEqual([tag]);
  });

  it.each(['App', 'app:', ':tag', 'app tag', 'app:a b', '-app', 'a//b', 'app@sha256:1', ''])(
    'refuse %j as a name',
    (tag) => {
      expect(refused([`--tag=${tag}`])).toContain("can't be the name of an image");
    },
  );

  it('keep a value as it was written: 1.10 is no number', () => {
    const { buildArgs } = options([
      '--build-arg',
      'VERSION=1.10',
      '--build-arg',
      'EMPTY=',
      '-t',
      'app:1.10',
    ]);
    expect(buildArgs).toEqual({ VERSION: '1.10', EMPTY: '' });
  });

  it('take an ARG without a value from the environment, and leave it out when it isn’t there', () => {
    const { buildArgs } = options(['--build-arg', 'A', '--build-arg', 'B'], { A: 'x' });
    expect(buildArgs).toEqual({ A: 'x' });
  });

  it('split platforms at commas', () => {
    expect(options(['--platform', 'linux/amd64,linux/arm64']).platforms).toEqual([
      'linux/amd64',
      'linux/arm64',
    ]);
  });

  it('take hosts in both spellings, and IPv6 in brackets', () => {
    const { addHosts } = options([
      '--add-host',
      'a:10.0.0.1',
      '--add-host',
      'b=10.0.0.2',
      '--add-host',
      'c=[::1]',
    ]);
    expect(addHosts).toEqual(['a:10.0.0.1', 'b:10.0.0.2', 'c:::1']);
  });

  it('take -o FILE for an OCI archive, -o - for standard output, and attributes by name', () => {
    expect(
      options(['-o', 'app.tar', '-o', '-', '-o', 'type=docker,dest=x.tar,a=b']).outputs,
    ).toEqual([
      { type: 'oci', dest: 'app.tar', attributes: {} },
      { type: 'oci', dest: '-', attributes: {} },
      { type: 'docker', dest: 'x.tar', attributes: { a: 'b' } },
    ]);
  });

  it.each(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])(
    'take %s for standard output: the image ID would be written over the archive',
    (dest) => {
      expect(options(['-o', dest]).outputs[0]?.dest).toBe('-');
      expect(options(['-o', `type=tar,dest=${dest}`]).outputs[0]?.dest).toBe('-');
    },
  );

  it.each([
    [['-o', 'type=zip,dest=x'], "no type 'zip'"],
    [['-o', '-', '-o', 'type=docker'], 'only one output'],
    [['--push'], '--push needs a name'],
    [['--label', '=x'], '--label takes NAME=VALUE'],
    [['--build-arg', '=x'], '--build-arg takes'],
    [['--build-context', 'x'], '--build-context takes'],
    [['--build-context', 'x='], 'names no place'],
    [['--build-context', 'x=-'], "can't be standard input"],
    [['-o', 'dest=x'], '--output has no type'],
    [['--add-host', 'x'], '--add-host takes'],
    [['--engine', 'lxc'], "no engine 'lxc'"],
  ])('refuse %j', (argv, message) => {
    expect(refused(argv)).toContain(message);
  });

  it('take the engine from DOCKERCEPTION_ENGINE, which an option overrules', () => {
    expect(options([], { DOCKERCEPTION_ENGINE: 'docker' }).engine).toBe('docker');
    expect(options(['--engine', 'auto'], { DOCKERCEPTION_ENGINE: 'docker' }).engine).toBe('auto');
    expect(refused([], { DOCKERCEPTION_ENGINE: 'lxc' })).toContain("no engine 'lxc'");
  });

  it.each(['type=registry,name=a/b', 'type=image,push=true,name=a/b'])(
    'take %s for a push, as buildx does',
    (text) => {
      const { tags, push, outputs } = options(['-o', text, '-o', 'b.tar']);
      expect({ tags, push }).toEqual({ tags: ['a/b'], push: true });
      expect(outputs.map(({ dest }) => dest)).toEqual(['b.tar']);
      expect(options(['-o', text, '-t', 'c/d']).tags).toEqual(['c/d']);
    },
  );

  it('take type=cacheonly for no output', () => {
    expect(options(['-o', 'type=cacheonly'])).toMatchObject({ cacheOnly: true, outputs: [] });
    expect(options(['-o', 'a.tar']).cacheOnly).toBe(false);
    expect(refused(['-o', 'type=cacheonly,dest=x'])).toContain("no type 'cacheonly'");
  });

  it.each<[string, string]>([
    ['type=registry', '--push needs a name'],
    ['type=image,name=a/b', 'without push=true'],
    ['type=registry,name=a/b,push=false', 'without push=true'],
    ['type=image,name=a/b,push=true,compression=zstd', 'has no compression'],
    ['type=registry,name=A', "can't be the name"],
  ])('refuse the output %s', (text, why) => {
    expect(refused(['-o', text])).toContain(why);
  });

  it('take the compression from its options, or from an output as buildx has it', () => {
    expect(options([]).compression).toEqual({ type: 'gzip' });
    expect(options(['--compression', 'zstd', '--compression-level', '19']).compression).toEqual({
      type: 'zstd',
      level: 19,
    });
    const attributes = 'type=oci,dest=x,compression=uncompressed';
    expect(options(['-o', attributes]).compression).toEqual({ type: 'none' });
    expect(refused(['--compression', 'lzma'])).toContain('lzma');
    expect(refused(['--compression-level', '10'])).toContain('10');
  });

  it('know the engines, and whether to load and to trust', () => {
    expect(options(['--engine', 'embedded', '--load', '--insecure'])).toMatchObject({
      engine: 'embedded',
      load: true,
      insecure: true,
    });
    expect(options([], { DOCKERCEPTION_ENGINE: 'embedded' }).engine).toBe('embedded');
    expect(options(['--engine', 'auto'], { DOCKERCEPTION_ENGINE: 'docker' }).engine).toBe('auto');
  });

  it.each([
    [['-o', 'type=local'], 'needs a folder'],
    [['-o', 'type=local,dest=-'], 'needs a folder'],
    [['-o', 'type=oci,tar=false'], 'a layout is a folder'],
    [['-o', 'a.tar', '-o', 'type=tar,dest=./a.tar'], 'two outputs go to ./a.tar'],
    [['-o', 'type=tar,dest='], 'empty dest'],
    [['-o', '-', '-o', 'type=tar'], 'only one output'],
  ])('refuse %j', (argv, why) => {
    expect(refused(argv)).toContain(why);
  });
});
