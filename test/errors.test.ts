import { describe, expect, it } from 'vitest';
import { DockerceptionError, readReason } from '../src/errors.js';

const cause = new Error('disk on fire');
const error = new DockerceptionError('output', 'OUTPUT_FAILED', 'writing x: no', {
  hint: 'write it elsewhere',
  excerpt: '1 | FROM scratch',
  cause,
});

describe('an error', () => {
  it('keeps everything but the message within a context', () => {
    const within = error.within('building app');
    expect(within).toBeInstanceOf(DockerceptionError);
    expect(within.message).toBe('building app: writing x: no');
    expect({ ...within }).toEqual({ ...error });
    expect(within.cause).toBe(cause);
  });

  it('changes only what is given', () => {
    const changed = error.with({ kind: 'build', hint: undefined });
    expect(changed.message).toBe(error.message);
    expect({ ...changed }).toEqual({ ...error, kind: 'build', hint: undefined });
    expect(changed.cause).toBe(cause);
    expect(error.with({ code: 'OUTPUT_FULL', cause: undefined })).toMatchObject({
      code: 'OUTPUT_FULL',
    });
  });
});

describe('the reason why a file can’t be read', () => {
  it.each([
    ['ENOENT', 'there is no such file'],
    ['ENOTDIR', 'there is no such file'],
    ['EISDIR', 'it is a directory'],
    ['EACCES', 'permission denied'],
    ['EIO', 'the disk is broken'],
  ])('of %s is %s', (code, reason) => {
    const error = Object.assign(new Error('the disk is broken'), { code });
    expect(readReason(error)).toBe(reason);
  });
});
