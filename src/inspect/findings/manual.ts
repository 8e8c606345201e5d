/** Generates docs/findings.md from the catalogue, for `npm run docs`. */
import { MISSING, START, UNWANTED } from './catalogue.js';

const INTRODUCTION = `# Findings

What \`inspect\` has to say about an image or a context beyond what is in it. \`build\` prints those of
severity error and warning for the image that it made.

- **error**: it won't start, or it gives a secret away
- **warning**: it should not stay so
- **info**: good to know

Each has an id that doesn't change, the path that it is about, and what to do, all in one line. What
there is much of comes together: headers by their folder, no more than twenty findings of one id. Nothing
is run: it is all read from the names, attributes and contents of files, and the image's configuration.
`;

const START_NOTE = `## It can't start

Looked for in images for Linux: the entry point and command, what a shell (\`sh -c 'app --flag'\`) or an init
(\`tini -- app\`) starts in turn, the interpreters of scripts, the loader and libraries of dynamic programs.
Libraries are looked for as the loader does it: \`RPATH\`, \`LD_LIBRARY_PATH\`, \`RUNPATH\`, \`/etc/ld.so.cache\`,
its own directories; musl's \`/etc/ld-musl-*.path\`. What only a shell can tell, such as \`cd /app && ./run\`, is
left alone.
`;

const UNWANTED_NOTE = `## It doesn't belong there

Compilers, headers, libraries and sources are looked for in images alone. Secrets are recognised by
their whole form, in the first 64 KiB of text files: a header without a key, a placeholder, a reference such
as \`\${NPM_TOKEN}\` is none. Tokens are not looked for in what packages bring (\`/usr/share\`, \`node_modules\`);
a key there, or among tests and examples, is a \`secret-sample\`.
`;

const MISSING_NOTE = `## It is missing where it is likely needed

By what runs, and by programs that no distribution brought: whether they link a library for TLS or have one
in them (Go, rustls, OpenSSL), and whether they carry authorities or time zones themselves.
`;

type Kinds = Readonly<Record<string, { readonly severity: string; readonly summary: string }>>;

export function findingsMarkdown(): string {
  const table = (kinds: Kinds): string => {
    const rows = Object.entries(kinds).map(
      ([id, { severity, summary }]) => `| \`${id}\` | ${severity} | ${summary} |`,
    );
    return `| id | severity | what it means |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  };
  const sections = [
    [START_NOTE, START],
    [UNWANTED_NOTE, UNWANTED],
    [MISSING_NOTE, MISSING],
  ] as const;
  return [INTRODUCTION, ...sections.flatMap(([note, kinds]) => [note, table(kinds)])].join('\n');
}
