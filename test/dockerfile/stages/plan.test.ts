import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../../../src/dockerfile/parse.js';
import {
  type BuildPlan,
  type PlanOptions,
  planStages,
} from '../../../src/dockerfile/stages/plan.js';
import { unusedBuildArgs } from '../../../src/dockerfile/stages/scope.js';
import { DockerceptionError } from '../../../src/errors.js';

const OPTIONS: PlanOptions = {
  buildArgs: {},
  target: undefined,
  buildPlatform: { os: 'linux', architecture: 'amd64' },
  targetPlatform: { os: 'linux', architecture: 'arm', variant: 'v7' },
};

function plan(lines: readonly string[], options: Partial<PlanOptions> = {}): BuildPlan {
  const dockerfile = parseDockerfile(lines.join('\n'), 'Dockerfile');
  return planStages(dockerfile, { ...OPTIONS, ...options });
}

function needed(lines: readonly string[], options: Partial<PlanOptions> = {}): number[] {
  return plan(lines, options).stages.map(({ stage }) => stage.index);
}

function refused(lines: readonly string[], options: Partial<PlanOptions> = {}): DockerceptionError {
  try {
    plan(lines, options);
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    return error as DockerceptionError;
  }
  return expect.unreachable();
}

const THREE = [
  'FROM golang AS build',
  'RUN make',
  'FROM scratch AS files',
  'COPY a b',
  'FROM files AS last',
  'COPY --from=Files x y',
  'COPY --from=1 x y',
  'COPY --from=alpine x y',
];

describe('a build needs', () => {
  test('the target, its base and what it copies from; a RUN elsewhere does no harm', () => {
    const { stages, target } = plan(THREE);
    expect(stages.map(({ label }) => label)).toEqual(['files', 'last']);
    expect(target.base).toEqual({ kind: 'stage', index: 1 });
    expect(stages[0]?.base).toEqual({ kind: 'scratch' });
    expect(target.origin('FILES')).toEqual({ kind: 'stage', index: 1 });
    expect(target.origin('0')).toEqual({ kind: 'stage', index: 0 });
    expect(target.origin('alpine')).toEqual({ kind: 'image', name: 'alpine' });
  });

  test('what the target needs, by name or number', () => {
    expect(needed(THREE, { target: 'files' })).toEqual([1]);
    expect(needed(THREE, { target: 'FILES' })).toEqual([1]);
    expect(needed(THREE, { target: '1' })).toEqual([1]);
    expect(needed(THREE, { target: '' })).toEqual([1, 2]);
  });

  test('what a trigger of its base copies from', () => {
    const lines = ['FROM scratch AS x', 'FROM scratch AS a', 'ONBUILD COPY --from=x p q', 'FROM a'];
    expect(needed(lines)).toEqual([0, 1, 2]);
    const image = ['FROM scratch AS x', 'FROM image'];
    expect(needed(image)).toEqual([1]);
    expect(needed(image, { triggers: new Map([[1, ['COPY --from=x p q']]]) })).toEqual([0, 1]);
  });

  test('no stage that a build context stands for', () => {
    const lines = ['FROM golang AS build', 'RUN make', 'FROM build', 'COPY --from=build a b'];
    const { stages } = plan(lines, { contexts: ['Build'] });
    expect(stages).toMatchObject([
      { base: { kind: 'image', name: 'build' }, stage: { instructions: [] } },
      { base: { kind: 'stage', index: 0 } },
    ]);
  });
});

