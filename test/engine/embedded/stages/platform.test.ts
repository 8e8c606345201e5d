import { describe, expect, it } from 'vitest';
import { imagePlatform, otherPlatform } from '../../../../src/engine/embedded/stages/platform.js';
import type { ImageConfig } from '../../../../src/image/config.js';

const amd64 = { os: 'linux', architecture: 'amd64' };
const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
const base = (platform: Partial<ImageConfig>): ImageConfig => ({
  os: 'linux',
  architecture: 'amd64',
  rootfs: { type: 'layers', diff_ids: [] },
  ...platform,
});

describe('the platform of an image', () => {
  it("is its base's", () => {
    expect(imagePlatform(base(arm), amd64, false)).toEqual(arm);
    expect(imagePlatform(base({ 'os.version': '10' }), arm, false)).toEqual({
      ...amd64,
      'os.version': '10',
    });
  });

  it('is the one that was asked for', () => {
    expect(imagePlatform(base(arm), amd64, true)).toEqual(amd64);
    expect(imagePlatform(base({}), arm, true)).toEqual(arm);
  });

  it('is the wanted one without a base', () => {
    expect(imagePlatform(undefined, arm, false)).toEqual(arm);
  });
});

describe('a base for something else', () => {
  it('is told of', () => {
    expect(otherPlatform('b', base({}), arm)).toBe(
      'the base b is for linux/amd64, not for linux/arm/v7',
    );
  });

  it('is fine when only its variant differs', () => {
    expect(otherPlatform('b', base({ ...arm, variant: 'v6' }), arm)).toBeUndefined();
    expect(otherPlatform('b', base({ architecture: 'x86_64' }), amd64)).toBeUndefined();
  });
});
