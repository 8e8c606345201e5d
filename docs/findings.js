/** docs/findings.md: every finding of the source, with its severity and meaning. */
import { MISSING, START, UNWANTED } from '../dist/inspect/findings/catalogue.js';

const INTRODUCTION = `# Findings

\`inspect\` reports problems of an image or a context. \`build\` reports errors and warnings of the image that it built.

- **error**: the image does not start, or discloses a secret
- **warning**: it should be changed
- **info**: for information

Each finding is one line with a stable id, a path and a remedy. Related files are combined: headers by their directory, and at most
twenty findings of one id are listed. Nothing is run: findings derive from names, attributes, contents and the configuration.
`;

const START_NOTE = `## The image does not start

These checks apply to images for Linux. They cover the entry point and command, programs that a shell (\`sh -c 'app --flag'\`) or an init
(\`tini -- app\`) starts, the interpreters of scripts, and the loader and libraries of dynamic programs. Libraries are found as the loader
finds them: \`RPATH\`, \`LD_LIBRARY_PATH\`, \`RUNPATH\`, \`/etc/ld.so.cache\` and the default directories; musl reads
\`/etc/ld-musl-*.path\`. Shell code such as \`cd /app && ./run\` is not evaluated.
`;

const UNWANTED_NOTE = `## Files that do not belong in an image

Compilers, headers, libraries and sources are only reported in images. Secrets are recognised by their complete form, in the first 64 KiB
of text files: a header without a key, a placeholder, or a reference such as \`\${NPM_TOKEN}\` is not a secret. Files of packages
(\`/usr/share\`, \`node_modules\`) are not searched for tokens; a key there, or among tests and examples, is a \`secret-sample\`.
`;

const MISSING_NOTE = `## Files that are probably missing

These checks consider the program that runs, and programs outside of the distribution's packages: whether they link or contain an
implementation of TLS (Go, rustls, OpenSSL), and whether they embed certificates or time zones.
`;

/** @typedef {Readonly<Record<string, { readonly severity: string; readonly summary: string }>>} Kinds */

/** @param {Kinds} kinds */
function table(kinds) {
  const rows = Object.entries(kinds).map(
    ([id, { severity, summary }]) => `| \`${id}\` | ${severity} | ${summary} |`,
  );
  return `| id | severity | meaning |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** @returns {string} */
export function findingsMarkdown() {
  const parts = [INTRODUCTION, START_NOTE, table(START), UNWANTED_NOTE, table(UNWANTED)];
  return [...parts, MISSING_NOTE, table(MISSING)].join('\n');
}
