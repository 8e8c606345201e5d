/** For `--import`: on exit, the process writes its peak resident memory in bytes to the file `$PEAK`. */
import { readFileSync, writeFileSync } from 'node:fs';

process.on('exit', () => {
  const status = readFileSync('/proc/self/status', 'latin1');
  writeFileSync(
    String(process.env['PEAK']),
    `${Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) * 1024}`,
  );
});
