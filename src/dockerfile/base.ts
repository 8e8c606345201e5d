/**
 * The Dockerfile of `--base`: a base, the whole context copied to `/`, then the instructions
 * that `-c` gave, as `docker import --change` has them. The context moves into a folder of its
 * own, so that the Dockerfile itself isn't copied.
 */
import { DockerceptionError } from '../errors.js';

/** Where the context goes, below the root of what the engine gets. No message names it. */
export const BASE_FOLDER = '.context';

/** Instructions that make sense behind the copy. */
const INSTRUCTIONS =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s+\S/i;

/** The text. Throws USAGE_CHANGE for what isn't an instruction, USAGE_BASE for what isn't a name. */
export function baseDockerfile(base: string, changes: readonly string[]): string {
  if (!/^\S+$/.test(base)) {
    const message = `reading --base: '${base}' is not the name of an image`;
    throw new DockerceptionError('usage', 'USAGE_BASE', message);
  }
  for (const change of changes) {
    if (INSTRUCTIONS.test(change.trim())) continue;
    const message = `reading --change: '${change}' is not an instruction that can stand behind FROM`;
    throw new DockerceptionError('usage', 'USAGE_CHANGE', message, {
      hint: `as in a Dockerfile: -c 'CMD ["/app"]'`,
    });
  }
  return [
    `FROM ${base}`,
    `COPY ${BASE_FOLDER}/ /`,
    ...changes.map((change) => change.trim()),
    '',
  ].join('\n');
}

/** A text of an engine, or of a check of the moved entries, with the names that the user knows. */
export function withoutBaseFolder(text: string): string {
  return text
    .replaceAll(`COPY ${BASE_FOLDER}/ /`, 'COPY . /')
    .replaceAll(new RegExp(`(?<![^\\s'":=(])(/?)${BASE_FOLDER.replace('.', '\\.')}/`, 'g'), '$1');
}
