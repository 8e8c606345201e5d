/** Which instruction made which layer: OCI image-spec, config.md, "history". */
import type { ImageConfig } from '../../image/config.js';

/** One for each layer; undefined where the history tells nothing, or doesn't fit the layers. */
export function createdBy(
  config: ImageConfig | undefined,
  layers: number,
): readonly (string | undefined)[] {
  const made = (config?.history ?? []).filter(({ empty_layer: empty }) => empty !== true);
  if (made.length !== layers) return new Array<undefined>(layers).fill(undefined);
  return made.map(({ created_by: by }) => (by ? tidy(by) : undefined));
}

const SHELL = '/bin/sh -c ';
const NOTHING = '#(nop) ';

/** As it stands in a Dockerfile: without the shell that the classic builder and BuildKit put around it. */
function tidy(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const plain = line.replace(/ # buildkit$/, '');
  const told = plain.replace(/^RUN /, '');
  // `|2 A=1 B=2 /bin/sh -c …`: the build's arguments stand in front.
  const start = /^\|\d+ /.test(told) ? told.indexOf(SHELL) : told.startsWith(SHELL) ? 0 : -1;
  if (start === -1) return plain;
  const command = told.slice(start + SHELL.length);
  return command.startsWith(NOTHING) ? command.slice(NOTHING.length).trim() : `RUN ${command}`;
}
