/** The Dockerfile as a text: directives, continuations, comments, what is malformed. */
import type { Case } from '../case.js';
import { file } from '../entries.js';
import { onScratch } from './on.js';

const taken: Readonly<Record<string, string>> = {
  'an image of nothing': 'FROM scratch\n',
  'lower case': 'from scratch as x\nlabel a=b\n',
  'another escape character': '# escape=`\nFROM scratch\nLABEL a="x`\n  y" b=c:\\d\n',
  'an escape directive behind a comment, which is none':
    '# x\n# escape=`\nFROM scratch\nLABEL a=b\\\n c=d\n',
  'comments and empty lines in a continuation': 'FROM scratch\nLABEL a=b \\\n# comment\n\n  c=d\n',
  'a continuation at the end': 'FROM scratch\nLABEL a=b \\\n',
  'spaces behind a backslash': 'FROM scratch\nLABEL a=b \\  \n  c=d\n',
  'CR LF': 'FROM scratch\r\nLABEL a=b \\\r\n c=d\r\n',
  'a byte order mark': '\uFEFFFROM scratch\nLABEL a=b\n',
  'a byte order mark in front of a word': 'FROM scratch\nLABEL a=\uFEFFb \uFEFFc=\uFEFF\uFEFFd\n',
  'indented instructions': '  FROM scratch\n\t LABEL a=b\n   # comment\n',
  'no newline at the end': 'FROM scratch\nLABEL a=b',
  'a comment behind the instructions': 'FROM scratch\n# the end',
  'tabs between words': 'FROM\tscratch\nLABEL\ta=b\t \tc=d\n',
};

const malformed: Readonly<Record<string, readonly [string, string]>> = {
  nothing: ['', 'the Dockerfile cannot be empty'],
  'comments alone': ['# hi\n', 'file with no instructions'],
  'an instruction before FROM': ['LABEL a=b\n', 'no build stage in current context'],
  'arguments alone': ['ARG a=b\n', 'dockerfile contains no stages to build'],
  'an unknown instruction': ['FROM scratch\nLABLE bar\n', 'unknown instruction: LABLE'],
  'FROM with two words': ['FROM scratch foo\n', 'FROM requires either one or three arguments'],
  'COPY with one word': ['FROM scratch\nCOPY a\n', 'COPY requires at least two arguments'],
  'COPY with an unknown flag': ['FROM scratch\nCOPY --foo=1 a /\n', 'unknown flag: --foo'],
  'COPY with a flag twice': [
    'FROM scratch\nCOPY --chown=1 --chown=2 a /\n',
    'duplicate flag specified: --chown',
  ],
  'COPY with a flag without its value': [
    'FROM scratch\nCOPY --chown a /\n',
    'missing a value on flag: --chown',
  ],
  'ADD --from': ['FROM scratch\nADD --from=x a /\n', 'unknown flag: --from'],
  'COPY --unpack': ['FROM scratch\nCOPY --unpack a /\n', 'unknown flag: --unpack'],
  'a comment behind an instruction': ['FROM scratch\nLABEL a=b # c=d\n', "can't find = in"],
  'a label without a value': ['FROM scratch\nLABEL a\n', 'LABEL must have two arguments'],
  'LABEL alone': ['FROM scratch\nLABEL\n', 'LABEL requires at least one argument'],
  'ENV with one word': ['FROM scratch\nENV a\n', 'ENV must have two arguments'],
  'ENV with a word among pairs': ['FROM scratch\nENV a=1 b\n', "can't find = in"],
  'CMD of a number': ['FROM scratch\nCMD ["a", 1]\n', 'arrays must be comprised of strings only'],
  'SHELL in words': [
    'FROM scratch\nSHELL /bin/bash\n',
    'SHELL requires the arguments to be in JSON form',
  ],
  'USER alone': ['FROM scratch\nUSER\n', 'USER requires exactly one argument'],
  'an empty VOLUME': ['FROM scratch\nVOLUME []\n', 'VOLUME requires at least one argument'],
  'a VOLUME of nothing': [
    'FROM scratch\nVOLUME [""]\n',
    'VOLUME specified can not be an empty string',
  ],
  'EXPOSE of a word': ['FROM scratch\nEXPOSE foo\n', 'invalid containerPort: foo'],
  'EXPOSE with an unknown protocol': ['FROM scratch\nEXPOSE 80/foo\n', 'invalid proto: foo'],
  'EXPOSE of too large a port': ['FROM scratch\nEXPOSE 70000\n', 'invalid containerPort: 70000'],
  'STOPSIGNAL of an unknown signal': ['FROM scratch\nSTOPSIGNAL FOO\n', 'invalid signal: FOO'],
  'HEALTHCHECK without a command': [
    'FROM scratch\nHEALTHCHECK CMD\n',
    'Missing command after HEALTHCHECK CMD',
  ],
  'HEALTHCHECK of an unknown type': ['FROM scratch\nHEALTHCHECK FOO x\n', 'Unknown type "FOO"'],
  'HEALTHCHECK NONE with words': [
    'FROM scratch\nHEALTHCHECK NONE x\n',
    'HEALTHCHECK NONE takes no arguments',
  ],
  'HEALTHCHECK with negative retries': [
    'FROM scratch\nHEALTHCHECK --retries=-1 CMD x\n',
    'cannot be negative',
  ],
  'HEALTHCHECK with too short an interval': [
    'FROM scratch\nHEALTHCHECK --interval=1us CMD x\n',
    'cannot be less than 1ms',
  ],
  'ONBUILD ONBUILD': ['FROM scratch\nONBUILD ONBUILD ENV a=b\n', 'Chaining ONBUILD'],
  'ONBUILD FROM': ['FROM scratch\nONBUILD FROM x\n', "FROM isn't allowed as an ONBUILD trigger"],
  'ONBUILD MAINTAINER': [
    'FROM scratch\nONBUILD MAINTAINER x\n',
    "MAINTAINER isn't allowed as an ONBUILD trigger",
  ],
  'ONBUILD alone': ['FROM scratch\nONBUILD\n', 'ONBUILD requires at least one argument'],
  'a base without a name': ['ARG V\nFROM $V\n', 'should not be blank'],
  'a platform of four parts': ['FROM --platform=a/b/c/d scratch\n', 'failed to parse platform'],
  'an unknown substitution': ['FROM scratch\nENV V=foobar\nENV q=${V:1}\n', 'unsupported modifier'],
  'a substitution without an end': ['FROM scratch\nENV q=${V\n', 'unsupported modifier'],
  'an unset variable that has to be set': ['FROM scratch\nENV q=${V:?gone}\n', 'gone'],
};

/** What a Dockerfile may look like. */
export const dockerfiles: readonly Case[] = [
  ...Object.entries(taken).map(([title, dockerfile]) => ({ title: `takes ${title}`, dockerfile })),
  ...Object.entries(malformed).map(([title, [dockerfile, refused]]) => ({
    title: `refuses ${title}`,
    dockerfile,
    context: [file('a')],
    refused,
  })),
  {
    title: 'finds a Dockerfile elsewhere',
    dockerfile: onScratch('COPY . /', 'LABEL a=b'),
    options: { file: 'sub/Other.Dockerfile' },
    context: [file('sub/a')],
  },
];
