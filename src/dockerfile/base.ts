/**
 * The Dockerfile of `--base`: the base, the context copied to `/`, and the instructions of `-c`, as in `docker import
 * --change`. The context is moved into a folder, so that the Dockerfile itself isn't copied.
 */
import { DockerceptionError } from '../errors.js';

/** The folder of the context in what the engine gets; messages don't name it. */
export const BASE_FOLDER = '.context';

const INSTRUCTIONS =
  /^(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\s+\S/i;

/** @throws DockerceptionError `USAGE_BASE`, `USAGE_CHANGE` */
export function baseDockerfile(base: string, changes: readonly string[]): string {
  if (!/^\S+$/.test(base)) {
    const message = `reading the option 'base': '${base}' is not the name of an image`;
    throw new DockerceptionError('usage', 'USAGE_BASE', message);
  }
  for (const change of changes) {
    if (INSTRUCTIONS.test(change.trim())) continue;
    const message = `reading the option 'changes': '${change}' is not an instruction that can follow FROM`;
    throw new DockerceptionError('usage', 'USAGE_CHANGE', message, {
      hint: 'as in a Dockerfile: `changes: \'CMD ["/app"]\'`',
    });
  }
  return [
    `FROM ${base}`,
    `COPY ${BASE_FOLDER}/ /`,
    ...changes.map((change) => change.trim()),
    '',
  ].join('\n');
}

/** A message with the names in the user's context. */
export function withoutBaseFolder(text: string): string {
  return text
    .replaceAll(`COPY ${BASE_FOLDER}/ /`, 'COPY . /')
    .replaceAll(new RegExp(`(?<![^\\s'":=(])(/?)${BASE_FOLDER.replace('.', '\\.')}/`, 'g'), '$1');
}
