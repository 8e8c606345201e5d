/** The flags from which parsing, help and the manual derive: those of the library's options, and the command line's own. */
import { DockerceptionError } from '../../errors.js';
import { BUILD } from '../../options/build.js';
import { BUILDER } from '../../options/builder.js';
import { INSPECT } from '../../options/inspect.js';
import { LIMITS } from '../../options/limits.js';
import {
  COMMON,
  type Flag,
  FLAG_GROUPS,
  flagIn,
  flagsOf,
  type Schema,
  VERBS,
} from '../../options/schema.js';

const engine = flagIn('Engine and output');
const view = flagIn('View');
const help = flagIn('Help');

/** The displays of `--progress`, as of `docker buildx build`. */
export const PROGRESS_MODES = ['auto', 'plain', 'tty', 'rawjson', 'quiet'] as const;

/** Flags that set no option of the library. */
const OWN: readonly Flag[] = [
  engine('--iidfile FILE', 'write the image ID to FILE'),
  engine('--metadata-file FILE', 'write metadata of the image to FILE, as JSON'),
  engine('--progress MODE', PROGRESS_MODES.join(', '), { values: PROGRESS_MODES }),
  engine('-q, --quiet', 'print the image ID, errors, and important warnings alone', COMMON),
  flagIn('Output')('-q, --quiet', 'print errors only', COMMON),
  view('--list', 'every name with mode, owner, size and time, as tar tv'),
  view('--cat PATH', 'write the content of the file PATH to standard output'),
  view('--depth N', 'show N levels of the tree (default 3)'),
  view('--all', 'fold nothing: the whole tree, every finding'),
  view('--diff TARGET', 'compare with TARGET: what is gone, stayed, or new', {
    values: ['<image>', '<file>'],
  }),
  view('--json', 'write JSON (docs/inspect-json.md)'),
  view('--html FILE', 'write an HTML page to FILE, or - for standard output'),
  view('-q, --quiet', 'print errors and exceeded limits only'),
  flagIn('Report')('--json', 'write JSON (docs/engines.md)'),
  help('-h, --help', 'show this help', COMMON),
  // For `inspect`, --all is an option of the view.
  help('--all', 'with --help: show every option', {
    isCommon: true,
    verbs: VERBS.filter((verb) => verb !== 'inspect'),
  }),
  help('--version', 'show the version', COMMON),
];

/** In the order of their groups. */
export const OPTIONS: readonly Flag[] = Object.keys(FLAG_GROUPS).flatMap((group) =>
  [...flagsOf(BUILDER, BUILD, INSPECT, LIMITS), ...OWN].filter((flag) => flag.group === group),
);

/** How errors of the library name an option: `owner`, `owner: 1000:1000`, or "the option 'owner'". */
const OPTION = /`(\w+)(?:: ([^`]+))?`|the option '(\w+)(?:\.(\w+))?[^']*'/g;

/** Names options by their flags: --owner, --owner 1000:1000. A value is a part of some flags: --keep-owner. */
export function withFlags(text: string): string {
  // Of two options with a name, that of the build counts.
  const options: Schema = { ...BUILDER, ...INSPECT, ...LIMITS, ...BUILD };
  return text.replace(OPTION, (...groups: (string | undefined)[]) => {
    const [whole, short, value, long, member] = groups as [string, ...(string | undefined)[]];
    const name = short ?? long ?? '';
    const flags = (Object.hasOwn(options, name) && options[name]?.flags) || [];
    const special = [`${value}-${name}`, `${name}-${member}`, value, member];
    const part = flags.find((flag) => special.includes(flag.name));
    const flag = part ?? flags[0];
    if (flag === undefined) return whole;
    const isShort = flag.short !== undefined && long === undefined;
    const shown = isShort ? `-${flag.short}` : `--${flag.name}`;
    if (value === undefined || part !== undefined) return shown;
    return `${shown}${flag.optional ? '=' : ' '}${value}`;
  });
}

export function usage(
  why: string,
  hint = 'dockerception --help --all lists the options',
): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE', `reading the command line: ${why}`, { hint });
}
