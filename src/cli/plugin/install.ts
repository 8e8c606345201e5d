/** `dockerception plugin`: installs this program as `docker ception`, or removes it. */
import fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { DockerceptionError } from '../../errors.js';
import { keepFolder } from '../../files/make-folder.js';
import { TemporaryPath } from '../../files/temporary-path.js';
import { outputFailure } from '../../files/write-error.js';
import { configFolder } from '../../image/credentials/docker-config.js';
import { printable } from '../../text/printable.js';
import { shellQuote } from '../../text/shell-quote.js';
import { usage } from '../arguments/flags.js';
import { PLUGIN } from './docker.js';

/** How the script begins by which the program is recognised. */
const HEAD = '#!/bin/sh\n# Written by `dockerception plugin install`: docker runs this program';
/** Bytes that no such script exceeds. */
const MAX_SCRIPT = 16_384;

export const ACTIONS = ['install', 'uninstall'] as const;

/**
 * Installs or removes the plugin in the folder of docker's configuration. Returns the text to print.
 * @throws DockerceptionError of kind usage, PLUGIN_EXISTS, for a file of another program; of kind output, if it can't be
 *   written
 */
export function changePlugin(operands: readonly string[], env: NodeJS.ProcessEnv): string {
  const action = ACTIONS.find((one) => one === operands[0]);
  if (action === undefined || operands.length > 1) {
    const given = operands.length === 0 ? 'nothing' : operands.join(' ');
    throw usage(
      `plugin takes ${ACTIONS.join(' or ')}, not ${given}`,
      'dockerception plugin install',
    );
  }
  const path = join(configFolder(env), 'cli-plugins', PLUGIN);
  const program = isSea() ? process.execPath : fs.realpathSync(process.argv[1] ?? '');
  const shown = printable(path, Infinity);
  try {
    const found = fs.lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && !isOwn(path, found)) {
      const message = `changing the docker plugin ${shown}: it is another program's`;
      const hint = 'remove it, or name another folder with DOCKER_CONFIG';
      throw new DockerceptionError('usage', 'PLUGIN_EXISTS', message, { hint });
    }
    if (action === 'uninstall') {
      if (found === undefined) return `${shown} is not installed\n`;
      fs.unlinkSync(path);
      return `${shown} is removed\n`;
    }
    keepFolder(dirname(path));
    write(path, program);
  } catch (error) {
    throw outputFailure(path, error);
  }
  return `${shown} is installed; now \`docker ception --help\` works as \`dockerception --help\`\n`;
}

/** Whether it is a link to an executable of this name, or the script. */
function isOwn(path: string, found: fs.Stats): boolean {
  if (found.isSymbolicLink()) return basename(fs.readlinkSync(path)).startsWith('dockerception');
  return (
    found.isFile() && found.size < MAX_SCRIPT && fs.readFileSync(path, 'utf8').startsWith(HEAD)
  );
}

/** Links to a single executable. Otherwise a script runs the program with this Node, which may not be on docker's PATH. */
function write(path: string, program: string): void {
  const folder = TemporaryPath.folder(dirname(path));
  const partial = join(folder.path, PLUGIN);
  try {
    if (isSea()) fs.symlinkSync(program, partial);
    else {
      const words = [process.execPath, program, PLUGIN].map(shellQuote).join(' ');
      fs.writeFileSync(partial, `${HEAD}\nexec ${words} "$@"\n`, { mode: 0o755 });
    }
    fs.renameSync(partial, path);
  } finally {
    folder.remove();
  }
}
