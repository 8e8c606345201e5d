import { describe, expect, test } from 'vitest';
import { parseDockerfile } from '../../../../src/dockerfile/parse.js';
import { suggestStage } from '../../../../src/engine/embedded/stages/stages.js';
import { DockerceptionError } from '../../../../src/errors.js';

const dockerfile = parseDockerfile('FROM scratch AS build\nFROM scratch\n', 'Dockerfile');
const gone = new DockerceptionError('engine', 'REGISTRY_UNREACHABLE', 'pulling x: no such host', {
  hint: 'docker login',
});

describe('an image that is not found', () => {
  test.each(['biuld', 'Biuld', 'builds'])('may be meant for a stage: %s', (name) => {
    expect(suggestStage(gone, name, dockerfile)).toMatchObject({
      kind: 'engine',
      code: 'REGISTRY_UNREACHABLE',
      message: 'pulling x: no such host',
      hint: `there is no stage ${name}; the nearest is build`,
    });
  });

  test.each(['debian', 'build', 'example.org/build:1'])('is an image: %s', (name) => {
    expect(suggestStage(gone, name, dockerfile)).toBe(gone);
  });

  test('leaves errors of others alone', () => {
    const error = new TypeError('x');
    expect(suggestStage(error, 'biuld', dockerfile)).toBe(error);
  });
});
