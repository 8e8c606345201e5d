/** docs/command-line.md, from the tables of flags. */
import { DOCKER_OPTIONS } from '../dist/cli/arguments/docker-options.js';
import { OPTIONS } from '../dist/cli/arguments/flags.js';
import { commandOf, USAGE, valueOf } from '../dist/cli/help.js';
import { VERBS } from '../dist/options/schema.js';

const INTRODUCTION = `# The command line

${verbLines()}
CONTEXT is a directory (with its \`.dockerignore\`, as \`docker build DIR\` sees it), a tar file, or \`-\` for
standard input, which is the default when that isn't a terminal. gzip, zstd, xz and bzip2 are recognised
by their first bytes. TARGET is any of these, or an image: an archive, a layout or \`dir:\` directory, one
in the engine, or \`docker-image://REF\` ([inspect](inspect.md)).
`;

const INSTALLATION = `## Installation

| command | what it installs |
| --- | --- |
| \`npm install --global .\` | a link to this folder, such as a clone, which is built first |
| \`npm install --global dockerception-VERSION.tgz\` | a file of \`npm pack\` or of a release |
| \`npm install --global git+URL\` | a commit of a repository, which is built first: \`git+https://…#v0.1.0\` |
| \`npm run build:binary\` | \`dist/dockerception-linux-x64\`, one executable that needs no Node |

npm installs the manual page, too: \`man dockerception\`. The first and the third need the registry of npm for the tools of the build;
npm asks to allow the script \`prepare\` where scripts are not allowed.
`;

const DOCKER = `## Options of \`docker build\`

These are accepted and have no effect, for scripts: NONE.

The others of \`docker build\` and \`docker buildx build\` are refused by name, with the reason. They work in
\`dockerception filter … | docker build OPTIONS -\`: OTHERS. \`-c\` is \`--change\`, as for \`docker import\`.
`;

const EXIT_CODES = `## Exit codes

Every error code is in [errors](errors.md).

| code     | meaning                                                                                 |
| -------- | --------------------------------------------------------------------------------------- |
| 0        | the image was built, or the whole tar was written                                                   |
| 1        | the build failed (the message is the engine's), or the output can't be written |
| 2        | the command line is wrong                                                               |
| 3        | the context is bad: empty, not a tar, cut short, corrupt, unsafe, without its Dockerfile |
| 4        | the builder failed; its exit code is in the message                                     |
| 5        | an engine or a registry can't be reached, or refused the credentials                    |
| 6        | a limit (\`--max-size\`, \`--deny\`, \`--must-run\`, …) is exceeded |
| 130, 143 | interrupted, terminated: no image tagged, no temporary file left                        |

## Environment

| variable                                                         | meaning                                     |
| ---------------------------------------------------------------- | ------------------------------------------- |
| \`SOURCE_DATE_EPOCH\` | caps every time stamp, as \`--clamp-mtime\`; the creation time of images of the embedded engine |
| \`DOCKERCEPTION_ENGINE\`                                           | as \`--engine\`                               |
| \`DOCKER_HOST\`, \`DOCKER_CONTEXT\`, \`DOCKER_CONFIG\`                 | name the engine and its credentials         |
| \`DOCKER_TLS_VERIFY\`, \`DOCKER_CERT_PATH\`, \`DOCKER_API_VERSION\`    | as for the docker CLI                       |
| \`DOCKER_BUILDKIT\`                                                | 0 builds with the classic builder           |
| \`BUILDX_BUILDER\`, \`BUILDKIT_HOST\` | name a BuildKit, as \`--builder\`, which overrides both; the first overrides the second |
| \`XDG_CACHE_HOME\`, \`TMPDIR\` | the folder of caches without \`--cache-dir\`, and of temporary contents |
| \`HTTPS_PROXY\`, \`HTTP_PROXY\`, \`NO_PROXY\` | the proxy for registries |
| \`BUILDKIT_PROGRESS\`, \`NO_COLOR\`, \`TERM\`                          | the display                                 |
`;

/** @returns {string} */
export function commandLineMarkdown() {
  const groups = [...new Set(OPTIONS.map((spec) => spec.group))];
  const sections = groups.map((group) => {
    const specs = OPTIONS.filter((spec) => spec.group === group);
    const verbs = specs[0]?.verbs ?? [];
    const names = verbs.map((verb) => `\`${verb}\``).join(' and ');
    const only = verbs.length <= 2 ? `Options of ${names}.\n\n` : '';
    const rows = specs.map((spec) => {
      const short = spec.short === undefined ? '' : `-${spec.short}, `;
      const many = spec.many ? '; may be given several times' : '';
      return `| \`${short}--${spec.name}${valueOf(spec)}\` | ${spec.help}${many} |`;
    });
    return `## ${group}\n\n${only}| option | meaning |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
  return [INTRODUCTION, ...sections, dockerOptions(), EXIT_CODES, INSTALLATION].join('\n');
}

function verbLines() {
  const commands = VERBS.map(commandOf);
  const width = Math.max(...commands.map(({ length }) => length));
  return VERBS.map(
    (verb, at) => `    ${commands[at]?.padEnd(width)}    ${USAGE[verb].summary}\n`,
  ).join('');
}

function dockerOptions() {
  const named = (/** @type {readonly string[]} */ names) =>
    names.map((name) => `\`--${name}\``).join(', ');
  const none = DOCKER_OPTIONS.filter(({ missing }) => missing === undefined);
  const others = DOCKER_OPTIONS.filter(({ missing }) => missing !== undefined);
  return DOCKER.replace('NONE', named(none.map(({ name }) => name))).replace(
    'OTHERS',
    named(others.map(({ name }) => name)),
  );
}
