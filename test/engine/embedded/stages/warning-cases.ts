/**
 * Dockerfiles, and the warnings that BuildKit and the embedded engine give. Words in one line of a Dockerfile may warn in
 * any order, so warnings are compared sorted.
 */
export interface WarningCase {
  readonly title: string;
  readonly dockerfile: string;
  /** The .dockerignore of the context, a directory with the files `a.txt` and `dist/app`. */
  readonly ignore?: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Needed if there are several stages: without it, `--check` also reports stages that a build doesn't need. */
  readonly target?: string;
  readonly warnings: readonly string[];
}

const undefinedVar = (line: number, name: string, near?: string): string =>
  `UndefinedVar:${line}: Usage of undefined variable '$${name}'` +
  (near === undefined ? '' : ` (did you mean $${near}?)`);
const secret = (line: number, instruction: string, name: string): string =>
  `SecretsUsedInArgOrEnv:${line}: Do not use ARG or ENV instructions for sensitive data (${instruction} "${name}")`;
const json = (line: number, instruction: string): string =>
  `JSONArgsRecommended:${line}: JSON arguments recommended for ${instruction} to prevent unintended behavior related to OS signals`;
const ignored = (line: number, verb: string, source: string): string =>
  `CopyIgnoredFile:${line}: Attempting to ${verb} file "${source}" that is excluded by .dockerignore`;

const NONE: readonly string[] = [];

/** A case of one stage without a base. */
const lines = (
  title: string,
  instructions: string,
  warnings: readonly string[],
  more: Partial<WarningCase> = {},
): WarningCase => ({ title, dockerfile: `FROM scratch\n${instructions}\n`, warnings, ...more });

