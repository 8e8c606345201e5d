/**
 * Images for Windows are refused: their layers have a form of their own (`Files/`, `Hives/`), and their
 * commands, paths and variables follow other rules.
 */
import { DockerceptionError, type ErrorKind } from '../../../errors.js';

const WINDOWS = 'windows';

/** @throws DockerceptionError `PLATFORM_WINDOWS` if an operating system is Windows */
export function refuseWindows(os: string, subject: string, kind: ErrorKind = 'build'): void {
  if (os.toLowerCase() !== WINDOWS) return;
  const message = `${subject}: the embedded engine builds no images for Windows`;
  throw new DockerceptionError(kind, 'PLATFORM_WINDOWS', message, {
    hint: 'BuildKit can build it: --engine docker',
  });
}
