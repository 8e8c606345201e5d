/** The help text, made from the option table. */
import type { Flag, Verb } from '../options/schema.js';
import { OPTIONS } from './arguments/flags.js';

const USAGE: Readonly<Record<Verb, string>> = {
  build: `Usage: dockerception [build] [OPTIONS] [CONTEXT]
       dockerception filter  [OPTIONS] [CONTEXT]
       dockerception inspect [OPTIONS] TARGET

Turns a streamed tar context into an image: corrects it in flight, and never builds from part of
a stream. CONTEXT is a directory, a tar file, or - for standard input (the default in a pipe).

  builder | dockerception -t app               into the available engine, or into app.tar
  builder | dockerception -t app -o app.tar    no engine needed: an image archive
  builder | dockerception -t host/app --push   no engine needed: straight to a registry
  builder | dockerception filter | docker build -t app -
  dockerception --from DIR -t app              builds DIR as the builder, runs it, builds its tar
`,
  filter: `Usage: dockerception filter [OPTIONS] [CONTEXT]

Passes a tar context on, corrected: owners 0:0, safe names, and recognised by every builder.

  builder | dockerception filter | docker build -t app -
`,
  inspect: `Usage: dockerception inspect [OPTIONS] [TARGET]

Shows what is inside: layers, sizes, waste, and what keeps an image from starting. TARGET is a context
(a directory, a tar, or - for standard input), an image archive, a layout or dir: directory, an image
that the engine has, or docker-image://REF for one in a registry.

  dockerception inspect app.tar
  builder | dockerception inspect -
  dockerception inspect builder:latest --diff app:latest --html report.html
  dockerception inspect app.tar --max-size 10MB --deny '**/*.c' --deny-setuid --must-run
`,
};

const EXIT = `Exit codes: 0 done, 1 the build failed, 2 wrong command line, 3 bad context, 4 the builder failed,
5 no engine or registry, 6 a limit exceeded, 130 interrupted, 143 terminated.
`;

export function helpText(verb: Verb): string {
  const specs = OPTIONS.filter((spec) => spec.verbs.includes(verb));
  const groups = [...new Set(specs.map((spec) => spec.group))];
  const sections = groups.map((name) => {
    const rows = specs.filter((spec) => spec.group === name).map(row);
    return `${name}:\n${rows.join('')}`;
  });
  return `${USAGE[verb]}\n${sections.join('\n')}\n${EXIT}`;
}

function row(spec: Flag): string {
  const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
  const left = `  ${short}--${spec.name}${valueOf(spec)}`;
  return `${left.padEnd(34)}${left.length > 33 ? `\n${' '.repeat(34)}` : ''}${spec.help}\n`;
}

/** The value as help and docs show it after the name. */
export function valueOf({ value, optional }: Flag): string {
  if (value === undefined) return '';
  return optional ? `[=${value}]` : ` ${value}`;
}
