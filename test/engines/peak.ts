/** The most memory that a process had, told by itself. */

/** For `--import`: as it ends, it writes its peak, in kB, to the file `PEAK`. Nobody who looks from outside sees the very last of it. */
export const REPORT_PEAK = `data:text/javascript,${encodeURIComponent(
  `import { readFileSync, writeFileSync } from 'node:fs';
   process.on('exit', () => {
     const [, peak] = /VmHWM:\\s*(\\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'));
     writeFileSync(process.env.PEAK, peak);
   });`,
)}`;
