/** The release script, in a small repository whose checks take no time. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../scripts/release.js', import.meta.url));
const CHANGES = '# Changelog\n\n## Unreleased\n\n- A change.\n\n## 0.1.0\n\n- The first.\n';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-release-test-'));
  mkdirSync(join(folder, 'scripts'));
  cpSync(SCRIPT, join(folder, 'scripts/release.js'));
  write('CHANGELOG.md', CHANGES);
  write('.gitignore', 'release/\nnode_modules/\n');
  const scripts = { build: 'node -e 0', check: 'node -e 0' };
  const manifest = { name: 'dockerception', version: '0.1.0', type: 'module', scripts };
  write('package.json', JSON.stringify(manifest));
  execFileSync('npm', ['install', '--package-lock-only', '--silent'], { cwd: folder });
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'x');
  git('config', 'user.email', 'x@localhost');
  commit();
});
afterEach(() => rmSync(folder, { recursive: true }));

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

function commit(): void {
  git('add', '--all');
  git('commit', '-q', '-m', 'x');
}

function release(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const options = { cwd: folder, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, ['scripts/release.js', ...args], options);
}

/** What must stay as it is. */
const state = (): string =>
  [git('show-ref'), git('status', '--porcelain'), read('CHANGELOG.md')].join('\n');

it('writes the version and the date, tags the commit, and packs with a digest', () => {
  const { status, stdout, stderr } = release('0.2.0');
  expect(status, stderr).toBe(0);
  const date = new Date().toISOString().slice(0, 10);
  expect(read('CHANGELOG.md')).toBe(
    CHANGES.replace('## Unreleased\n', `## Unreleased\n\n## 0.2.0, ${date}\n`),
  );
  for (const name of ['package.json', 'package-lock.json'])
    expect(JSON.parse(read(name))).toMatchObject({ version: '0.2.0' });
  expect(git('log', '--format=%s', 'v0.2.0')).toBe('Release 0.2.0\nx');
  expect(git('rev-parse', 'main')).toBe(git('rev-parse', 'v0.2.0^{commit}'));
  expect(git('status', '--porcelain')).toBe('');
  execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], {
    cwd: join(folder, 'release'),
  });
  expect(read('release/SHA256SUMS')).toMatch(/^[0-9a-f]{64} {2}dockerception-0\.2\.0\.tgz\n$/);
  expect(stdout).toContain(read('release/SHA256SUMS'));
  expect(release('0.2.0')).toMatchObject({ status: 1, stderr: 'release: there is a tag v0.2.0\n' });
  expect(release('0.3.0').stderr).toMatch(/^release: CHANGELOG.md has nothing under Unreleased$/m);
});

it('changes nothing with --dry-run', () => {
  const before = state();
  const { status, stdout } = release('0.2.0', '--dry-run');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /^[0-9a-f]{64} {2}dockerception-0\.2\.0\.tgz\nv0\.2\.0 could be released\n$/,
  );
  expect(state()).toBe(before);
});

it('changes nothing if the checks fail', () => {
  write('package.json', read('package.json').replace('"check":"node -e 0"', '"check":"exit 3"'));
  commit();
  const before = state();
  expect(release('0.2.0').status).toBe(1);
  expect(state()).toBe(before);
});

it.each([
  ['of a wrong version', ['1.0'], () => undefined, "'1.0' is no version"],
  ['with changes', ['1.0.0'], () => write('x', ''), 'the working copy has changes'],
  ['of a branch', ['1.0.0'], () => git('switch', '-q', '-c', 'b'), 'the branch is b, not main'],
])('refuses a release %s', (_, args, prepare, message) => {
  prepare();
  const before = state();
  expect(release(...args)).toMatchObject({ status: 1, stderr: `release: ${message}\n` });
  expect(state()).toBe(before);
});
