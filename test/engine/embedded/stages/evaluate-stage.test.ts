import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../../../../src/dockerfile/parse.js';
import { planStages } from '../../../../src/dockerfile/stages/plan.js';
import {
  createdBy,
  evaluateStage,
  type StageResult,
  withLabels,
} from '../../../../src/engine/embedded/stages/evaluate-stage.js';
import type { StageBase } from '../../../../src/engine/embedded/stages/stage-state.js';
import { DockerceptionError } from '../../../../src/errors.js';
import type { ContainerConfig } from '../../../../src/image/config.js';

const LINUX = { os: 'linux', architecture: 'amd64' };
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Evaluates `FROM base` with these lines behind it. */
function evaluate(
  text: string,
  base?: StageBase,
  buildArgs: Readonly<Record<string, string>> = {},
): StageResult {
  const from = base === undefined ? 'scratch' : 'base';
  const dockerfile = parseDockerfile(`FROM ${from}\n${text}`, 'Dockerfile');
  const { target, globals } = planStages(dockerfile, {
    buildArgs,
    target: undefined,
    buildPlatform: LINUX,
    targetPlatform: LINUX,
  });
  return evaluateStage(target.stage, base, {
    dockerfile,
    globals,
    buildArgs,
    warn: () => undefined,
    ignores: () => false,
  });
}

function refused(work: () => unknown): DockerceptionError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    return error as DockerceptionError;
  }
  return expect.unreachable();
}

const IMAGE: ContainerConfig = {
  User: 'u',
  ExposedPorts: { '80/tcp': {} },
  Env: ['A=1', 'PATH=/bin', 'B=2'],
  Entrypoint: ['/e'],
  Cmd: ['c'],
  Volumes: { '/v': {} },
  WorkingDir: '/w',
  Labels: { z: '1', a: '2' },
  StopSignal: 'SIGINT',
  Healthcheck: { Test: ['NONE'] },
  Shell: ['/bin/bash', '-c'],
};

describe('a base’s configuration', () => {
  test('goes on when nothing changes it, in Go’s order', () => {
    const { config } = evaluate('LABEL z=1', { config: IMAGE });
    expect(config).toEqual(IMAGE);
    expect(JSON.stringify(config.Labels)).toBe('{"a":"2","z":"1"}');
    const reversed = Object.fromEntries(Object.entries(IMAGE).reverse());
    const again = evaluate('LABEL z=1', { config: reversed });
    expect(JSON.stringify(again.config)).toBe(JSON.stringify(config));
  });

  test('is changed where the stage says so', () => {
    const text = [
      'ENV B=3 C=$A',
      'USER root',
      'EXPOSE 443',
      'VOLUME /x',
      'WORKDIR sub/',
      'CMD go $A',
      'STOPSIGNAL 9',
      'SHELL ["/bin/zsh"]',
    ].join('\n');
    expect(evaluate(text, { config: IMAGE }).config).toEqual({
      ...IMAGE,
      User: 'root',
      ExposedPorts: { '443/tcp': {}, '80/tcp': {} },
      Env: ['A=1', 'PATH=/bin', 'B=3', 'C=1'],
      Cmd: ['/bin/bash', '-c', 'go $A'],
      Volumes: { '/v': {}, '/x': {} },
      WorkingDir: '/w/sub',
      StopSignal: '9',
      ArgsEscaped: true,
      Shell: ['/bin/zsh'],
    });
  });

  test('gets a PATH when it has none, and an image without one is no scratch', () => {
    expect(evaluate('LABEL a=b', { config: { Env: ['A=1'] } }).config.Env).toEqual(['A=1', PATH]);
    const { config } = evaluate('LABEL a=b', { config: undefined });
    expect(config).toEqual({ Env: [PATH], Labels: { a: 'b' } });
    expect(evaluate('LABEL a=b').config).toMatchObject({ WorkingDir: '/' });
  });

  test('loses its CMD to an ENTRYPOINT, the stage’s own CMD does not', () => {
    expect(evaluate('ENTRYPOINT ["x"]', { config: IMAGE }).config.Cmd).toBeUndefined();
    const own = evaluate('CMD ["y"]\nENTRYPOINT ["x"]', { config: IMAGE }).config;
    expect(own.Cmd).toEqual(['y']);
  });

  test('is not touched itself', () => {
    const before = JSON.stringify(IMAGE);
    evaluate('ENV A=9\nLABEL a=9\nEXPOSE 9\nVOLUME /9\nONBUILD ENV x=9', { config: IMAGE });
    expect(JSON.stringify(IMAGE)).toBe(before);
  });
});

