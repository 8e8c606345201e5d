import { describe, expect, it } from 'vitest';
import { located } from '../../../../src/engine/embedded/steps/execute-step.js';
import { DockerceptionError, type ErrorKind } from '../../../../src/errors.js';

describe('an error in an instruction', () => {
  const place = { file: 'Dockerfile', line: 3 };
  const error = (kind: ErrorKind): DockerceptionError =>
    new DockerceptionError(kind, 'COPY_NOT_FOUND', 'what failed: why', { hint: 'what to do' });

  it.each(['build', 'usage', 'engine', 'context'] as const)('of kind %s has its place', (kind) => {
    expect(located(error(kind), place)).toMatchObject({
      kind,
      code: 'COPY_NOT_FOUND',
      message: 'building Dockerfile:3: what failed: why',
      hint: 'what to do',
    });
  });

  it.each(['output', 'interrupted', 'terminated'] as const)(
    'of kind %s has none: no line is to blame',
    (kind) => {
      const same = error(kind);
      expect(located(same, place)).toBe(same);
    },
  );
});
