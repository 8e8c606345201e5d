/** All findings by id, with severity and meaning. Ids are stable. docs/findings.md is generated from this table. */
import type { Finding, Severity } from '../facts.js';

interface Kind {
  readonly severity: Severity;
  readonly summary: string;
}

const error = (summary: string): Kind => ({ severity: 'error', summary });
const warning = (summary: string): Kind => ({ severity: 'warning', summary });
const info = (summary: string): Kind => ({ severity: 'info', summary });

/** The image can't start. */
export const START = {
  'no-command': info('the image has neither an entry point nor a command'),
  'entrypoint-missing': error('the program that it starts is not in it'),
  'entrypoint-directory': error('what it starts is a directory, or no file'),
  'entrypoint-empty': error('what it starts is an empty file'),
  'entrypoint-not-executable': error('what it starts has no permission to be executed'),
  'entrypoint-user': error('its user may not execute what it starts'),
  'entrypoint-format': error('what it starts is neither a program nor a script'),
  'entrypoint-damaged': error('the program that it starts is cut short or damaged'),
  'entrypoint-architecture': error('the program is for another architecture than the image'),
  'entrypoint-32-bit': warning('a program for 32-bit ARM, which not every 64-bit ARM runs'),
  'script-crlf': error('a script whose first line ends in CR LF'),
  'interpreter-missing': error('a script whose interpreter is not in the image'),
  'interpreter-not-executable': error('a script whose interpreter can’t be executed'),
  'loader-missing': error('a dynamic program whose loader is not in the image'),
  'glibc-on-musl': error('a program for glibc in an image of musl'),
  'musl-on-glibc': error('a program for musl in an image of glibc'),
  'library-missing': error('a library that the program needs is not where its loader looks'),
  'library-architecture': error('a library that the program needs is for another architecture'),
  'user-unknown': error('the image’s user has no entry in /etc/passwd'),
  'group-unknown': error('the image’s group has no entry in /etc/group'),
  'workdir-file': error('the working directory is no directory'),
  'healthcheck-missing': warning('the program that checks the image’s health is not in it'),
} as const;

/** Entries that should not be in the image or context. */
export const UNWANTED = {
  'version-control': warning('a folder of version control: the whole history is in it'),
  'private-key': error('a private key'),
  'encrypted-private-key': warning('a private key with a passphrase'),
  'key-store': warning('a file whose name says that it holds keys or passwords'),
  'aws-key': error('an access key for AWS, with its secret'),
  'gcp-key': error('the key of a service account of Google Cloud'),
  'github-token': error('a token for GitHub'),
  'gitlab-token': error('a token for GitLab'),
  'slack-token': error('a token for Slack'),
  'npm-token': error('a token for npm'),
  'pypi-token': error('a token or password for PyPI'),
  'docker-credential': error('credentials for a registry, in Docker’s configuration'),
  'netrc-password': error('a password in .netrc'),
  'git-credential': error('a password in .git-credentials'),
  'secret-sample': info('a secret among tests, documentation or packages: an example, most likely'),
  'credential-file': warning('a file whose name says that it holds credentials'),
  'package-lists': warning('lists of a package manager, of no use at run time'),
  'package-cache': warning('a cache of a package manager or compiler'),
  compiler: warning('compilers and build tools'),
  headers: warning('headers of C and C++'),
  'static-libraries': info('static libraries and object files, of use to linkers alone'),
  'source-code': warning('source code beside the program that was made of it'),
  'core-dump': warning('the memory of a program that crashed'),
  'editor-leftover': warning('what editors and desktops leave behind'),
  setuid: warning('a program that runs as its owner, whoever starts it'),
  setgid: warning('a program that runs as its group, whoever starts it'),
  'setuid-usual': info('programs with setuid or setgid that distributions have'),
  capability: info('programs with capabilities in an extended attribute'),
  'world-writable': warning('what every user may change'),
  'unmappable-owner': warning(
    'owners beyond 65,535: a rootless engine, which maps 65,536 ids, can’t unpack them',
  ),
  'dockerignore-unused': info('a .dockerignore in a tar: builders apply it to a directory alone'),
  device: warning('device nodes: container engines make those that are needed'),
} as const;

/** Missing files that are likely needed. */
export const MISSING = {
  'certificates-missing': warning('no certificate authorities for a program that speaks TLS'),
  'time-zone-missing': warning('the time zone in TZ is not in the image'),
  'time-zones-missing': info('no time zones for a program that looks them up'),
  'tmp-missing': info('no /tmp for temporary files'),
  'tmp-not-writable': warning('a /tmp in which the image’s user may not write'),
} as const;

export const CATALOGUE = { ...START, ...UNWANTED, ...MISSING } as const;

export type FindingId = keyof typeof CATALOGUE;

/** Whether a finding with this id keeps the image from starting, as `--must-run` checks. */
export function cannotStart(id: string): boolean {
  const start: Readonly<Record<string, Kind>> = START;
  return start[id]?.severity === 'error';
}

export function finding(
  id: FindingId,
  path: string | undefined,
  message: string,
  advice: string,
): Finding {
  const { severity } = CATALOGUE[id];
  return { id, severity, ...(path !== undefined && { path }), message, advice };
}
