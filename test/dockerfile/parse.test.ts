import { describe, expect, test } from 'vitest';
import type { Instruction } from '../../src/dockerfile/instructions/instruction.js';
import { parseDockerfile, parseTrigger } from '../../src/dockerfile/parse.js';
import { DockerceptionError } from '../../src/errors.js';

/** What is behind FROM. */
function instructions(text: string): readonly Instruction[] {
  return parseDockerfile(`FROM scratch\n${text}`, 'Dockerfile').stages[0]?.instructions ?? [];
}

/** The one instruction behind FROM. */
function instruction(text: string): Instruction {
  const [only, ...more] = instructions(text);
  expect(more).toEqual([]);
  return only as Instruction;
}

function refused(text: string | Buffer, name = 'Dockerfile'): DockerceptionError {
  try {
    parseDockerfile(text, name);
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    expect((error as DockerceptionError).kind).toBe('build');
    return error as DockerceptionError;
  }
  return expect.unreachable();
}

test('stages, their names, platforms and lines are read', () => {
  const text = [
    '# syntax=docker/dockerfile:1',
    'ARG BASE=scratch',
    'from --platform=$BUILDPLATFORM $BASE As Build-1',
    'ENV a=b',
    '',
    'FROM build-1',
    'COPY --from=0 a b',
  ].join('\n');
  const { metaArgs, stages, escape } = parseDockerfile(Buffer.from(text), 'Dockerfile');
  expect(escape).toBe('\\');
  expect(metaArgs).toMatchObject([{ line: 2, args: [{ key: 'BASE', value: 'scratch' }] }]);
  expect(stages).toMatchObject([
    { index: 0, name: 'build-1', base: '$BASE', platform: '$BUILDPLATFORM', line: 3 },
    { index: 1, name: undefined, base: 'build-1', platform: undefined, line: 6 },
  ]);
  expect(stages[0]?.instructions).toMatchObject([{ kind: 'env', line: 4, endLine: 4 }]);
  expect(stages[1]?.instructions).toMatchObject([{ kind: 'copy', line: 7, from: '0' }]);
});

describe('lines are joined:', () => {
  test.each([
    ['ENV a=b \\\n  c=d', 'ENV a=b   c=d', 3],
    ['ENV a=b \\  \t\n# comment\n\n  # another\n c=d', 'ENV a=b  c=d', 6],
    ['ENV a=b\\\\\nENV c=d', 'ENV a=b\\\\', 2],
    ['ENV a=b \\\r\n c=d\r\n', 'ENV a=b  c=d', 3],
    ['ENV a=b \\', 'ENV a=b', 2],
    ['\\\nENV a=b', 'ENV a=b', 3],
  ])('%j', (text, original, endLine) => {
    const [first] = instructions(text);
    expect(first).toMatchObject({ line: 2, endLine, original });
  });
});

describe('parser directives:', () => {
  test.each([
    ['# escape=`\nFROM scratch', '`'],
    ['\ufeff# ESCAPE = `\r\nFROM scratch', '`'],
    ['#check=skip=all\n#escape=`\nFROM scratch', '`'],
    ['# any comment\n# escape=`\nFROM scratch', '\\'],
    ['\n# escape=`\nFROM scratch', '\\'],
    ['# unknown=x\n# escape=`\nFROM scratch', '\\'],
    ['#!/bin/x\n# escape=`\nFROM scratch', '\\'],
  ])('%j', (text, escape) => {
    expect(parseDockerfile(text, 'Dockerfile').escape).toBe(escape);
  });

  test('one that stands twice, or makes no sense, is refused', () => {
    expect(refused('# escape=`\n#escape=`\nFROM a').message).toBe(
      'reading Dockerfile:2: only one escape parser directive can be used',
    );
    expect(refused('# escape=x\nFROM a').message).toContain("invalid escape token 'x'");
  });
});

