/** Prints "PASSED FAILED" from a vitest JSON report; a run that failed without a failed test counts one. */
import { readFileSync } from 'node:fs';

const [, , report, status] = process.argv;
let passed = 0;
let failed = 0;
try {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(String(report), 'utf8'));
  const counts = /** @type {{ numPassedTests: number, numFailedTests: number }} */ (parsed);
  passed = counts.numPassedTests;
  failed = counts.numFailedTests;
} catch (error) {
  console.error(`reading ${report}: ${String(error)}`);
}
if (failed === 0 && (status !== '0' || passed === 0)) failed = 1;
console.log(passed, failed);
