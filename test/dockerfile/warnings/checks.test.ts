import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../src/dockerfile/parse.js';
import { type Checks, readChecks } from '../../../src/dockerfile/warnings/checks.js';

const BUILD_ARG = 'BUILDKIT_DOCKERFILE_CHECK';

function checksOf(head: string, buildArgs: Readonly<Record<string, string>> = {}): Checks {
  return readChecks(parseDockerfile(`${head}\nFROM scratch\n`, 'app.Dockerfile'), buildArgs);
}

describe('the checks', () => {
  it.each<[string, string, boolean, boolean]>([
    ['', 'A', false, false],
    ['# check=skip=A,B', 'B', true, false],
    ['# check=skip=A,B', 'C', false, false],
    ['# check=skip=all', 'C', true, false],
    ['# check=skip=ALL', 'C', false, false],
    ['# check=skip=A;skip=B', 'A', true, false],
    ['# check=skip=all;skip=B', 'A', true, false],
    ['# check=error=true;skip=A', 'A', true, true],
    ['# check=error=T', 'A', false, true],
    ['# check=error=t;error=F', 'A', false, false],
    ['# check=experimental=all;error=1', 'A', false, true],
    ['# check=skip=A error=true', 'A', true, false],
    ['#\tChEcK\t=\tskip=A \t', 'A', true, false],
    ['\uFEFF# check=skip=A', 'A', true, false],
    ['#!/bin/x\n# check=skip=A', 'A', true, false],
    ['# escape=`\n# syntax=x\n# check=skip=A', 'A', true, false],
    [' # check=skip=A', 'A', false, false],
    [' # escape=`\n# check=skip=A', 'A', false, false],
    ['\n# check=skip=A', 'A', false, false],
    ['# a comment\n# check=skip=A', 'A', false, false],
    ['# other=1\n# check=skip=A', 'A', false, false],
    ['# check=', 'A', false, false],
  ])('of %j skip %s: %s, are errors: %s', (head, rule, skips, error) => {
    const checks = checksOf(head);
    expect([checks.skips(rule), checks.error]).toEqual([skips, error]);
  });

  it('are those of the build argument if there is one', () => {
    const checks = checksOf('# check=skip=A;error=true', { [BUILD_ARG]: 'skip=B , C' });
    expect(['A', 'B', 'C'].filter(checks.skips)).toEqual(['B', 'C']);
    expect(checks.error).toBe(false);
    expect(checksOf('# check=none', { [BUILD_ARG]: '' }).error).toBe(false);
  });

  it.each([
    ['bogus', 'bogus'],
    ['skip', 'skip'],
    ['SKIP=all', 'SKIP'],
    ['error=yes', 'error=yes'],
    ['skip=all;', ''],
    ['skip=a;error=1;skip', 'skip'],
    [';', ''],
  ])('%j are invalid', (text, option) => {
    const reason = `invalid check option "${option}"`;
    expect(() => checksOf(`# escape=\\\n# check=${text}`)).toThrow(
      expect.objectContaining({
        kind: 'build',
        code: 'DOCKERFILE_CHECK',
        message: `reading app.Dockerfile:2: ${reason}`,
      }),
    );
    expect(() => checksOf('', { [BUILD_ARG]: text })).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'DOCKERFILE_CHECK',
        message: `reading \`buildArgs: ${BUILD_ARG}\`: ${reason}`,
      }),
    );
  });
});
