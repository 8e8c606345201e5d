import { describe, expect, it } from 'vitest';
import { credentialKey, hostOfKey } from '../../../src/image/credentials/docker-config.js';
import { registryOf } from '../../../src/image/reference.js';

describe('the registry of an image', () => {
  it.each([
    ['app', 'docker.io'],
    ['app:1.10', 'docker.io'],
    ['team/app', 'docker.io'],
    ['docker.io/team/app', 'docker.io'],
    ['index.docker.io/team/app', 'docker.io'],
    ['localhost/app', 'localhost'],
    ['localhost:5000/app:x', 'localhost:5000'],
    ['r.example/a/b@sha256:0', 'r.example'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000'],
    ['[::1]:5000/app', '[::1]:5000'],
  ])('of %s is %s', (reference, registry) => {
    expect(registryOf(reference)).toBe(registry);
  });

  it('has the key that docker login writes', () => {
    expect(credentialKey('docker.io')).toBe('https://index.docker.io/v1/');
    expect(credentialKey('r.example:5000')).toBe('r.example:5000');
    expect(hostOfKey('https://r.example:5000/v2/')).toBe('r.example:5000');
    expect(hostOfKey('r.example/path')).toBe('r.example');
  });
});
