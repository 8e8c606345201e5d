/** Which instruction made which layer: OCI image-spec, config.md, "history". */
import type { ImageConfig } from '../image/config.js';

/** One for each layer; undefined where the history tells nothing, or doesn't fit the layers. */
export function createdBy(
  config: ImageConfig | undefined,
  layers: number,
): readonly (string | undefined)[] {
  const made = (config?.history ?? []).filter(({ empty_layer: empty }) => empty !== true);
  if (made.length !== layers) return new Array<undefined>(layers).fill(undefined);
  return made.map(({ created_by: by }) => (by ? tidy(by) : undefined));
}

/** As it stands in a Dockerfile: without the shell that the classic builder and BuildKit put around it. */
function tidy(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const nop = /^(?:\|\d+ .*?)?\/bin\/sh -c #\(nop\) +(.*)$/.exec(line);
  if (nop !== null) return (nop[1] as string).trim();
  const run = /^(?:RUN )?(?:\|\d+ (?:\S+=.*? )?)?\/bin\/sh -c (.*?)(?: # buildkit)?$/.exec(line);
  if (run !== null) return `RUN ${run[1]}`;
  return line.replace(/ # buildkit$/, '');
}
