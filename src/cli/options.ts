/** The one table of options: parsing, help, completion and the man page are made from it. */

/** A verb of the command line. */
export type Verb = 'build' | 'filter' | 'inspect';

/** One option. */
export interface OptionSpec {
  /** Without dashes. */
  readonly name: string;
  readonly short?: string;
  /** What the help calls the value; without it the option is a flag. */
  readonly value?: string;
  /** The value may be left out, and is attached: `--insecure`, `--insecure=HOST`. */
  readonly optional?: boolean;
  /** May be given several times. */
  readonly many?: boolean;
  readonly verbs: readonly Verb[];
  readonly group: string;
  readonly help: string;
  /** Words that completion offers. */
  readonly choices?: readonly string[];
}

const INSECURE = {
  name: 'insecure',
  value: 'HOST',
  optional: true,
  many: true,
  help: 'plain HTTP or any certificate for HOST, or those named',
} as const;

const BOTH: readonly Verb[] = ['build', 'filter'];
const BUILD: readonly Verb[] = ['build'];
const INSPECT: readonly Verb[] = ['inspect'];
const LIMITED: readonly Verb[] = ['inspect', 'build'];
const ALL: readonly Verb[] = ['build', 'filter', 'inspect'];

function group(
  name: string,
  verbs: readonly Verb[],
  rows: readonly Omit<OptionSpec, 'group' | 'verbs'>[],
): OptionSpec[] {
  return rows.map((row) => ({ ...row, group: name, verbs }));
}

