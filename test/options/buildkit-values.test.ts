import { describe, expect, it } from 'vitest';
import {
  annotationAttributes,
  annotationsOf,
  parseAnnotation,
  parseUlimit,
  ulimitsOf,
} from '../../src/options/buildkit-values.js';

const arm64 = { os: 'linux', architecture: 'arm64' };

describe('annotations', () => {
  it.each([
    ['a=b', { 'annotation-manifest.a': 'b' }],
    ['a=', { 'annotation-manifest.a': '' }],
    ['a=b=c\nd', { 'annotation-manifest.a': 'b=c\nd' }],
    ['index:a.b/c=d:e', { 'annotation-index.a.b/c': 'd:e' }],
    ['index[linux/arm64]:a=b', { 'annotation-index.a': 'b' }],
    ['manifest[linux/arm64/v8]:a=b', { 'annotation-manifest[linux/arm64].a': 'b' }],
    [
      'index-descriptor,manifest-descriptor[linux/amd64]:a=b',
      {
        'annotation-index-descriptor.a': 'b',
        'annotation-manifest-descriptor[linux/amd64].a': 'b',
      },
    ],
  ])('%j are the attributes that buildx sends', (text, attributes) => {
    expect(annotationAttributes([text])).toEqual(attributes);
  });

  it('of a platform take precedence, and are sorted', () => {
    const given = ['manifest[linux/arm64]:b=own', 'b=all', 'a=all', 'index:c=none'];
    const annotations = given.flatMap(parseAnnotation);
    const of = annotationsOf(annotations, 'manifest', arm64);
    expect(JSON.stringify(of)).toBe('{"a":"all","b":"own"}');
    const other = annotationsOf(annotations, 'manifest', { ...arm64, architecture: 'amd64' });
    expect(other).toEqual({ a: 'all', b: 'all' });
    expect(annotationsOf(annotations, 'index')).toEqual({ c: 'none' });
    expect(annotationsOf(annotations, 'manifest-descriptor', arm64)).toBeUndefined();
  });
});

describe('limits', () => {
  it.each([
    ['nofile=1024', 1024, 1024],
    ['nofile=1024:2048', 1024, 2048],
    ['nofile=1024:-1', 1024, -1],
    ['nofile=-1', -1, -1],
  ])('%s', (text, soft, hard) => {
    expect(parseUlimit(text)).toEqual({ name: 'nofile', soft, hard });
  });

  it('of one name are the last', () => {
    const limits = ulimitsOf(['nofile=1', 'nproc=2', 'nofile=3:4']);
    expect(limits).toEqual([
      { name: 'nofile', soft: 3, hard: 4 },
      { name: 'nproc', soft: 2, hard: 2 },
    ]);
  });
});
