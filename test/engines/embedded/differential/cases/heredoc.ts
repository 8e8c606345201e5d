/** Files whose content stands in the Dockerfile. */
import type { Case } from '../case.js';
import { file } from '../entries.js';
import { onRich } from './on.js';

const lines: Readonly<Record<string, readonly string[]>> = {
  'expands variables': ['COPY <<EOF /n/f', 'hello $PATH ${A}', 'EOF'],
  'does not in quotes': ["COPY <<'EOF' /n/f", 'hello $PATH \\$x', 'EOF'],
  'does not in double quotes': ['COPY <<"EOF" /n/f', 'hello $PATH \\$x', 'EOF'],
  'takes the name of the word in a directory': ['COPY <<EOF /odd/', 'hello', 'EOF'],
  'takes the name of the word in a directory that is there': ['COPY <<EOF /odd', 'hello', 'EOF'],
  'writes several': ['COPY <<a.txt <<b.txt /n/', 'A', 'a.txt', 'B', 'b.txt'],
  'writes one beside a file': ['COPY <<a.txt f /n/', 'A', 'a.txt'],
  'makes no way out of a word that climbs': ['COPY <<../x <<./y /n/m/', 'X', '../x', 'Y', './y'],
  'takes owner and mode': ['COPY --chmod=755 --chown=alice <<EOF /n/f', '#!x', 'EOF'],
  'takes tabs off': ['COPY <<-EOF /n/f', '\ta', '\t\tb', '  c', '\tEOF'],
  'may be empty': ['COPY <<EOF /n/f', 'EOF'],
  'expands as a shell does, quotes stay': [
    'ARG X=1',
    'ENV Y=2',
    'COPY <<EOF /n/f',
    `$X \${Y} \${Z:-3} \\$X "q" 's' \`x\` \\\\ \\n $1`,
    'EOF',
  ],
  'keeps comments, empty lines and what looks like a continuation': [
    'COPY <<EOF /n/f',
    '# not a comment',
    '',
    'line \\',
    'goes on',
    'EOF',
  ],
  'is for ADD too': ['ADD <<EOF /n/f', 'hello', 'EOF'],
  'is never an archive': ['ADD <<a <<b /n/', 'A', 'a', 'B', 'b'],
  'belongs to root whoever the user is': ['USER alice', 'WORKDIR /odd', 'COPY <<EOF f', 'x', 'EOF'],
  'keeps what stands behind it': ['COPY <<EOF /n/f', 'x', 'EOF', 'LABEL after=1'],
  'ends at the word alone': ['COPY <<EOF /n/f', ' EOF', 'EOF ', 'EOFX', 'EOF'],
};

/** Heredocs. */
export const heredocs: readonly Case[] = [
  ...Object.entries(lines).map(([title, instructions]) => ({
    title,
    dockerfile: onRich(...instructions),
    context: [file('f')],
  })),
  { title: 'keeps CR', dockerfile: onRich('COPY <<EOF /n/f\r', 'hello\r', 'EOF\r') },
  {
    title: 'keeps what is not UTF-8, where nothing is expanded',
    dockerfile: Buffer.from(
      onRich("COPY <<'A' <<-'B' <<C /n/", 'caf\xe9', 'A', '\t\xff\r\t', '\tB', '\xe9$A', 'C'),
      'latin1',
    ),
  },
  {
    title: 'refuses one without an end',
    dockerfile: onRich('COPY <<EOF /n/f', 'hello'),
    refused: 'unterminated heredoc',
  },
  {
    title: 'refuses one that is named as a file in a directory',
    dockerfile: onRich('COPY <<a/b /n/', 'hello', 'a/b'),
    refused: 'no such file',
  },
  {
    title: 'refuses one that is named as a directory',
    dockerfile: onRich('COPY <<.. /n/', 'hello', '..'),
    refused: 'is a directory',
  },
  {
    title: 'refuses one for a label',
    dockerfile: onRich('LABEL a=<<EOF', 'x', 'EOF'),
    refused: 'unknown instruction: x',
  },
];
