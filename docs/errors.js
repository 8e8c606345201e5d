/** docs/errors.md: every error code of the source, with its kinds, exit codes, cause and remedy. */
import { EXIT_CODES } from '../dist/cli/exit.js';
import { ERROR_CODES } from '../dist/error-codes.js';

const INTRODUCTION = `# Errors

Every failure that the command line or the library reports has a \`kind\`, which decides the exit code, and a \`code\`,
which stays the same from version to version. The library throws a \`DockerceptionError\` with both, the \`message\`, often a
\`hint\`, and the \`cause\`. The command line prints the message and the hint.

A code with several kinds depends on the verb: what is wrong with an image is of kind build in a build, and of kind context
in \`inspect\`. \`inspect\` reports an image that doesn't exist, or not for the platform, as usage.

| kind | exit code |
| --- | --- |
KINDS

## Codes

| code | kind | cause | remedy |
| --- | --- | --- | --- |
ROWS
`;

/** @returns {string} */
export function errorsMarkdown() {
  const kinds = Object.entries(EXIT_CODES).map(([kind, code]) => `| ${kind} | ${code} |`);
  const rows = Object.entries(ERROR_CODES).map(([code, row]) => {
    const [kind = '', cause, remedy] = row.split(' | ');
    return `| \`${code}\` | ${kind} | ${cause} | ${remedy} |`;
  });
  return INTRODUCTION.replace('KINDS', () => kinds.join('\n')).replace('ROWS', () =>
    rows.join('\n'),
  );
}
