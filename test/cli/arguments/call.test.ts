import { describe, expect, it } from 'vitest';
import { callOf } from '../../../src/cli/arguments/call.js';
import { parse } from '../../../src/cli/arguments/parse.js';

const call = (...argv: readonly string[]) => callOf(parse(argv));
const CHECK = { method: 'check', isJson: false, ignoresStatus: false };

describe('--call', () => {
  it.each([
    [['--check']],
    [['--call=check']],
    [['--call', 'lint']],
    [['--call=check,format=text,ignorestatus=0']],
    [['--check', '--call=lint']],
  ])('%j is a check', (argv) => {
    expect(call(...argv)).toEqual(CHECK);
  });

  it.each([[[]], [['--call=build']], [['--check=false']], [['--check', '--check=false']]])(
    '%j is a build',
    (argv) => {
      expect(call(...argv)).toBeUndefined();
    },
  );

  it('has a format, and may ignore the status', () => {
    expect(call('--call=outline,format=json')).toMatchObject({ method: 'outline', isJson: true });
    expect(call('--call=format=json,targets')).toMatchObject({ method: 'targets', isJson: true });
    expect(call('--call=check,ignorestatus=true')).toEqual({ ...CHECK, ignoresStatus: true });
  });

  it.each([
    '--call=',
    '--call=lints',
    '--call=check,outline',
    '--call=check,format=yaml',
    '--call=check,ignorestatus=maybe',
    '--call=check,colour=red',
    '--call=build,format=xml',
  ])('%s is refused', (argument) => {
    expect(() => call(argument)).toThrow(
      `--call takes build, check, outline, targets, with format=json, not '${argument.slice(7)}'`,
    );
  });

  it('--check excludes another method', () => {
    expect(() => call('--check', '--call=outline')).toThrow('exclude each other');
    expect(() => call('--check', '--call=build')).toThrow('exclude each other');
  });
});
