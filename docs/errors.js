/** docs/errors.md: a section for every error code of the source, with its kinds, cause and remedy. */
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

The next sections are the codes in alphabetical order, each with its kinds, the cause, and the remedy.
[Troubleshooting](troubleshooting.md) starts from what a command prints.

SECTIONS
`;

/** @returns {string} */
export function errorsMarkdown() {
  const kinds = Object.entries(EXIT_CODES).map(([kind, code]) => `| ${kind} | ${code} |`);
  const sections = Object.entries(ERROR_CODES).map(([code, row]) => {
    const [kind = '', cause, remedy] = row.split(' | ');
    return `## ${code}\n\nKind: ${kind}. ${cause}\n\n**Remedy:** ${remedy}`;
  });
  return INTRODUCTION.replace('KINDS', () => kinds.join('\n')).replace('SECTIONS', () =>
    sections.join('\n\n'),
  );
}
