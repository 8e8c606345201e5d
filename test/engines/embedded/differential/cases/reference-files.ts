/** COPY, ADD and WORKDIR, as Docker's reference of Dockerfiles describes them, sentence by sentence. */
import { gzipSync } from 'node:zlib';
import type { Case } from '../case.js';
import { dir, file, hardLink, symlink, tarOf } from '../entries.js';
import { onRich, onScratch } from './on.js';

const archive = tarOf([
  dir('p', { mode: 0o750, uid: 3, gid: 4 }),
  file('p/f', 'f', { mode: 0o4711, uid: 3, gid: 4 }),
  symlink('p/l', 'f'),
  hardLink('p/h', 'p/f'),
  file('implied/deep/f', 'f', { uid: 5, gid: 6 }),
]);

/** A directory whose group is inherited by what is created in it. */
const inherited = tarOf([
  dir('g', { mode: 0o2775, uid: 7, gid: 50 }),
  dir('g/k', { mode: 0o2755, uid: 7, gid: 51 }),
  dir('etc'),
  file('etc/passwd', 'root:x:0:0::/:/bin/sh\nal:x:1001:1002::/:/bin/sh\n'),
]);

const tree = [
  file('package.json', '{}'),
  file('x-1.txt', '1'),
  file('x-2.txt', '2'),
  file('with space', 's'),
  file('$dollar', '$'),
  file('#hash', '#'),
  dir('a', { mode: 0o750, uid: 11, gid: 12 }),
  file('a/one', 'one', { mode: 0o600, uid: 13, gid: 14 }),
  dir('a/b', { mode: 0o705 }),
  file('a/b/two', 'two'),
  dir('a/empty', { mode: 0o711 }),
  dir('c'),
  file('c/one', 'other'),
  symlink('to-a', 'a'),
  symlink('to-file', 'a/one'),
  symlink('a/up', '../package.json'),
  file('plain.tar', archive),
  file('packed.tar.gz', gzipSync(archive)),
  file('named.txt', gzipSync(archive)),
  file('text.gz', gzipSync('text')),
  file('inherited.tar', inherited),
];

/** Instructions on the rich base: they meet files, links and owners. */
const rich: Readonly<Record<string, readonly string[]>> = {
  'a pattern that nothing matches beside a file': ['COPY package.json yarn.lock* /app/'],
  'a pattern that nothing matches before a file': ['COPY yarn.lock* package.json /app/'],
  'patterns that nothing matches beside a directory': ['COPY a nope* [y]z /app/'],
  'a pattern that nothing matches and one file: to its name': ['COPY nope* package.json /app'],
  'a pattern without a match below a directory that exists': ['COPY a/z* package.json /app/'],
  'a pattern without a match beside a heredoc': ['COPY nope* <<EOF /app/', 'text', 'EOF'],
  'ADD of a pattern that nothing matches beside a file': ['ADD nope* package.json /app/'],
  'a pattern below a file beside a directory': ['COPY package.json/* a /app/'],
  'a pattern across two levels': ['COPY */one /app/'],
  'a pattern for files with one extension': ['COPY x-?.txt /app/'],
  'a pattern that matches a file and directories': ['COPY [ac]* /app/'],
  'a pattern that matches a link to a directory': ['COPY to-* /app/'],
  'a file whose name has a space': ['COPY ["with space", "/app/a b"]'],
  'a file whose name has a dollar': ['COPY \\$dollar /app/'],
  'a file whose name begins with a hash': ['COPY #hash /app/'],
  'variables in sources and destination': ['ENV d=app', 'ARG s=a', 'COPY ${s}/one /$d/$s/'],
  'an exclude with a slash': ['COPY --exclude=b/two a /app/'],
  'an exclude of a whole directory': ['COPY --exclude=b a /app/'],
  'an exclude with an exception': ['COPY --exclude=* --exclude=!one a /app/'],
  'an exclude of any depth': ['COPY --exclude=**/two . /app/'],
  'an exclude that equals the source': ['COPY --exclude=package.json package.json /app/'],
  'a file with --link to new folders': ['COPY --link package.json /new/folder/'],
  'a directory with --link=false': ['COPY --link=false a /new/'],
  'owner and mode together': ['COPY --chown=alice:staff --chmod=640 package.json /app/'],
  'an owner by name alone': ['COPY --chown=alice a /app/'],
  'an owner by number, its group too': ['COPY --chown=55 a /app/'],
  'a group alone': ['COPY --chown=:staff package.json /app/'],
  'an owner in a variable': ['ARG who=bob', 'COPY --chown=$who package.json /app/'],
  'a mode in a variable': ['ARG m=4755', 'COPY --chmod=$m package.json /app/'],
  'a symbolic mode for files and directories': ['COPY --chmod=u=rwX,go=rX a /app/'],
  'a mode of three digits for a directory tree': ['COPY --chmod=755 a /app/'],
  'a source that is a link to a directory': ['COPY to-a /app/'],
  'a source that is a link to a file, under another name': ['COPY to-file /app/name'],
  'a file into a link to a directory': ['COPY package.json /bin/'],
  'a file over a link to a file': ['COPY package.json /tofile'],
  'a file below a relative working directory': ['WORKDIR x', 'COPY package.json y/'],
  'a file to a dot': ['WORKDIR /x/y', 'COPY package.json .'],
  'a file to two dots': ['WORKDIR /x/y', 'COPY package.json ..'],
  'an archive of a tar': ['ADD plain.tar /app/'],
  'an archive to a name without a slash': ['ADD plain.tar /app'],
  'an archive that is compressed': ['ADD packed.tar.gz /app/'],
  'an archive whose name tells nothing': ['ADD named.txt /app/'],
  'a compressed file that is no archive': ['ADD text.gz /app/'],
  'an archive with an owner': ['ADD --chown=alice:staff plain.tar /app/'],
  'several archives and a file': ['ADD plain.tar packed.tar.gz package.json /app/'],
  'an archive that COPY leaves as it is': ['COPY packed.tar.gz /app/'],
  'an archive below a directory, which stays': ['ADD . /app/'],
  'an archive that is not unpacked': ['ADD --unpack=false plain.tar /app/'],
  'an archive over what the base has': ['ADD plain.tar /odd/sub/'],
  'an ADD of a directory and a pattern': ['ADD a x-* /app/'],
  'an ADD of a heredoc': ['ADD <<one <<two /app/', '1', 'one', '2', 'two'],
  'a heredoc with an owner and a mode': [
    'COPY --chown=bob --chmod=700 <<run.sh /app/',
    '#!/bin/sh',
    'run.sh',
  ],
  'a heredoc that expands variables': [
    'ENV x=1',
    'ARG y=2',
    'COPY <<f /app/',
    '$x ${y} ${z:-3} \\$x "$x"',
    'f',
  ],
  'a heredoc in quotes, which expands nothing': ['ENV x=1', "COPY <<'f' /app/", '$x', 'f'],
  'a heredoc whose tabs go': ['COPY <<-f /app/', '\tone', '\t\ttwo', '\tf'],
  'a heredoc to a name': ['COPY <<EOF /app/name', 'text', 'EOF'],
  'an empty heredoc': ['COPY <<EOF /app/name', 'EOF'],
  'working directories that are relative to each other': [
    'WORKDIR /a',
    'WORKDIR b',
    'WORKDIR c/../d',
  ],
  'a working directory through a link': ['WORKDIR /bin/x'],
  'a working directory with a variable': ['ENV D=/path', 'WORKDIR $D/$NAME'],
  'a working directory of a user': ['USER alice', 'WORKDIR /new/of/alice'],
  'a working directory with a slash at its end': ['WORKDIR /a/b/', 'COPY package.json ./'],
  'directories below one with the set-group-ID bit': [
    'ADD inherited.tar /',
    'COPY package.json /g/a/b/',
    'COPY a /g/c/d',
    'COPY --chown=1:2 package.json /g/e/f/',
    'COPY --chmod=700 a /g/i/j',
    'WORKDIR /g/w/v',
    'USER al',
    'WORKDIR /g/w/u',
    'ADD plain.tar /g/n/o',
    'ADD --chown=5:6 plain.tar /g/q/r',
    'COPY package.json /g/k/s/',
    'COPY <<f /g/t/u/',
    'text',
    'f',
  ],
};

