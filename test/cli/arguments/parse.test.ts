import { describe, expect, test } from 'vitest';
import { OPTIONS } from '../../../src/cli/arguments/flags.js';
import { parse } from '../../../src/cli/arguments/parse.js';

describe('the command line', () => {
  test('builds unless another verb is named first', () => {
    expect(parse([]).verb).toBe('build');
    expect(parse(['build', '-']).verb).toBe('build');
    expect(parse(['filter', 'dir'])).toMatchObject({ verb: 'filter', operands: ['dir'] });
    expect(parse(['./filter'])).toMatchObject({ verb: 'build', operands: ['./filter'] });
  });

  test('takes a value in every way that there is', () => {
    for (const argv of [['-f', 'x'], ['-fx'], ['-f=x'], ['--file', 'x'], ['--file=x']]) {
      expect(parse(['filter', ...argv]).value('file'), argv.join(' ')).toBe('x');
    }
  });

  test('takes values as text, whatever they look like', () => {
    expect(parse(['-t', '1.10']).all('tag')).toEqual(['1.10']);
    expect(parse(['--mode', '0644']).value('mode')).toBe('0644');
    expect(parse(['--mode', '-w']).value('mode')).toBe('-w');
    expect(parse(['-c', 'CMD ["a=b", "--c"]']).all('change')).toEqual(['CMD ["a=b", "--c"]']);
    expect(parse(['--prefix', '']).value('prefix')).toBe('');
    expect(parse(['--build-arg', 'A=B=C', '--build-arg', 'D']).all('build-arg')).toEqual([
      'A=B=C',
      'D',
    ]);
  });

  test('takes - and what follows -- as operands', () => {
    expect(parse(['filter', '-']).operands).toEqual(['-']);
    expect(parse(['filter', '--', '-odd']).operands).toEqual(['-odd']);
    expect(parse(['filter', '1.0']).operands).toEqual(['1.0']);
  });

  test('takes the last of what may be given once, and all of what may be repeated', () => {
    expect(parse(['-f', 'a', '-f', 'b']).value('file')).toBe('b');
    expect(parse(['--exclude', 'a', '--exclude=b']).all('exclude')).toEqual(['a', 'b']);
    expect(parse([]).all('exclude')).toEqual([]);
    expect(parse([]).value('file')).toBeUndefined();
  });

  test('takes flags, several in one, and said to be false', () => {
    const args = parse(['-qt', 'x', '--no-cache', '--pull=false']);
    expect([args.has('quiet'), args.has('no-cache'), args.has('pull')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(args.all('tag')).toEqual(['x']);
  });

  test.each([
    [['--nope'], /unknown option --nope/, /--help/],
    [['-Z'], /unknown option -Z/, /--help/],
    [['--exlude', 'x'], /unknown option --exlude/, /did you mean --exclude\?/],
    [['--strip=1'], /unknown option --strip/, /did you mean --strip-components\?/],
    [['filter', '--tag', 'x'], /'filter' has no option --tag/, /dockerception build/],
    [['--file'], /--file needs a value/, /--help/],
    [['-f'], /--file needs a value/, /--help/],
    [['--keep-owner=maybe'], /--keep-owner takes no value/, /--help/],
  ])('refuses %j', (argv, message, hint) => {
    expect(() => parse(argv)).toThrowError(
      expect.objectContaining({
        kind: 'usage',
        message: expect.stringMatching(message) as string,
        hint: expect.stringMatching(hint) as string,
      }) as Error,
    );
  });

  test('has one option for each name and letter of a verb', () => {
    for (const verb of ['build', 'filter'] as const) {
      const specs = OPTIONS.filter((spec) => spec.verbs.includes(verb));
      const names = specs.flatMap(({ name, short }) =>
        short === undefined ? [name] : [name, short],
      );
      expect(new Set(names).size).toBe(names.length);
    }
  });
});