const UNDEFINED: readonly WarningCase[] = [
  lines('a variable in ENV', 'ENV A=$NO', [undefinedVar(2, 'NO')]),
  lines('a variable in a name of ENV', 'ENV $NAME=1', [undefinedVar(2, 'NAME')]),
  lines('a variable in LABEL', 'LABEL a=$NO', [undefinedVar(2, 'NO')]),
  lines('a variable in WORKDIR', 'WORKDIR /a$NO', [undefinedVar(2, 'NO')]),
  lines('a variable in USER', 'USER u$NO', [undefinedVar(2, 'NO')]),
  lines('a variable in VOLUME', 'VOLUME /a$NO /b$NO', [
    undefinedVar(2, 'NO'),
    undefinedVar(2, 'NO'),
  ]),
  lines('a variable in STOPSIGNAL', 'STOPSIGNAL SIG${NO}TERM', [undefinedVar(2, 'NO')]),
  lines('a variable in the value of ARG', 'ARG A=$NO', [undefinedVar(2, 'NO')]),
  lines('no variable in EXPOSE', 'EXPOSE 80 $NO', NONE),
  lines('no variable in CMD, which a shell expands', 'SHELL ["a"]\nCMD $NO', NONE),
  lines('no variable in HEALTHCHECK', 'HEALTHCHECK CMD $NO', NONE),
  lines('no variable in ONBUILD', 'ONBUILD ENV A=$NO', NONE),
  lines('a variable in a source of COPY', 'COPY a.txt$NO /', [undefinedVar(2, 'NO')]),
  lines('a variable in the destination of ADD', 'ADD a.txt /$NO', [undefinedVar(2, 'NO')]),
  lines('variables in flags of COPY', 'COPY --chown=1$X1 --chmod=75${X2}5 a.txt /', [
    undefinedVar(2, 'X1'),
    undefinedVar(2, 'X2'),
  ]),
  lines('a variable in a heredoc, once', 'COPY <<F /f\n$NO ${NO} "$NO"\nF', [
    undefinedVar(2, 'NO'),
  ]),
  lines('no variable in a quoted heredoc', 'COPY <<"F" /f\n$NO\nF', NONE),
  lines('a variable that has a default', 'ENV A=${NO:-x}', [undefinedVar(2, 'NO')]),
  lines('a variable that has an alternative', 'ENV A=${NO+x}', [undefinedVar(2, 'NO')]),
  lines('a variable that is trimmed', 'ENV A=${NO#x}', [undefinedVar(2, 'NO')]),
  lines('a variable that is replaced in', 'ENV A=${NO/x/y}', [undefinedVar(2, 'NO')]),
  lines('a variable in a default', 'ENV A=${NO1:-$NO2}', [
    undefinedVar(2, 'NO1'),
    undefinedVar(2, 'NO2'),
  ]),
  lines('a word once, two words twice', 'ENV A=$NO$NO B=$NO', [
    undefinedVar(2, 'NO'),
    undefinedVar(2, 'NO'),
  ]),
  lines('special parameters', 'ENV A=$1', [undefinedVar(2, '1')]),
  lines('no escaped variable', "ENV A=\\$NO B='$NO'", NONE),
  lines('no variable of ENV above', 'ENV A=1\nENV B=$A', NONE),
  lines('a variable that the same ENV sets', 'ENV A=1 B=$A', [undefinedVar(2, 'A')]),
  lines('no ARG, with and without a value', 'ARG A\nARG B=1\nENV C=$A$B', NONE),
  lines('no ARG of the same instruction', 'ARG A B=$A', NONE),
  lines('an ARG in its own value', 'ARG A=$A', [undefinedVar(2, 'A')]),
  lines('no ARG with a value from outside', 'ARG A=$NO', NONE, { buildArgs: { A: '1' } }),
  lines('a build argument without an ARG', 'ENV A=$GIVEN', [undefinedVar(2, 'GIVEN')], {
    buildArgs: { GIVEN: '1' },
  }),
  lines('no PATH', 'ENV A=$PATH', NONE),
  lines('a platform without an ARG', 'ENV A=$TARGETARCH', [undefinedVar(2, 'TARGETARCH')]),
  lines('no platform with an ARG', 'ARG TARGETARCH\nENV A=$TARGETARCH', NONE),
  lines('a proxy without an ARG', 'ENV A=$HTTP_PROXY', [undefinedVar(2, 'HTTP_PROXY')]),
  lines('no arguments of attestations', 'ENV A=$BUILDKIT_SBOM_SCAN_STAGE', NONE),
  lines('a name that is nearly PATH', 'ENV A=$PAHT', [undefinedVar(2, 'PAHT', 'PATH')]),
  lines('the nearest name', 'ENV VERSION=1 VERSIONS=2\nENV A=$VERSIO', [
    undefinedVar(3, 'VERSIO', 'VERSION'),
  ]),
  lines('the oldest of names that are equally near', 'ENV AAAA=1 AAAB=2\nENV B=$AAA', [
    undefinedVar(3, 'AAA', 'AAAA'),
  ]),
  lines(
    'names in the order of their last change',
    'ENV AAAA=1\nENV AAAB=2\nARG AAAA\nENV AAAA=3 B=$AAA',
    [undefinedVar(5, 'AAA', 'AAAA')],
  ),
  lines('a changed name after others', 'ENV AAAA=1\nENV AAAB=2\nENV AAAA=3\nENV B=$AAA', [
    undefinedVar(5, 'AAA', 'AAAB'),
  ]),
  lines('no near name that has another case', 'ENV version=1\nENV A=$VERSION', [
    undefinedVar(3, 'VERSION'),
  ]),
  lines('the first line of several', 'ENV A=1 \\\n  B=$NO \\\n  C=2', [undefinedVar(2, 'NO')]),
  {
    title: 'a global ARG without an ARG in the stage',
    dockerfile: 'ARG BASE=scratch\nFROM $BASE\nENV A=$BASE\n',
    warnings: [undefinedVar(3, 'BASE')],
  },
  {
    title: 'no global ARG with an ARG in the stage',
    dockerfile: 'ARG BASE=scratch\nFROM $BASE\nARG BASE\nENV A=$BASE\n',
    warnings: NONE,
  },
  {
    title: 'a backtick as the escape character',
    dockerfile: '# escape=`\nFROM scratch\nENV A=`$NO B=\\$YES\n',
    warnings: [undefinedVar(3, 'YES')],
  },
];

