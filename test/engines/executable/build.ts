/** The single executables of the tool, on what `npm run build` made. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../commands.js';
import { BIN } from '../support.js';

const SCRIPT = join(ROOT, 'src/cli/binary.js');
const SOURCES = [SCRIPT, BIN, join(ROOT, 'dist/bin/main.js')];

/** The path of the executable for a platform. */
export const executableOf = (platform: string): string =>
  join(ROOT, `dist/dockerception-${platform}`);

/** Builds the executables that are missing or older than the program. */
export function buildExecutables(...platforms: readonly string[]): void {
  const built = Math.max(...SOURCES.map(timeOf));
  const old = platforms.filter((platform) => timeOf(executableOf(platform)) <= built);
  if (old.length > 0) execFileSync(process.execPath, [SCRIPT, ...old], { stdio: 'pipe' });
}

const timeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
