import { describe, expect, it } from 'vitest';
import { DOCKER_OPTIONS } from '../../../src/cli/arguments/docker-options.js';
import { OPTIONS } from '../../../src/cli/arguments/flags.js';
import { parse } from '../../../src/cli/arguments/parse.js';
import { type Flag, VERBS } from '../../../src/options/schema.js';

/** What a value may look like: none of it is an option, a number or a truth value. */
const VALUES = [
  'app',
  '-q',
  '--',
  '--tag',
  '-',
  '1.10',
  '0644',
  'true',
  'false',
  'a=b',
  'a b\nc',
  'é',
];

const refusal = (argv: readonly string[]): { message: string; hint: string } => {
  try {
    parse(argv);
  } catch (error) {
    return error as { message: string; hint: string };
  }
  throw new Error(`${argv.join(' ')} is accepted`);
};

const declared = VERBS.flatMap((verb) =>
  OPTIONS.filter(({ verbs }) => verbs.includes(verb)).map((spec): [string, string, Flag] => [
    verb,
    spec.name,
    spec,
  ]),
);
const withValue = declared.filter(([, , spec]) => spec.value !== undefined && !spec.optional);
const flags = declared.filter(([, , { value }]) => value === undefined);

describe('every option with a value', () => {
  it.each(withValue)('of %s takes the value of --%s as it is', (verb, name, { short }) => {
    for (const value of VALUES) {
      // A number is docker build's --cpu-shares, see below.
      if (name === 'change' && /^\d+$/.test(value)) continue;
      const forms = [[`--${name}`, value], [`--${name}=${value}`]];
      if (short !== undefined) forms.push([`-${short}`, value], [`-${short}=${value}`]);
      if (short !== undefined && value !== '') forms.push([`-${short}${value}`]);
      for (const form of forms) {
        const args = parse([verb, ...form, 'dir']);
        expect([args.all(name), args.operands], form.join(' ')).toEqual([[value], ['dir']]);
      }
    }
    expect(parse([verb, `--${name}=`]).value(name)).toBe('');
    expect(parse([verb, `--${name}`, '']).value(name)).toBe('');
    expect(parse([verb, `--${name}=a`, `--${name}`, 'b']).all(name)).toEqual(['a', 'b']);
    expect(parse([verb, `--${name}=a`, `--${name}`, 'b']).value(name)).toBe('b');
  });

  it.each(withValue)('of %s needs a value for --%s', (verb, name, { short }) => {
    expect(refusal([verb, `--${name}`]).message).toMatch(/needs a value/);
    if (short !== undefined) expect(refusal([verb, `-${short}`]).message).toMatch(/needs a value/);
  });
});

describe('every flag', () => {
  it.each(flags)('of %s is on or off: --%s', (verb, name, { short }) => {
    for (const on of ['', '=true', '=1', '=T'])
      expect(parse([verb, `--${name}${on}`]).has(name)).toBe(true);
    for (const off of ['=false', '=0', '=F'])
      expect(parse([verb, `--${name}`, `--${name}${off}`]).all(name)).toEqual([]);
    if (short !== undefined) expect(parse([verb, `-${short}`, 'x']).operands).toEqual(['x']);
    for (const value of ['=', '=x', '=yes'])
      expect(refusal([verb, `--${name}${value}`]).message).toMatch(/takes no value/);
    expect(parse([verb, `--${name}`, 'false']).operands).toEqual(['false']);
  });
});

describe('an option that is not declared', () => {
  it.each(declared)('%s has no negation of --%s', (verb, name, { value }) => {
    const argv = [verb, `--no-${name}`];
    if (declared.some(([, other]) => other === `no-${name}`)) return;
    const { message, hint } = refusal(argv);
    expect(message).toMatch(new RegExp(`(unknown|no) option --no-${name}`));
    expect(hint).toMatch(value === undefined ? `--${name}=false` : `leave --${name} out`);
    expect(refusal([...argv, 'x']).message).toBe(message);
  });

  it.each(['--__proto__', '--__proto__=x', '--constructor', '--_', '--_=x', '--=x', '---tag=x'])(
    '%s is unknown',
    (argument) => {
      expect(refusal([argument]).message).toMatch(/unknown option/);
      expect({}).not.toHaveProperty('x');
    },
  );

  it.each([
    '--tag.x',
    '--tag.x=1',
    '-1',
    '-1.5',
    '-=x',
    '-é',
    '--Tag',
    '--label.a=b',
    '-T',
    '-f.x=1',
  ])('%s is no other way to write one', (argument) => {
    if (argument === '-f.x=1') expect(parse([argument]).value('file')).toBe('.x=1');
    else expect(refusal([argument]).message).toMatch(/unknown option/);
  });

  it('is found behind letters that are known', () => {
    expect(refusal(['-qZ']).message).toMatch(/unknown option -Z/);
    expect(parse(['-qtapp']).all('tag')).toEqual(['app']);
    expect(parse(['-qt', 'app']).all('tag')).toEqual(['app']);
    expect(parse(['-qt=app']).has('quiet')).toBe(true);
  });
});

describe("docker build's options", () => {
  const ACCEPTED = [
    ['--rm'],
    ['--rm=true'],
    ['--rm=false'],
    ['--force-rm'],
    ['--force-rm=1'],
    ['--compress'],
    ['--provenance=false'],
    ['--provenance', 'false'],
    ['--sbom=false'],
    ['--sbom', '0'],
  ];
  it.each(ACCEPTED)('%s %s has no effect', (...argv) => {
    const args = parse(['-t', 'app', ...argv.filter((part) => part !== undefined), 'dir']);
    expect([args.all('tag'), args.operands]).toEqual([['app'], ['dir']]);
  });

  const MISSING = DOCKER_OPTIONS.filter(({ missing }) => missing !== undefined);
  it.each(MISSING)('--$name is refused by name, with a reason and another way', (option) => {
    const { name, short, value, missing = '' } = option;
    const forms = [`--${name}`, ...(value ? [`--${name}=x`] : [])];
    if (short !== undefined) forms.push(`-${short}`, `-${short}2g`);
    for (const form of forms) {
      const { message, hint } = refusal([form]);
      expect(message, form).toContain(`--${name} is an option of docker b`);
      expect(message).toContain(missing);
      expect(hint).toMatch(new RegExp(`dockerception filter .*--${name}.* -`));
      expect(hint).not.toContain('did you mean');
    }
  });

  it('belong to the docker build that reads what filter writes', () => {
    for (const { name } of DOCKER_OPTIONS)
      expect(refusal(['filter', `--${name}`])).toMatchObject({
        message: expect.stringContaining(`--${name} is an option of docker b`) as string,
        hint: expect.stringMatching(/^dockerception filter … \| docker b/) as string,
      });
    expect(refusal(['inspect', '--rm']).message).toMatch(/unknown option --rm/);
  });

  it('-c is an instruction here, and not cpu-shares', () => {
    expect(parse(['-c', 'CMD 512']).all('change')).toEqual(['CMD 512']);
    for (const argv of [['-c', '512'], ['-c512']])
      expect(refusal(argv).message).toMatch(/--cpu-shares/);
    expect(refusal(['--rm=maybe']).message).toMatch(/--rm takes no value/);
  });

  it('are none that this tool has itself', () => {
    const own = OPTIONS.filter(({ verbs }) => verbs.includes('build'));
    for (const { name, short } of DOCKER_OPTIONS)
      expect(own.filter((spec) => spec.name === name || (short && spec.short === short))).toEqual(
        [],
      );
  });
});
