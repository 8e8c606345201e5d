import { describe, expect, it } from 'vitest';
import { Tail } from '../../src/builder/failure.js';

function tail(...texts: string[]): readonly string[] {
  const lines = new Tail();
  texts.forEach((text) => lines.add(text));
  return lines.lines();
}

describe('the last lines of a builder', () => {
  it.each([
    ['nothing', [], []],
    ['blank lines alone', ['\n \n\t\r\n'], []],
    ['one line without an end', ['gcc: not found'], ['gcc: not found']],
    ['fewer than three', ['a\nb\n'], ['a', 'b']],
    ['more than three', ['a\nb\nc\nd\ne\n'], ['c', 'd', 'e']],
    ['blank ones between', ['a\n\n\nb\n\nc\n\n'], ['a', 'b', 'c']],
    ['CRLF', ['a\r\nb\r\n'], ['a', 'b']],
    ['progress that is written over', ['10%\r50%\r100%\ndone\n'], ['50%', '100%', 'done']],
    ['a character at a time', [...'one\ntwo'], ['one', 'two']],
  ])('of %s', (_what, texts, wanted) => {
    expect(tail(...texts)).toEqual(wanted);
  });

  it('are bounded in memory and in the message', () => {
    const lines = new Tail();
    for (let count = 0; count < 10_000; count++) lines.add('x'.repeat(1000));
    lines.add(`\n${'y'.repeat(10_000)}`);
    expect(lines.lines().join('').length).toBeLessThanOrEqual(900);
    expect(lines.lines().every(({ length }) => length <= 300)).toBe(true);
  });
});
