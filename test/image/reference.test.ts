import { describe, expect, it } from 'vitest';
import { familiarReference, formatReference, parseReference } from '../../src/image/reference.js';

const sha = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('the name of an image', () => {
  it.each([
    ['app', 'docker.io/library/app:latest', 'app:latest'],
    ['debian:12', 'docker.io/library/debian:12', 'debian:12'],
    ['user/app', 'docker.io/user/app:latest', 'user/app:latest'],
    ['docker.io/app', 'docker.io/library/app:latest', 'app:latest'],
    ['docker.io/library/app:1', 'docker.io/library/app:1', 'app:1'],
    ['index.docker.io/app', 'docker.io/library/app:latest', 'app:latest'],
    ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
    ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
    ['localhost:5000/app:1.10', 'localhost:5000/app:1.10', 'localhost:5000/app:1.10'],
    ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000/a/b/c:latest', '127.0.0.1:5000/a/b/c:latest'],
    ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
    ['r.example/app', 'r.example/app:latest', 'r.example/app:latest'],
    ['Registry/app', 'Registry/app:latest', 'Registry/app:latest'],
    [`app@${sha}`, `docker.io/library/app@${sha}`, `app@${sha}`],
    [`app:1@${sha}`, `docker.io/library/app:1@${sha}`, `app:1@${sha}`],
    ['a.b_c__d---e', 'docker.io/library/a.b_c__d---e:latest', 'a.b_c__d---e:latest'],
    ['app:_A.b-9', 'docker.io/library/app:_A.b-9', 'app:_A.b-9'],
  ])('%s is %s in full and %s for people', (text, full, familiar) => {
    const reference = parseReference(text);
    expect(formatReference(reference)).toBe(full);
    expect(familiarReference(reference)).toBe(familiar);
    expect(parseReference(full)).toEqual(reference);
    expect(parseReference(familiar)).toEqual(reference);
  });

  it('is taken apart', () => {
    expect(parseReference(`r.example:5000/team/app:1@${sha}`)).toEqual({
      registry: 'r.example:5000',
      repository: 'team/app',
      tag: '1',
      digest: sha,
    });
  });

  it.each([
    ['', 'no name'],
    [':tag', 'no name'],
    ['App', 'lowercase'],
    ['user/App:1', 'lowercase'],
    ['a//b', 'path'],
    ['-a', 'path'],
    ['a..b', 'path'],
    ['a___b', 'path'],
    ['../etc', 'not a host'],
    ['a/../b', 'path'],
    ['app:', 'not a tag'],
    ['app:-x', 'not a tag'],
    [`app:${'x'.repeat(129)}`, 'not a tag'],
    ['app@sha256:abc', 'not a digest'],
    [`app@${sha.toUpperCase()}`, 'not a digest'],
    [`app@md5:${'0'.repeat(32)}`, 'not a digest'],
    ['http://r.example/app', 'not a host'],
    ['r_x.example/app', 'not a host'],
    ['r.example:65536/app', 'there is no port 65536'],
    ['r.example:0/app', 'there is no port 0'],
    ['127.0.0.1750/app', 'not a host'],
    ['1.2.3.4.5/app', 'not a host'],
    [`a/${'b'.repeat(255)}`, 'longer'],
    ['0'.repeat(64), 'ID'],
    ['a b', 'path'],
    ['a\x1b[31m', 'path'],
  ])('is not %j', (text, why) => {
    const error = (() => {
      try {
        return parseReference(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ kind: 'usage', code: 'REFERENCE_INVALID' });
    expect((error as Error).message).toContain(why);
    expect((error as Error).message).not.toContain('\x1b');
  });
});