const refused: Readonly<Record<string, readonly string[]>> = {
  'a pattern below a directory that is missing': ['COPY nope/* package.json /app/'],
  'a path that is missing beside a pattern': ['COPY x-* nope /app/'],
  'a heredoc from a stage index that is missing': ['COPY --from=7 <<EOF /app/', 'x', 'EOF'],
  'a heredoc as the destination': ['COPY package.json <<EOF', 'x', 'EOF'],
  'a heredoc that does not end': ['COPY <<EOF /app/', 'x'],
  'a mode that is none': ['COPY --chmod=9 package.json /app/'],
  'a mode that is too large': ['COPY --chmod=77777 package.json /app/'],
  'an unknown flag': ['COPY --fast package.json /app/'],
  'a flag that is given twice': ['COPY --chown=1 --chown=2 package.json /app/'],
  'a flag without its value': ['COPY --chown package.json /app/'],
  'a destination that is missing': ['COPY package.json'],
  'no source at all': ['COPY'],
  'a checksum for a file': [`ADD --checksum=sha256:${'0'.repeat(64)} package.json /app/`],
  'a checksum of an unknown algorithm': ['ADD --checksum=md5:00 https://127.0.0.1:9/x /app/'],
  'a URL for COPY': ['COPY https://127.0.0.1:9/x /app/'],
  'a variable in --from': ['ARG s=0', 'COPY --from=$s package.json /app/'],
  'a file where the working directory would be': ['WORKDIR /file/x'],
  'an archive where a file is': ['ADD plain.tar /file'],
  'a --link that is neither true nor false': ['COPY --link=maybe package.json /app/'],
};

const only: readonly Case[] = [
  {
    title: 'an owner with too many parts',
    dockerfile: onRich('COPY --chown=1:2:3 package.json /app/'),
    context: tree,
    differs: {
      why: 'BuildKit takes the group for one that does not exist, and root in its place.',
      refused: /--chown=1:2:3 is not USER\[:GROUP\]/,
    },
  },
  {
    title: 'a pattern that nothing matches, alone',
    dockerfile: onScratch('COPY nope* /app/'),
    context: tree,
    differs: {
      why: 'An image without the files that an instruction was to bring is of no use.',
      refused: /nope\* is not in the context/,
    },
  },
  {
    title: 'patterns none of which matches',
    dockerfile: onScratch('ADD nope* also-[n]ot /app/'),
    context: tree,
    differs: {
      why: 'An image without the files that an instruction was to bring is of no use.',
      refused: /nope\* is not in the context/,
    },
  },
];

/** Files, as the reference has them. */
export const referenceOfFiles: readonly Case[] = [
  ...Object.entries(rich).map(([title, lines]) => ({
    title,
    dockerfile: onRich(...lines),
    context: tree,
  })),
  ...Object.entries(refused).map(([title, lines]) => ({
    title,
    dockerfile: onRich(...lines),
    context: tree,
    refused: /./,
  })),
  ...only,
];