describe('triggers', () => {
  const base = { config: { ...IMAGE, OnBuild: ['ENV T=$A', 'COPY a b'] } };

  test('of the base run first, and are gone', () => {
    const { config, steps } = evaluate('ENV U=$T\nONBUILD ENV x=1', base);
    expect(config.Env).toEqual([...(IMAGE.Env ?? []), 'T=1', 'U=1']);
    expect(config.OnBuild).toEqual(['ENV x=1']);
    expect(steps.map(({ text, line }) => [text, line])).toEqual([
      ['ENV T=1', 1],
      ['COPY a b', 1],
      ['ENV U=1', 2],
    ]);
  });

  test('that are wrong are refused at the FROM', () => {
    const of = (trigger: string): DockerceptionError =>
      refused(() => evaluate('ENV a=b', { config: { OnBuild: [trigger] } }));
    expect(of('FOO').message).toMatch(/^reading Dockerfile:1: unknown instruction: FOO/);
    expect(of('ENV a=b\nENV c=d').message).toContain('should be a single expression');
    expect(of('').message).toMatch(/^reading Dockerfile:1: file with no instructions/);
    expect(of('RUN x')).toMatchObject({ code: 'DOCKERFILE_RUN' });
    expect(of('RUN x').message).toBe('building Dockerfile:1: the embedded engine runs no RUN');
  });
});

describe('variables:', () => {
  test('of ARG and ENV, the last one counts; a stage made from this one has them', () => {
    const result = evaluate('ENV x=1\nARG x=2 y=$x\nENV z=$x$y');
    expect(result.config.Env).toEqual([PATH, 'x=1', 'z=22']);
    const child = evaluate('ENV c=$x$y', result);
    expect(child.config.Env).toEqual([PATH, 'x=1', 'z=22', 'c=12']);
  });

  test('an ARG takes the command line’s value, then its own', () => {
    const given = { a: 'given', c: 'unused' };
    const { config } = evaluate('ARG a=own b=own\nENV r=$a-$b-$c', undefined, given);
    expect(config.Env).toEqual([PATH, 'r=given-own-']);
  });

  test('an ARG that only BuildKit reads is not set', () => {
    const { config } = evaluate(
      'ARG BUILDKIT_SBOM_SCAN_STAGE=true\nENV a=x$BUILDKIT_SBOM_SCAN_STAGE',
    );
    expect(config.Env).toEqual([PATH, 'a=x']);
  });

  test('an instruction sees them as they were before it', () => {
    expect(evaluate('ENV a=1 b=$a\nENV a=2 c=$a').config.Env).toEqual([PATH, 'a=2', 'b=', 'c=1']);
  });

  test('a command keeps them for its shell', () => {
    expect(evaluate('ENV a=1\nCMD echo $a').config.Cmd).toEqual(['/bin/sh', '-c', 'echo $a']);
  });
});

