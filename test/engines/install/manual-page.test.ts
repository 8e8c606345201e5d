/** The manual page, as `npm install --global` installs it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { OPTIONS } from '../../../src/cli/arguments/flags.js';
import { EXIT } from '../../../src/cli/help.js';

const exec = promisify(execFile);
/** Its date is missing: the same sources give the same page. */
const PAGE = fileURLToPath(new URL(`../../../${manifest.man[0]}`, import.meta.url));

it('has no warning of mandoc or groff', async () => {
  const lint = await exec('mandoc', ['-T', 'lint', '-W', 'warning', PAGE]).catch(
    (error: unknown) => error as { stdout: string },
  );
  const warnings = lint.stdout.split('\n').filter((line) => !/missing date/.test(line));
  expect(warnings.join('')).toBe('');
  const { stderr } = await exec('groff', ['-ww', '-man', '-z', '-Tutf8', PAGE]);
  expect(stderr).toBe('');
});

it('shows every option with man(1)', async () => {
  const env = { ...process.env, MANWIDTH: '120', MANOPT: '--nh', LC_ALL: 'C' };
  const { stdout, stderr } = await exec('man', ['-l', '-P', 'cat', PAGE], { env });
  expect(stderr).toBe('');
  const text = stdout.replace(/.\x08/g, '').replace(/\x1b\[\d*m/g, '');
  const plain = text.replace(/\s+/g, ' ');
  expect(plain).toContain(EXIT.trim().replace(/\s+/g, ' '));
  for (const { name, help } of OPTIONS) {
    expect(text).toContain(`--${name}`);
    expect(plain).toContain(help);
  }
});