describe('heredocs:', () => {
  test('several of one instruction are read in their order', () => {
    const text = 'COPY <<A x <<-"B" /d/\n1 $x\nA\n\t2\n\t\tB\nENV a=b';
    const [copy, env] = instructions(text);
    expect(copy).toMatchObject({
      line: 2,
      endLine: 6,
      sources: ['x'],
      contents: [
        { name: 'A', content: Buffer.from('1 $x\n'), expand: true },
        { name: 'B', content: Buffer.from('2\n'), expand: false },
      ],
      dest: '/d/',
    });
    expect(env).toMatchObject({ kind: 'env', line: 7 });
  });

  test('their content is left as it is, line ends and continuations too', () => {
    const text = 'COPY <<A /x\r\n# no comment \\\r\n\r\nFROM x\n A\nA\n';
    expect(instruction(text)).toMatchObject({
      contents: [{ content: Buffer.from('# no comment \\\r\n\r\nFROM x\n A\n') }],
    });
  });

  test('their content need not be UTF-8, and only tabs behind a line feed go', () => {
    const text = Buffer.from(
      "FROM a\nCOPY <<-'A' /x\n\t\tcaf\xe9\r\t\xff\n\t\u0085\t\n\tA\n",
      'latin1',
    );
    expect(parseDockerfile(text, 'Dockerfile').stages[0]?.instructions[0]).toMatchObject({
      contents: [{ content: Buffer.from('caf\xe9\r\t\xff\n\u0085\t\n', 'latin1') }],
    });
  });

  test('a quoted word, a JSON list and an ENV open none', () => {
    expect(instructions('RUN echo "<<A" \'<<B\'\nENV a=<<C\nRUN ["<<D"]')).toHaveLength(3);
  });

  test('that of a RUN is passed by', () => {
    expect(instructions('RUN <<A cat 3<<B << C\nFROM\nA\nCOPPY\nB\nx\nC\nENV a=b')).toMatchObject([
      { kind: 'run' },
      { kind: 'env', line: 9 },
    ]);
  });

  test('that of a trigger stays with it', () => {
    expect(instruction('ONBUILD COPY <<-A /x\n\t$x\n\tA')).toMatchObject({
      trigger: 'COPY <<-A /x\n\t$x\nA',
    });
    expect(parseTrigger('COPY <<-A /x\n\t$x\nA', 'Dockerfile', 7)).toMatchObject({
      kind: 'copy',
      line: 7,
      endLine: 7,
      contents: [{ name: 'A', content: Buffer.from('$x\n') }],
    });
  });

  test('one without an end is refused', () => {
    expect(refused('FROM a\nCOPY <<A /x\nx').message).toBe(
      'reading Dockerfile:2: unterminated heredoc',
    );
  });
});

describe('instructions:', () => {
  test.each([
    [
      'ENV a=b "c d"=\'e\' f=',
      {
        pairs: [
          ['a', 'b'],
          ['"c d"', "'e'"],
          ['f', ''],
        ],
      },
    ],
    ['ENV a  b c ', { pairs: [['a', 'b c']] }],
    ['LABEL "a=b"=c', { pairs: [['"a', 'b"=c']] }],
  ])('%j', (text, { pairs }) => {
    expect(instruction(text)).toMatchObject({
      pairs: pairs.map(([key, value]) => ({ key, value })),
    });
  });

  test.each([
    ['CMD a $b', { command: { args: ['a $b'], shell: true } }],
    ['CMD ["a", "$b"]', { command: { args: ['a', '$b'], shell: false } }],
    ['CMD ["a" "b"]', { command: { args: ['["a" "b"]'], shell: true } }],
    ['CMD', { command: { args: [], shell: true } }],
    ['ENTRYPOINT []', { command: { args: [], shell: false } }],
    [
      'RUN --mount=type=cache,target=/x --network=none x',
      { command: { args: ['x'], shell: true } },
    ],
    ['COPY ["a b", "c"]', { sources: ['a b'], dest: 'c' }],
    [
      'COPY --link --parents --chown=1:2 --chmod=u+x --exclude=a --exclude=b x y/',
      {
        link: true,
        parents: true,
        chown: '1:2',
        chmod: 'u+x',
        exclude: ['a', 'b'],
        dest: 'y/',
      },
    ],
    ['COPY --link=FALSE --chown="a b" x y', { link: false, chown: 'a b' }],
    ['COPY -- --x y', { sources: ['--x'] }],
    [
      'ADD --checksum=sha256:x --keep-git-dir --unpack=false x y',
      {
        checksum: 'sha256:x',
        keepGitDir: true,
        unpack: false,
      },
    ],
    ['ADD x y', { keepGitDir: false, unpack: undefined }],
    [
      'ARG a b=c "d"=',
      { args: [{ key: 'a' }, { key: 'b', value: 'c' }, { key: '"d"', value: '' }] },
    ],
    ['EXPOSE 80 9/udp 443', { ports: ['443', '80', '9/udp'] }],
    ['VOLUME /a  /b', { paths: ['/a', '/b'] }],
    ['VOLUME [" /a "]', { paths: ['/a'] }],
    ['WORKDIR  a b ', { path: 'a b' }],
    ['USER a:b', { user: 'a:b' }],
    ['SHELL ["a"]', { shell: ['a'] }],
    ['STOPSIGNAL 9', { signal: '9' }],
    ['MAINTAINER me "and" you', { maintainer: 'me "and" you' }],
    ['ONBUILD  run x', { trigger: 'run x' }],
    ['HEALTHCHECK none', { test: ['NONE'] }],
    [
      'HEALTHCHECK --interval=1m --retries=3 CMD a b',
      {
        test: ['CMD-SHELL', 'a b'],
        interval: 60e9,
        timeout: 0,
        retries: 3,
      },
    ],
    ['HEALTHCHECK CMD ["a", "b"]', { test: ['CMD', 'a', 'b'] }],
  ])('%j', (text, expected) => {
    expect(instruction(text)).toMatchObject(expected);
  });
});

