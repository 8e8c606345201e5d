/** The verbs that explain the command line, called wrongly: one clear line, and exit code 2. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

const run = (
  ...args: readonly string[]
): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [BIN, ...args], { encoding: 'utf8' });

it.each([
  ['help inspekt', "there is no verb 'inspekt'", 'did you mean inspect? the verbs are build, '],
  ['help everything', "there is no verb 'everything'", 'the verbs are build, filter, '],
  ['help build filter', 'help takes one verb, not 2: build filter', ''],
  ['help --verbose', 'unknown option --verbose', ''],
  ['help --quiet', "'help' has no option --quiet", "it belongs to 'dockerception build'"],
  ['help --all=some', '--all takes no value', ''],
  ['hlep', 'hlep is neither a verb nor a context that is there', 'did you mean help?'],
  ['--all', '--all is an option of --help', ''],
  ['filter --all', '--all is an option of --help', ''],
  ['completion', 'completion needs the name of a shell', 'the shells are bash, zsh, fish'],
  ['completion tcsh', "there is no completion for 'tcsh'", 'the shells are bash, zsh, fish'],
  ['completion bash zsh', 'completion takes one shell, not 2: bash zsh', 'the shells are '],
  ['completion --bash', 'unknown option --bash', ''],
  ['completion bash --quiet', "'completion' has no option --quiet", ''],
  [
    'compleiton bash',
    'compleiton is neither a verb nor a context that is there',
    'did you mean completion?',
  ],
  ['doctor .', 'doctor takes nothing, not .', ''],
  ['doctor --json=2', '--json takes no value', ''],
  [
    'doctor --engine docker',
    "'doctor' has no option --engine",
    "it belongs to 'dockerception build'",
  ],
  ['doctor --verbose', 'unknown option --verbose', ''],
  ['doctor --all', '--all is an option of --help', ''],
  ['docter', 'docter is neither a verb nor a context that is there', 'did you mean doctor?'],
  ['plugin', 'plugin takes install or uninstall, not nothing', 'dockerception plugin install'],
  ['plugin remove', 'plugin takes install or uninstall, not remove', ''],
  ['plugin install me', 'plugin takes install or uninstall, not install me', ''],
  ['plugin install --force', 'unknown option --force', ''],
  ['version 2', 'version takes nothing, not 2', ''],
  ['version --json', "'version' has no option --json", ''],
])('refuses %s with one line and a hint', (args, message, hint) => {
  const { status, stdout, stderr } = run(...args.split(' '));
  expect(stderr.split('\n')).toEqual([
    `dockerception: reading the command line: ${message}`,
    expect.stringContaining(`hint: ${hint}`),
    '',
  ]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});

it.each([
  ['help', '--help'],
  ['help filter --all', 'filter --help --all'],
  ['version', '--version'],
])('prints the same for %s and %s', (verb, option) => {
  const { status, stdout, stderr } = run(...verb.split(' '));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe(run(...option.split(' ')).stdout);
});
