/** Any words of a Dockerfile: quotes, escapes and substitutions, one inside the other. */
import fc from 'fast-check';

const NAMES = ['A', 'B', 'E', 'x1', 'NOPE'];

const plain = fc.constantFrom(
  ...[
    'a',
    'foo.tar.gz',
    '/',
    '.',
    ' ',
    'é',
    ':',
    '=',
    '*',
    '?',
    '#',
    '%',
    '-',
    '+',
    '<<',
    '$',
    '\t',
  ],
  ...['\\a', '\\$', '\\"', "\\'", '\\\\', '`', '``', '`$', '`"', "''", '""', '\u00a0', '\uFEFF'],
);

const { word } = fc.letrec<{ word: string; part: string; substitution: string }>((tie) => ({
  word: fc.array(tie('part'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
  part: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    plain,
    plain.map((text) => `'${text.replaceAll("'", '')}'`),
    tie('substitution'),
    tie('word').map((text) => `"${text.replaceAll('"', '')}"`),
  ),
  substitution: fc
    .tuple(
      fc.constantFrom(...NAMES),
      fc.constantFrom('', '', ':-', ':+', '-', '+', '#', '##', '%', '%%', '/', '//'),
      tie('word'),
      tie('word'),
    )
    .map(([name, sign, first, second]) =>
      sign === ''
        ? `$${name}`
        : `\${${name}${sign}${first}${sign.startsWith('/') ? `/${second}` : ''}}`,
    ),
}));

const instruction = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('ENV', 'LABEL', 'ARG'), word).map(pair) },
  fc
    .tuple(fc.constantFrom('ENV A', 'LABEL l', 'USER', 'WORKDIR', 'CMD', 'VOLUME'), word)
    .map(words),
);

/** Dockerfiles without a context, with either escape. */
export const randomDockerfile: fc.Arbitrary<string> = fc
  .record({
    escape: fc.constantFrom('', '# escape=`\n'),
    above: fc.array(
      word.map((value) => `ARG B=${value}`),
      { maxLength: 1 },
    ),
    lines: fc.array(instruction, { minLength: 1, maxLength: 4 }),
  })
  .map(({ escape, above, lines }) =>
    [...above, 'FROM scratch', 'ARG A=foo.tar.gz', 'ARG B', 'ENV E=', ...lines, '']
      .join('\n')
      .replace(/^/, escape),
  );

function pair([keyword, value]: readonly [string, string]): string {
  return `${keyword} x1=${value} y="${value.replaceAll('"', '')}"`;
}

function words([start, value]: readonly [string, string]): string {
  return `${start} ${value}`;
}
