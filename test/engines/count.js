/**
 * Prints "PASSED FAILED" from a vitest JSON report, and what failed to standard error; a run that failed without a
 * failed test counts one.
 */
import { readFileSync } from 'node:fs';

/** @typedef {{ status: string, fullName: string, failureMessages: string[] }} Test */
/** @typedef {{ numPassedTests: number, numFailedTests: number, testResults: { name: string, assertionResults: Test[] }[] }} Report */

const [, , report, status] = process.argv;
let passed = 0;
let failed = 0;
try {
  /** @type {unknown} */
  const parsed = JSON.parse(readFileSync(String(report), 'utf8'));
  const { numPassedTests, numFailedTests, testResults } = /** @type {Report} */ (parsed);
  passed = numPassedTests;
  failed = numFailedTests;
  for (const file of testResults)
    for (const test of file.assertionResults)
      if (test.status === 'failed')
        console.error(
          `FAILED: ${file.name} > ${test.fullName}: ${test.failureMessages[0]?.split('\n')[0]}`,
        );
} catch (error) {
  console.error(`reading ${report}: ${String(error)}`);
}
if (failed === 0 && (status !== '0' || passed === 0)) {
  failed = 1;
  console.error(`FAILED: a run of vitest, exit code ${status}`);
}
console.log(passed, failed);
