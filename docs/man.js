/** Writes dist/dockerception.1, the manual page, from the option table; part of the build. */
import { readFileSync, writeFileSync } from 'node:fs';
import { OPTIONS } from '../dist/cli/arguments/flags.js';
import { commandOf, EXIT, USAGE, valueOf } from '../dist/cli/help.js';
import { VERBS } from '../dist/options/schema.js';

/** @type {unknown} */
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const { version } = /** @type {{ version: string }} */ (manifest);

/** Text in which no character is a request of roff. @param {string} text */
function roff(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

/** A text with its indented examples as they are. @param {string} text */
function description(text) {
  return text
    .trim()
    .split('\n\n')
    .map((part) => {
      const isExample = part.startsWith('  ');
      return isExample ? `.PP\n.nf\n${roff(part)}\n.fi` : `.PP\n${roff(part)}`;
    });
}

/** @param {import('../dist/options/schema.js').Flag} spec */
function option(spec) {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const many = spec.many ? '; may be given several times' : '';
  return `.TP\n.B ${roff(`${short}--${spec.name}${valueOf(spec)}`)}\n${roff(spec.help + many)}`;
}

function manualPage() {
  const groups = [...new Set(OPTIONS.map(({ group }) => group))];
  const lines = [
    `.TH DOCKERCEPTION 1 "" "dockerception ${version}" "User Commands"`,
    '.SH NAME',
    'dockerception \\- turns a tar stream with a Dockerfile into a container image',
    '.SH SYNOPSIS',
    ...VERBS.map((verb, at) => `${at === 0 ? '' : '.br\n'}.B ${roff(commandOf(verb))}`),
    '.SH DESCRIPTION',
    ...VERBS.flatMap((verb) => [
      `.SS ${verb}`,
      ...description(USAGE[verb].text)
        .join('\n')
        .replace(/^\.PP\n/, '')
        .split('\n'),
    ]),
    '.SH OPTIONS',
    ...groups.flatMap((group) => {
      const specs = OPTIONS.filter((spec) => spec.group === group);
      const verbs = specs[0]?.verbs ?? [];
      const title = verbs.length === VERBS.length ? group : `${group} (${verbs.join(', ')})`;
      return [`.SS ${title}`, ...specs.map(option)];
    }),
    '.SH EXIT STATUS',
    roff(EXIT.trim()),
  ];
  return `${lines.join('\n')}\n`;
}

writeFileSync(new URL('../dist/dockerception.1', import.meta.url), manualPage());