describe('FROM', () => {
  test('finds stages above it by their exact names, the last of them', () => {
    const base = (lines: readonly string[]): unknown => plan(lines).target.base;
    expect(base(['FROM scratch AS a', 'FROM scratch AS a', 'FROM a'])).toMatchObject({ index: 1 });
    expect(base(['FROM a', 'FROM scratch AS a', 'FROM A'])).toEqual({ kind: 'image', name: 'A' });
    expect(base(['FROM scratch AS scratch', 'FROM scratch'])).toMatchObject({ index: 0 });
    expect(needed(['FROM a AS a', 'FROM a'])).toEqual([0, 1]);
  });

  test('is expanded with global ARGs, the command line and the platforms', () => {
    const lines = [
      'ARG V=1',
      'ARG I=app:$V-$TARGETARCH$TARGETVARIANT',
      'FROM --platform=$BUILDPLATFORM $I',
    ];
    const { target } = plan(lines, { buildArgs: { V: '2' } });
    expect(target.base).toEqual({ kind: 'image', name: 'app:2-armv7' });
    expect(target.platform).toEqual({ os: 'linux', architecture: 'amd64' });
  });

  test.each([
    ['linux/arm64/v8', { os: 'linux', architecture: 'arm64' }],
    ['linux/aarch64', { os: 'linux', architecture: 'arm64' }],
    ['Linux/arm', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['linux/arm/6', { os: 'linux', architecture: 'arm', variant: 'v6' }],
    ['linux/armhf', { os: 'linux', architecture: 'arm', variant: 'v7' }],
    ['linux/x86_64', { os: 'linux', architecture: 'amd64' }],
    ['linux/amd64/v2', { os: 'linux', architecture: 'amd64', variant: 'v2' }],
    ['arm64', { os: 'linux', architecture: 'arm64' }],
    ['linux', { os: 'linux', architecture: 'amd64' }],
  ])('takes the platform %s', (text, expected) => {
    expect(plan([`FROM --platform=${text} a`]).target.platform).toEqual(expected);
  });
});

describe('refused before any work is', () => {
  test('a RUN in a stage that is needed', () => {
    const error = refused(THREE, { target: 'build' });
    expect(error.message).toBe('building Dockerfile:2: the embedded engine runs no RUN');
    expect(error).toMatchObject({ kind: 'build', code: 'DOCKERFILE_RUN' });
    expect(error.hint).toContain('`engine: docker`');
  });

  test('a RUN among the triggers of a base', () => {
    const lines = ['FROM scratch AS a', 'ONBUILD RUN x', 'FROM a'];
    expect(refused(lines).message).toContain('Dockerfile:2: ');
    expect(needed(lines, { target: 'a' })).toEqual([0]);
    const triggers = new Map([[0, ['RUN x']]]);
    expect(refused(['FROM image'], { triggers })).toMatchObject({ code: 'DOCKERFILE_RUN' });
  });

  test('a target that is no stage', () => {
    const lines = ['FROM scratch AS build', 'FROM scratch AS release'];
    expect(refused(lines, { target: 'relase' }).message).toBe(
      'reading Dockerfile: target stage "relase" could not be found (did you mean release?)',
    );
    const error = refused(lines, { target: 'other' });
    expect(error).toMatchObject({ code: 'DOCKERFILE_TARGET', hint: 'its stages: build, release' });
    expect(refused(lines, { target: '2' })).toMatchObject({ code: 'DOCKERFILE_TARGET' });
    expect(refused(['FROM a'], { target: 'x' }).hint).toBeUndefined();
  });

  test.each([
    [['FROM a AS a', 'COPY --from=a x y'], 2, 'circular dependency detected on stage: a'],
    [['FROM a', 'COPY --from=0 x y'], 2, 'circular dependency detected on stage: stage-0'],
    [
      ['FROM a AS a', 'COPY --from=b x y', 'FROM a AS b', 'FROM b'],
      2,
      'cannot copy from stage "b", it needs to be defined before current stage "a"',
    ],
    [['FROM a', 'COPY --from=7 x y'], 2, 'invalid stage index 7'],
    [['FROM a', 'COPY --from=-1 x y'], 2, 'invalid stage index -1'],
    [['FROM $x'], 1, 'base name ($x) should not be blank'],
    [['FROM --platform=$x a'], 1, 'empty platform value from expression $x'],
    [
      ['FROM a', 'COPY --from=$x a b'],
      2,
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
    ],
  ])('%j', (lines, line, why) => {
    expect(refused(lines).message).toBe(`reading Dockerfile:${line}: ${why}`);
  });
});

test('a very long chain of stages is no crash', () => {
  const lines = Array.from({ length: 3000 }, (_, index) => [
    'FROM scratch',
    `COPY --from=${index + 1} a b`,
  ]).flat();
  const error = refused([...lines, 'FROM scratch'], { target: '0' });
  expect(error.message).toContain('cannot copy from stage "1"');
});

test('build arguments that no ARG takes are told', () => {
  const dockerfile = parseDockerfile('ARG a\nFROM scratch\nARG b=1\nFROM scratch', 'Dockerfile');
  const given = { a: '1', b: '2', c: '3', HTTP_PROXY: 'x', no_proxy: 'y', TARGETARCH: 'z' };
  expect(unusedBuildArgs(dockerfile, given)).toEqual(['c']);
});
