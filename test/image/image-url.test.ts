import { expect, it } from 'vitest';
import { hostPath, parseImageUrl } from '../../src/image/image-url.js';

it.each([
  ['folder', 'folder'],
  ['oci-layout://folder', 'folder'],
  ['oci-layout://folder:tag@sha256:00', 'folder'],
  ['oci-archive:///tmp/a.tar:app:1', '/tmp/a.tar'],
  ['docker-image://app:1', undefined],
])('the path of %s on the host is %s', (text, path) => {
  expect(hostPath(text)).toBe(path);
});

it.each(['docker-image', 'docker-image://', 'dir://x', 'https://r.example/x', 'a/oci-layout://x'])(
  '%s is no image with a scheme',
  (text) => {
    expect(parseImageUrl(text)).toBeUndefined();
  },
);
