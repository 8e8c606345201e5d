import { describe, expect, it } from 'vitest';
import { readLdSoCache } from '../../src/elf/loader-configuration.js';
import { ldSoCache } from './ld-so-cache-writer.js';

const LIBRARIES: [string, string][] = [
  ['libx.so.1', '/opt/lib/libx.so.1'],
  ['libc.so.6', '/lib/x86_64-linux-gnu/libc.so.6'],
  ['libx.so.1', '/usr/local/lib/libx.so.1'],
];
const EXPECTED = new Map([
  ['libx.so.1', ['/opt/lib/libx.so.1', '/usr/local/lib/libx.so.1']],
  ['libc.so.6', ['/lib/x86_64-linux-gnu/libc.so.6']],
]);

describe('the cache of ldconfig', () => {
  it('maps names to paths, in either byte order', () => {
    expect(readLdSoCache(ldSoCache(LIBRARIES))).toEqual(EXPECTED);
    expect(readLdSoCache(ldSoCache(LIBRARIES, true))).toEqual(EXPECTED);
  });

  it('is found after the old format, as glibc wrote it before 2.32', () => {
    const old = Buffer.from('ld.so-1.7.0\0\0\0\0\0');
    expect(readLdSoCache(Buffer.concat([old, ldSoCache(LIBRARIES)]))).toEqual(EXPECTED);
  });

  it('is rejected, or has fewer entries, if it is cut short anywhere', () => {
    const whole = ldSoCache(LIBRARIES);
    for (let size = 0; size < whole.length; size++) {
      const found = readLdSoCache(whole.subarray(0, size));
      for (const [name, paths] of found ?? [])
        for (const path of paths) expect(EXPECTED.get(name)).toContain(path);
    }
    expect(readLdSoCache(Buffer.from('text'))).toBeUndefined();
  });
});
