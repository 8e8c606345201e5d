import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configFolder } from '../../../src/image/credentials/docker-config.js';

// As for a user that is not in /etc/passwd.
beforeEach(() => {
  vi.spyOn(os, 'homedir').mockImplementation(() => {
    throw new Error('uv_os_homedir returned ENOENT');
  });
  syncBuiltinESMExports();
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe('the folder of the configuration', () => {
  it('is in / for a user that the system does not know', () => {
    expect(configFolder({})).toBe('/.docker');
    expect(configFolder({ HOME: '/home/me' })).toBe('/home/me/.docker');
    expect(configFolder({ DOCKER_CONFIG: '/config' })).toBe('/config');
  });
});