const STAGES: readonly WarningCase[] = [
  {
    title: 'no variable of the base stage, set or not',
    dockerfile:
      'FROM scratch AS one\nARG A\nARG B=1\nENV C=1\nFROM one AS two\nENV D=$A$B$C E=$NO\n',
    target: 'two',
    warnings: [undefinedVar(6, 'NO', 'B')],
  },
  {
    title: 'no stage that the target does not need',
    dockerfile: 'FROM scratch AS one\nENV A=$NO\nFROM scratch AS two\nCMD two\n',
    target: 'two',
    warnings: [json(4, 'CMD')],
  },
  {
    title: 'stages that the target copies from',
    dockerfile:
      'FROM scratch AS one\nCOPY a.txt /\nCMD one\nFROM scratch AS two\nCOPY --from=one a.txt /\n',
    target: 'two',
    warnings: [json(3, 'CMD')],
  },
  {
    title: 'triggers of a base stage, at the line of FROM',
    dockerfile:
      'FROM scratch AS one\nONBUILD ENV TOKEN=$NO\nONBUILD CMD x\nFROM one AS two\nENV B=2\n',
    target: 'two',
    warnings: [undefinedVar(4, 'NO'), secret(4, 'ENV', 'TOKEN'), json(4, 'CMD')],
  },
  {
    title: 'no command in the SHELL of the base stage',
    dockerfile: 'FROM scratch AS one\nSHELL ["/sh"]\nFROM one AS two\nCMD x\n',
    target: 'two',
    warnings: NONE,
  },
];

const SECRETS: readonly WarningCase[] = [
  ...['KEY', 'token', 'api_key', 'APIKEY', 'DB_PASSWORD', 'Secret_Message', 'AUTH', 'pword'].map(
    (name) => lines(`the secret ${name}`, `ENV ${name}=1`, [secret(2, 'ENV', name)]),
  ),
  ...['A_PASSWD_B', 'CREDENTIAL', 'my_credentials'].map((name) =>
    lines(`the secret ${name}`, `ARG ${name}`, [secret(2, 'ARG', name)]),
  ),
  ...['KEYBOARD', 'MONKEY', 'authors', 'PUBLIC_KEY', 'token_public', 'PASS'].map((name) =>
    lines(`no secret ${name}`, `ARG ${name}=1`, NONE),
  ),
  lines('each secret of an instruction', 'ARG KEY=1 TOKEN A', [
    secret(2, 'ARG', 'KEY'),
    secret(2, 'ARG', 'TOKEN'),
  ]),
  lines('a secret without `=`', 'ENV KEY a b', [secret(2, 'ENV', 'KEY')]),
  lines('the expanded name of a secret', 'ARG A=TOKEN\nENV MY_$A=1', [
    secret(3, 'ENV', 'MY_TOKEN'),
  ]),
  lines('no secret in LABEL', 'LABEL KEY=1', NONE),
  {
    title: 'no secret in a global ARG',
    dockerfile: 'ARG TOKEN\nFROM scratch\nENV A=1\n',
    warnings: NONE,
  },
];

const COMMANDS: readonly WarningCase[] = [
  lines('a CMD for a shell', 'CMD a b', [json(2, 'CMD')]),
  lines('an ENTRYPOINT for a shell', 'ENTRYPOINT a b', [json(2, 'ENTRYPOINT')]),
  lines('a command as it is written', 'Cmd a\nentrypoint\tb', [
    json(2, 'Cmd'),
    json(3, 'entrypoint'),
  ]),
  lines('no list', 'CMD ["a"]\nENTRYPOINT ["a"]', NONE),
  lines('a malformed list', "CMD ['a']", [json(2, 'CMD')]),
  lines('each command', 'CMD a\nCMD b', [json(2, 'CMD'), json(3, 'CMD')]),
  lines('no command after SHELL', 'CMD a\nSHELL ["/sh", "-c"]\nENTRYPOINT b', [json(2, 'CMD')]),
  lines('an empty CMD', 'CMD', [json(2, 'CMD')]),
];