describe('a Dockerfile is refused with its line:', () => {
  test.each([
    ['FROM scratch\nCOPPY a b', 2, 'unknown instruction: COPPY (did you mean COPY?)'],
    ['FROM scratch\ncoppy a b', 2, 'unknown instruction: coppy (did you mean copy?)'],
    ['FROM scratch\n\nFOOBARBAZ', 3, 'unknown instruction: FOOBARBAZ'],
    ['FROM scratch\nCOPY --chwn=1 a b', 2, 'unknown flag: --chwn (did you mean chown?)'],
    ['FROM scratch\nENV --x a=b', 2, 'unknown flag: --x'],
    ['FROM a b', 1, 'FROM requires either one or three arguments'],
    [
      'FROM a AS 1x',
      1,
      `invalid name for build stage: "1x", name can't start with a number or contain symbols`,
    ],
    ['ENV a=b\nFROM scratch', 1, 'no build stage in current context'],
    [
      'FROM scratch\nENV a=b c',
      2,
      `Syntax error - can't find = in "c". Must be of the form: name=value`,
    ],
    [
      'FROM scratch\nCOPY a',
      2,
      'COPY requires at least two arguments, but only one was provided. Destination could not be determined',
    ],
    ['FROM scratch\nCOPY x <<A\nA', 2, 'COPY cannot accept a heredoc as a destination'],
    [
      'FROM scratch\nCMD ["a", 1]',
      2,
      'when using JSON array syntax, arrays must be comprised of strings only',
    ],
    ['FROM scratch\nONBUILD ONBUILD x', 2, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ['FROM scratch\nONBUILD FROM x', 2, "FROM isn't allowed as an ONBUILD trigger"],
    [
      `FROM scratch\nENV a=${'x'.repeat(65536)}`,
      2,
      'dockerfile line greater than max allowed size of 65535',
    ],
  ])('%.60j', (text, line, why) => {
    const error = refused(text);
    expect(error.message).toBe(`reading Dockerfile:${line}: ${why}`);
    expect(error.code).toBe('DOCKERFILE_SYNTAX');
  });

  test.each([
    ['', 'the Dockerfile cannot be empty'],
    ['\n \n', 'file with no instructions'],
    ['# only this', 'file with no instructions'],
    ['ARG a', 'dockerfile contains no stages to build'],
  ])('%j', (text, why) => {
    const error = refused(text);
    expect(error.message).toBe(`reading Dockerfile: ${why}`);
    expect(error.code).toBe('DOCKERFILE_EMPTY');
  });

  test('and nothing in it acts on a terminal', () => {
    const { message } = refused('FROM scratch\n\u001b[31mRED x', 'a\u001bb/Dockerfile');
    expect(message).toBe('reading a\\x1bb/Dockerfile:2: unknown instruction: \\x1b[31mRED');
  });
});

test('bytes that are no UTF-8, and a great many ONBUILDs, are no crash', () => {
  const text = Buffer.from([...Buffer.from('FROM scratch\nLABEL a='), 0xff, 0xfe]);
  expect(parseDockerfile(text, 'Dockerfile').stages).toHaveLength(1);
  const deep = 'ONBUILD '.repeat(8000);
  expect(refused(`FROM scratch\n${deep}RUN x`).message).toContain('Chaining ONBUILD');
});
