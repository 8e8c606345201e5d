import { describe, expect, test } from 'vitest';
import { joinName, writeName } from '../../src/tar/header-fields.js';
import { walk } from '../support/walk.js';
import { header, long, type Magic, member, pax, tar } from '../support/write-tar.js';

const n = (length: number): string => 'n'.repeat(length);

describe('a name in a header', () => {
  test.each([
    ['ustar', 'name', 'pre', 'pre/name'],
    ['ustar', n(100), 'p'.repeat(155), `${'p'.repeat(155)}/${n(100)}`],
    ['ustar', 'name', '', 'name'],
    ['gnu', 'name', 'pre', 'name'],
    ['v7', 'name', 'pre', 'name'],
  ] as const)(
    'in %s is joined with a prefix where there is one: %s',
    (magic, name, prefix, whole) => {
      const block = header({ name, magic });
      block.write(prefix, 345, 'latin1');
      expect(joinName(block, 0).toString()).toBe(whole);
    },
  );

  test.each([
    ['ustar', n(100), true],
    ['ustar', n(101), false],
    ['ustar', `${n(155)}/${n(100)}`, true],
    ['ustar', `${n(156)}/${n(99)}`, false],
    ['ustar', `${n(20)}/${n(101)}`, false],
    ['ustar', `${n(90)}/${n(90)}/${n(70)}`, false],
    ['ustar', `${n(90)}/${n(60)}/${n(70)}`, true],
    ['ustar', `a/${n(99)}/`, true],
    ['ustar', `/${n(100)}`, false],
    ['ustar', `${n(100)}/`, false],
    ['gnu', n(100), true],
    ['gnu', `${n(50)}/${n(60)}`, false],
    ['v7', `${n(50)}/${n(60)}`, false],
  ] as const)('in %s is written, and told when it was cut: %s', (magic: Magic, name, fits) => {
    const block = header({ name: 'before', magic, ...(magic === 'ustar' && { prefix: 'old' }) });
    expect(writeName(block, 0, Buffer.from(name))).toBe(fits);
    const read = joinName(block, 0).toString();
    if (fits) expect(read).toBe(name);
    else expect(name.startsWith(read)).toBe(true);
  });

  test('leaves what other formats keep where ustar has its prefix', () => {
    const block = header({ name: 'x', magic: 'gnu', patch: (bytes) => bytes.fill(0x37, 345, 500) });
    writeName(block, 0, Buffer.from('other'));
    expect(block.subarray(345, 500).every((byte) => byte === 0x37)).toBe(true);
  });

  test('of a link is changed in both of its long forms', () => {
    const [old, longer] = [n(200), 'm'.repeat(300)];
    const link = member({ name: 'l', typeflag: '1', linkname: 'old', magic: 'gnu' });
    const bytes = tar(long('K', old), pax([['linkpath', old]]), link);
    const { output } = walk(bytes, (one) => void (one.linkpath = longer));
    expect(output.includes(`linkpath=${longer}\n`)).toBe(true);
    expect(output.includes(`\0${longer}\0`)).toBe(true);
    expect(output.includes(old)).toBe(false);
  });
});