const IGNORED: readonly WarningCase[] = [
  lines('a file', 'COPY a.txt /', [ignored(2, 'Copy', 'a.txt')], { ignore: 'a.txt' }),
  lines('a file of ADD', 'ADD a.txt /', [ignored(2, 'Add', 'a.txt')], { ignore: '*.txt' }),
  lines('a file below', 'COPY dist/app /', [ignored(2, 'Copy', 'dist/app')], { ignore: 'dist' }),
  lines('a directory', 'COPY dist/ /', [ignored(2, 'Copy', 'dist/')], { ignore: 'dist' }),
  lines(
    'a pattern',
    'COPY *.txt a.txt /',
    [ignored(2, 'Copy', '*.txt'), ignored(2, 'Copy', 'a.txt')],
    {
      ignore: '*.txt',
    },
  ),
  lines('an expanded name', 'ARG X=a\nCOPY $X.txt /', [ignored(3, 'Copy', 'a.txt')], {
    ignore: 'a.txt',
  }),
  lines('the whole context', 'COPY . /', [ignored(2, 'Copy', '.')], { ignore: '*' }),
  lines('the Dockerfile', 'COPY Dockerfile /', [ignored(2, 'Copy', 'Dockerfile')], {
    ignore: 'Dockerfile',
  }),
  lines('no file that is kept', 'COPY a.txt dist /', NONE, { ignore: 'b.txt\ndist/log' }),
  lines('no exception', 'COPY a.txt /', NONE, { ignore: '*\n!a.txt' }),
  lines('a file without an exception', 'COPY dist a.txt /', [ignored(2, 'Copy', 'dist')], {
    ignore: '*\n!a.txt',
  }),
  lines('no URL', 'ADD http://127.0.0.1:9/a.txt /', NONE, { ignore: '**/a.txt' }),
  {
    title: 'no file of a stage',
    dockerfile:
      'FROM scratch AS one\nCOPY dist/app /a.txt\nFROM scratch AS two\nCOPY --from=one a.txt /\n',
    ignore: 'a.txt',
    target: 'two',
    warnings: NONE,
  },
];

const directive = (title: string, first: string, warnings: readonly string[]): WarningCase => ({
  title,
  dockerfile: `${first}\nFROM scratch\nENV KEY=1\nCMD a\n`,
  warnings,
});

const DIRECTIVES: readonly WarningCase[] = [
  directive('all without the ones to skip', '# check=skip=JSONArgsRecommended', [
    secret(3, 'ENV', 'KEY'),
  ]),
  directive('none of several', '#check=skip=JSONArgsRecommended,SecretsUsedInArgOrEnv', NONE),
  directive('none', '# CHECK = skip=all', NONE),
  directive('all below another comment', '# a\n# check=skip=all', [
    secret(4, 'ENV', 'KEY'),
    json(5, 'CMD'),
  ]),
  directive('all below an indented directive', ' # check=skip=all', [
    secret(3, 'ENV', 'KEY'),
    json(4, 'CMD'),
  ]),
  directive('none below another directive', '# escape=`\n# check=skip=all', NONE),
  directive('none below a shebang', '#!/usr/bin/env x\n# check=skip=all', NONE),
  directive('all with a name in another case', '# check=skip=jsonargsrecommended', [
    secret(3, 'ENV', 'KEY'),
    json(4, 'CMD'),
  ]),
  directive('those before a space', '# check=skip=JSONArgsRecommended, SecretsUsedInArgOrEnv', [
    secret(3, 'ENV', 'KEY'),
  ]),
  {
    ...directive('those that the build argument leaves', '# check=skip=all', [json(4, 'CMD')]),
    buildArgs: { BUILDKIT_DOCKERFILE_CHECK: ' skip = A , SecretsUsedInArgOrEnv ; error=0' },
  },
  {
    ...directive('all with an empty build argument', '# check=skip=all', [
      secret(3, 'ENV', 'KEY'),
      json(4, 'CMD'),
    ]),
    buildArgs: { BUILDKIT_DOCKERFILE_CHECK: '' },
  },
];

export const WARNINGS: readonly WarningCase[] = [
  ...UNDEFINED,
  ...STAGES,
  ...SECRETS,
  ...COMMANDS,
  ...IGNORED,
  ...DIRECTIVES,
];
