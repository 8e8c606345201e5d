import { describe, expect, it } from 'vitest';
import type { Descriptor, Platform } from '../../src/image/descriptor.js';
import {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  parsePlatform,
} from '../../src/image/platform.js';

const host = hostPlatform().architecture;

describe('a platform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['Linux/X86-64', 'linux/amd64'],
    ['linux/amd64/v1', 'linux/amd64'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/v9', 'linux/arm64/v9'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armhf', 'linux/arm/v7'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/i386', 'linux/386'],
    ['arm64', 'linux/arm64'],
    ['windows', `windows/${host}`],
    ['linux', `linux/${host}`],
    ['local', `linux/${host}`],
    ['macos/arm64', 'darwin/arm64'],
    ['linux/s390x', 'linux/s390x'],
    ['wasi/wasm', 'wasi/wasm'],
  ])('written %s is %s', (text, normal) => {
    expect(formatPlatform(parsePlatform(text))).toBe(normal);
    expect(parsePlatform(normal)).toEqual(parsePlatform(text));
  });

  it.each([
    ...['', '/', 'linux/', 'linux//v7', 'a/b/c/d', 'nonsense', 'linux/am d64', 'linux/a\x1b'],
    ...['linux/amd46', 'lunix/amd64', 'linux/v7'],
  ])('is not written %j', (text) => {
    expect(() => parsePlatform(text)).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'PLATFORM_INVALID' }),
    );
  });

  it('of the host is Linux, with Go’s name of the architecture', () => {
    expect(hostPlatform().os).toBe('linux');
    expect(['x64', 'ia32']).not.toContain(host);
  });
});

describe('the manifest that is chosen of an index', () => {
  const entry = (name: string | Platform | undefined, digest: string): Descriptor => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest,
    size: 1,
    ...(name === undefined ? {} : { platform: typeof name === 'string' ? raw(name) : name }),
  });
  const raw = (name: string): Platform => {
    const [os = '', architecture = '', variant] = name.split('/');
    return { os, architecture, ...(variant === undefined ? {} : { variant }) };
  };
  const choose = (names: readonly string[], wanted: string): string | undefined =>
    choosePlatform(
      names.map((name) => entry(name, name)),
      parsePlatform(wanted),
    )?.digest;

  it.each([
    [['linux/386', 'linux/amd64'], 'linux/amd64', 'linux/amd64'],
    [['linux/386'], 'linux/amd64', 'linux/386'],
    [['linux/amd64'], 'linux/386', undefined],
    [['linux/amd64', 'linux/amd64/v2'], 'linux/amd64/v3', 'linux/amd64/v2'],
    [['linux/amd64/v2'], 'linux/amd64', undefined],
    [['linux/arm/v5', 'linux/arm/v6'], 'linux/arm', 'linux/arm/v6'],
    [['linux/arm'], 'linux/arm/v7', 'linux/arm'],
    [['linux/arm/v7'], 'linux/arm/v6', undefined],
    [['linux/arm64/v8'], 'linux/arm64', 'linux/arm64/v8'],
    [['linux/arm/v7', 'linux/arm64/v8'], 'linux/arm64', 'linux/arm64/v8'],
    [['linux/arm/v6', 'linux/arm/v7'], 'linux/arm64', 'linux/arm/v7'],
    [['linux/arm64', 'linux/arm64/v8.2'], 'linux/arm64/v9', 'linux/arm64/v8.2'],
    [['windows/amd64', 'linux/amd64'], 'linux/amd64', 'linux/amd64'],
    [['linux/s390x'], 'linux/ppc64le', undefined],
  ])('of %j for %s is %s', (names, wanted, expected) => {
    expect(choose(names, wanted)).toBe(expected);
    expect(choose([...names].reverse(), wanted)).toBe(expected);
  });

  it('is the first of equals', () => {
    const both = [entry('linux/amd64', 'one'), entry('linux/amd64', 'two')];
    expect(choosePlatform(both, parsePlatform('linux/amd64'))?.digest).toBe('one');
  });

  it('is never an attestation', () => {
    const annotated = {
      ...entry('linux/amd64', 'attestation'),
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    };
    const unknown = entry('unknown/unknown', 'unknown');
    expect(choosePlatform([annotated, unknown], parsePlatform('linux/amd64'))).toBeUndefined();
    expect(choosePlatform([annotated, unknown], { os: 'unknown', architecture: 'unknown' })).toBe(
      undefined,
    );
  });

  it('is one without a platform when no other fits', () => {
    const candidates = [entry(undefined, 'bare'), entry('linux/arm64', 'arm')];
    expect(choosePlatform(candidates, parsePlatform('linux/amd64'))?.digest).toBe('bare');
    expect(choosePlatform(candidates, parsePlatform('linux/arm64'))?.digest).toBe('arm');
  });
});