describe('COPY and ADD:', () => {
  const copy = (text: string): unknown => evaluate(text).steps.at(-1);

  test('every word is expanded, and the history has them in BuildKit’s order', () => {
    const text = [
      'ENV v=x o=1:2 m=755 t=/d s=sha256:' + 'a'.repeat(64),
      `COPY --from=img --link --chmod=$m --exclude=$v* --parents --chown=$o $v 'a' $t/`,
    ].join('\n');
    expect(copy(text)).toEqual({
      kind: 'copy',
      line: 3,
      text: 'COPY --parents --chown=1:2 --chmod=755 x a /d/',
      from: 'img',
      sources: ['x', 'a'],
      heredocs: [],
      dest: '/d/',
      chown: '1:2',
      chmod: '755',
      link: true,
      parents: true,
      exclude: ['$v*'],
      checksum: undefined,
      unpack: undefined,
    });
  });

  test('the content of a heredoc is expanded unless its word is quoted', () => {
    const text = 'ENV v=1\nCOPY <<A <<"B" /d/\n$v "$v" \\$v\nA\n$v\nB';
    expect(copy(text)).toMatchObject({
      text: 'COPY <<A <<B /d/',
      heredocs: [
        { name: 'A', content: Buffer.from('1 "1" $v\n') },
        { name: 'B', content: Buffer.from('$v\n') },
      ],
    });
    const step = evaluate(text).steps.at(-1);
    expect(step && createdBy(step)).toBe('COPY <<A <<B /d/ # buildkit');
  });

  test.each([
    ['x', '/w/x'],
    ['x/', '/w/x/'],
    ['.', '/w/'],
    ['./', '/w/'],
    ['""', '/w/'],
    ['..', '/'],
    ['../../../x', '/x'],
    ['a/.', '/w/a/.'],
    ['/', '/'],
    ['/a/../b/', '/b/'],
    ['$none/x', '/x'],
  ])('the destination %s is %s', (dest, path) => {
    expect(copy(`WORKDIR /w\nCOPY a ${dest}`)).toMatchObject({ dest: path });
  });

  test.each([
    ['COPY http://x/y z', "source can't be a URL for COPY"],
    ['COPY https://x/y.git#main z', "source can't be a git ref for COPY"],
    ['ADD --checksum=sha256:00 http://x/y z', 'invalid checksum digest length'],
    ['ADD --checksum=sha256:00 y z', 'checksum requires HTTP(S) or Git sources'],
    ['ADD --checksum=x a b z', "checksum can't be specified for multiple sources"],
    ['ADD git@host:a/b.git z', 'the embedded engine clones no repositories: git@host:a/b.git'],
    [
      'COPY "a b',
      'failed to process "\\"a": unexpected end of statement while looking for matching double-quote',
    ],
  ])('%s is refused', (text, why) => {
    expect(refused(() => evaluate(text)).message).toBe(`reading Dockerfile:2: ${why}`);
  });
});

describe('WORKDIR:', () => {
  test.each([
    ['/a', '/a', '/a'],
    ['a', '/w/a', '/w/a'],
    ['../x/', '/x', '/x'],
    ['/a/../b//', '/a/../b//', '/b'],
    ['""', '/w', '/w'],
  ])('%s', (path, kept, folder) => {
    const { config, steps } = evaluate(`WORKDIR /w\nUSER 5\nWORKDIR ${path}`);
    expect(config.WorkingDir).toBe(kept);
    expect(steps.at(-1)).toEqual({
      kind: 'workdir',
      line: 4,
      text: `WORKDIR ${kept}`,
      path: folder,
      user: '5',
    });
  });

  test('the root is no layer', () => {
    expect(evaluate('WORKDIR /').steps).toEqual([{ kind: 'config', line: 2, text: 'WORKDIR /' }]);
  });
});

test('names of an object’s own members are names like any other', () => {
  const { config } = evaluate('ENV __proto__=1\nLABEL __proto__=2 constructor=3\nARG toString');
  expect(config.Env).toEqual([PATH, '__proto__=1']);
  expect(Object.entries(config.Labels ?? {})).toEqual([
    ['__proto__', '2'],
    ['constructor', '3'],
  ]);
});

test('labels of the command line go over those of the Dockerfile, and nothing else changes', () => {
  const { config } = evaluate('LABEL b=1 c=2');
  expect(withLabels(config, { c: '3', a: '4' })).toEqual({
    ...config,
    Labels: { a: '4', b: '1', c: '3' },
  });
  expect(JSON.stringify(withLabels(IMAGE, {}))).toBe(
    JSON.stringify(evaluate('', { config: IMAGE }).config),
  );
});

test('the author and a MAINTAINER', () => {
  expect(evaluate('LABEL a=b', { config: IMAGE, author: 'x' }).author).toBe('x');
  expect(evaluate('MAINTAINER y $z', { config: IMAGE, author: 'x' }).author).toBe('y $z');
});

test('ports beyond counting are counted once', () => {
  const { config, steps } = evaluate('EXPOSE 1-65535 1-65535/udp');
  expect(Object.keys(config.ExposedPorts ?? {})).toHaveLength(131_070);
  expect(steps).toHaveLength(1);
});
