/** Dockerfiles of several stages with variables, secrets, commands and sources that a .dockerignore excludes. */
import fc from 'fast-check';

const NAMES = ['A', 'AB', 'ABC', 'x', 'KEY', 'API_TOKEN', 'PUBLIC_KEY', 'PATH', 'PAHT', 'TARGETOS'];
const name = fc.constantFrom(...NAMES);

const word = fc.oneof(
  fc.constantFrom('a', '"b c"', "'$NO'", '\\$NO'),
  name.map((each) => `$${each}`),
  fc
    .tuple(name, fc.constantFrom('', ':-', '+', '#', '%%'), name)
    .map(([one, sign, other]) => `\${${one}${sign}${sign === '' ? '' : `$${other}`}}`),
);

const source = fc.constantFrom('a.txt', 'dist', 'dist/app', '*.txt', 'dist/a*', 'none');

const instruction = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(name, word).map(([key, value]) => `ENV ${key}=${value}`) },
  fc.tuple(name, word, name, word).map(([a, b, c, d]) => `ENV ${a}=${b} \\\n  ${c}=${d}`),
  fc.tuple(name, word).map(([key, value]) => `ARG ${key}=${value}`),
  fc.tuple(name, name).map((keys) => `ARG ${keys.join(' ')}`),
  word.map((value) => `LABEL l=${value}`),
  word.map((value) => `WORKDIR /w${value}`),
  fc.tuple(source, word).map(([from, to]) => `COPY ${from} /x${to}/`),
  fc.tuple(source, source).map((from) => `ADD ${from.join(' ')} /`),
  word.map((value) => `COPY <<F /f${value}\n${value.replaceAll(/["']/g, '')}\nF`),
  fc.constantFrom('CMD a', 'cmd ["a"]', 'ENTRYPOINT $A', 'Entrypoint ["a"]', 'SHELL ["/sh", "-c"]'),
  fc.tuple(name, word).map(([key, value]) => `ONBUILD ENV ${key}=${value}`),
  fc.constantFrom('ONBUILD CMD a', 'ONBUILD ARG API_TOKEN', 'EXPOSE $A', 'HEALTHCHECK CMD $A'),
);

const stage = fc.record({
  base: fc.nat(3),
  lines: fc.array(instruction, { minLength: 1, maxLength: 6 }),
});

export const randomStages = fc
  .record({
    globals: fc.array(
      fc.tuple(name, word).map(([key, value]) => `ARG ${key}=${value}`),
      { maxLength: 2 },
    ),
    stages: fc.array(stage, { minLength: 1, maxLength: 4 }),
    ignore: fc.constantFrom(undefined, '*', 'a.txt', '*.txt', 'dist', '**/a*', 'other'),
  })
  .map(({ globals, stages, ignore }) => ({
    dockerfile: [
      ...globals,
      // A stage from one above, or from scratch.
      ...stages.flatMap(({ base, lines }, index) => [
        `FROM ${base < index ? `s${base}` : 'scratch'} AS s${index}`,
        ...lines,
      ]),
      '',
    ].join('\n'),
    target: `s${stages.length - 1}`,
    ...(ignore !== undefined && { ignore }),
  }));
