/**
 * SIGINT and SIGTERM end the work in order: the first asks, the second doesn't wait. What is temporary is removed
 * in either case (files/temporary-path.ts).
 */
import { DockerceptionError } from '../errors.js';

/**
 * Aborted with an error of kind interrupted or terminated. Call `release` at the end: after it, a first signal
 * ends the process as any other, and a second one with the exit code of the first.
 */
export function onSignals(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const listen = (
    name: 'SIGINT' | 'SIGTERM' | 'SIGHUP',
    kind: 'interrupted' | 'terminated',
    code: number,
  ): (() => void) => {
    const heard = (): void => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(
        new DockerceptionError(kind, name, kind === 'interrupted' ? 'interrupted' : 'terminated'),
      );
    };
    process.on(name, heard);
    return () => process.off(name, heard);
  };
  const release = [
    listen('SIGINT', 'interrupted', 130),
    listen('SIGTERM', 'terminated', 143),
    listen('SIGHUP', 'terminated', 129),
  ];
  return {
    signal: controller.signal,
    release() {
      if (!controller.signal.aborted) release.forEach((off) => off());
    },
  };
}