export const OPTIONS: readonly OptionSpec[] = [
  ...group('Builder', BOTH, [
    {
      name: 'from',
      value: 'DIR',
      many: true,
      help: 'build DIR as the builder, run it, take its output; - is stdin',
    },
    { name: 'from-image', value: 'REF', help: 'run the image REF and take its output' },
    {
      name: 'artifacts',
      value: 'PATH[:DEST]',
      many: true,
      help: 'take PATH out of the builder that has ended',
    },
    { name: 'libs', help: 'take the shared libraries that the artifacts need, too' },
    {
      name: 'volume',
      value: 'SOURCE:TARGET',
      many: true,
      help: 'mount a folder or volume into the builder',
    },
    { name: 'env', value: 'KEY[=VALUE]', many: true, help: 'set a variable in the builder' },
    { name: 'user', value: 'USER', help: 'run the builder as USER' },
    { name: 'workdir', value: 'DIR', help: "the builder's working directory" },
    { name: 'entrypoint', value: 'PROGRAM', help: 'run PROGRAM; what follows -- is its command' },
    { name: 'builder-arg', value: 'KEY[=VALUE]', many: true, help: "set an ARG of the builder's" },
    { name: 'builder-file', value: 'PATH', help: "the builder's Dockerfile in its context" },
    { name: 'builder-target', value: 'STAGE', help: 'the stage that is the builder' },
    { name: 'builder-tag', value: 'NAME', help: "name the builder's image, and keep it" },
    { name: 'timeout', value: 'TIME', help: 'kill the builder after TIME: seconds, or 1h30m' },
    { name: 'keep-builder', help: "keep the builder's container" },
    {
      name: 'serve',
      value: 'PORT',
      help: 'the builder stays up: the build reaches http://builder:PORT/',
    },
    {
      name: 'serve-timeout',
      value: 'TIME',
      help: 'how long PORT may take to answer (default 60 s)',
    },
  ]),
  ...group('Edits', BOTH, [
    { name: 'owner', value: 'UID[:GID]', help: "every entry's owner, names emptied (default 0:0)" },
    { name: 'keep-owner', help: 'leave owners as they came' },
    { name: 'mode', value: 'CHANGES', help: 'permissions as in chmod: a+rX, go-w, 0755' },
    { name: 'mtime', value: 'TIME', help: 'set every time stamp: seconds, or ISO 8601' },
    {
      name: 'clamp-mtime',
      value: 'TIME',
      help: 'cap every time stamp (default: SOURCE_DATE_EPOCH)',
    },
    { name: 'no-xattrs', help: 'leave out all extended attributes' },
    { name: 'strip-components', value: 'N', help: 'take N leading components off names' },
    { name: 'prefix', value: 'DIR', help: 'put DIR in front of names' },
    { name: 'include', value: 'PATTERN', many: true, help: 'keep only what matches' },
    { name: 'exclude', value: 'PATTERN', many: true, help: 'leave out what matches' },
    { name: 'dockerignore', value: 'FILE', many: true, help: 'leave out what FILE lists' },
    {
      name: 'add',
      value: 'HOST[:DEST]',
      many: true,
      help: 'put a file or directory of the host in; -:DEST is stdin',
    },
  ]),
  ...group('Dockerfile', BOTH, [
    {
      name: 'file',
      short: 'f',
      value: 'PATH',
      help: 'the Dockerfile: in the context, for a DIR on the host too; - is stdin',
    },
    { name: 'base', value: 'REF', help: 'no Dockerfile: copy the context onto REF' },
    {
      name: 'change',
      short: 'c',
      value: 'INSTRUCTION',
      many: true,
      help: 'an instruction behind --base, as in docker import',
    },
  ]),
  ...group('Strictness', BOTH, [
    { name: 'ignore-trailing', help: 'let data behind the end-of-archive pass' },
    { name: 'allow-unterminated', help: 'take a tar that ends between two entries' },
    { name: 'allow-no-dockerfile', help: 'take a context without its Dockerfile' },
  ]),
  ...group('Image', BUILD, [
    { name: 'tag', short: 't', value: 'NAME', many: true, help: "the image's name" },
    { name: 'build-arg', value: 'KEY[=VALUE]', many: true, help: 'set an ARG' },
    { name: 'label', value: 'KEY=VALUE', many: true, help: 'set a label' },
    { name: 'target', value: 'STAGE', help: 'build up to this stage' },
    { name: 'platform', value: 'OS/ARCH', many: true, help: 'build for this platform' },
    { name: 'no-cache', help: 'build every step anew' },
    { name: 'pull', help: 'look for newer bases' },
    { name: 'network', value: 'MODE', help: 'network of RUN: default, none, host' },
    { name: 'add-host', value: 'HOST:IP', many: true, help: 'a host that RUN can reach by name' },
    { name: 'build-context', value: 'NAME=REF', many: true, help: 'a further context' },
  ]),
  ...group('Engine and output', BUILD, [
    {
      name: 'engine',
      value: 'ENGINE',
      help: 'auto, docker or embedded (default: DOCKERCEPTION_ENGINE, or auto)',
      choices: ['auto', 'docker', 'embedded'],
    },
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      many: true,
      help: 'write an archive: FILE, -, or type=oci|docker|tar|local,dest=PATH',
    },
    { name: 'push', help: 'push the image to its registry' },
    { name: 'load', help: 'load the image into the engine, whoever built it' },
    {
      name: 'compression',
      value: 'TYPE',
      help: 'of layers written here: gzip, zstd or none (default gzip)',
      choices: ['gzip', 'zstd', 'none'],
    },
    {
      name: 'compression-level',
      value: 'N',
      help: 'from 1, the fastest, to 9 (gzip) or 19 (zstd)',
    },
    INSECURE,
    { name: 'iidfile', value: 'FILE', help: 'write the image ID to FILE' },
    {
      name: 'metadata-file',
      value: 'FILE',
      help: 'write what is known of the image to FILE, as JSON',
    },
    {
      name: 'progress',
      value: 'MODE',
      help: 'auto, plain, tty, rawjson or quiet',
      choices: ['auto', 'plain', 'tty', 'rawjson', 'quiet'],
    },
    {
      name: 'quiet',
      short: 'q',
      help: 'print the image ID, errors, and important warnings alone',
    },
  ]),
  ...group('Output', ['filter'], [{ name: 'quiet', short: 'q', help: 'say nothing but errors' }]),
  ...group('View', INSPECT, [
    { name: 'list', help: 'every name with mode, owner, size and time, as tar tv' },
    { name: 'cat', value: 'PATH', help: 'write the content of the file PATH to standard output' },
    { name: 'depth', value: 'N', help: 'show N levels of the tree (default 3)' },
    { name: 'all', help: 'fold nothing: the whole tree, every finding' },
    { name: 'diff', value: 'TARGET', help: 'what is gone, stayed, or new in this one' },
    { name: 'json', help: 'write JSON (docs/inspect-json.md)' },
    {
      name: 'html',
      value: 'FILE',
      help: 'write a page to look at to FILE, or - for standard output',
    },
    { name: 'quiet', short: 'q', help: 'say nothing but errors and limits that are exceeded' },
  ]),
  ...group('Target', INSPECT, [
    { name: 'platform', value: 'OS/ARCH', help: 'which image of several platforms' },
    INSECURE,
  ]),
  ...group('Limits', LIMITED, [
    {
      name: 'max-size',
      value: 'SIZE',
      help: 'bytes of all files in all layers: 10MB, 512KiB; more is exit code 6',
    },
    { name: 'max-layers', value: 'N', help: 'layers that there may be' },
    {
      name: 'max-waste',
      value: 'SIZE',
      help: 'bytes hidden or repeated, or a part of the size: 5%',
    },
    {
      name: 'deny',
      value: 'PATTERN',
      many: true,
      help: "no path may match, in .dockerignore's syntax: '**/*.c'",
    },
    { name: 'deny-setuid', help: 'no file may be setuid or setgid' },
    { name: 'deny-ids', help: 'no owner may be above 65535: rootless engines can not map it' },
    { name: 'must-run', help: 'nothing may be found that keeps the image from starting' },
  ]),
  ...group('Check', BUILD, [
    { name: 'no-check', help: "don't look into the image that was built" },
  ]),
  ...group('Help', ALL, [
    { name: 'help', short: 'h', help: 'show this help' },
    { name: 'version', help: 'show the version' },
  ]),
];
