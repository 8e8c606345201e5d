/**
 * Makes a release: `npm run release -- VERSION [PLATFORM…] [--dry-run]`. Everything happens in a temporary clone: the version
 * and the date are written, the checks run, and the commit is tagged. At the end the branch `main` gets the commit and the tag, and
 * `release/` the packed file, the executable of each PLATFORM (linux-x64, linux-arm64) and SHA256SUMS. Nothing is pushed.
 *
 * With --dry-run the clone is built instead of checked, and then removed: the repository stays as it is.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false } },
});
const [version = '', ...platforms] = positionals;
const isDry = values['dry-run'];
const tag = `v${version}`;

const UNRELEASED = '## Unreleased\n';
const changes = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(UNRELEASED);

if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) fail(`'${version}' is no version`);
if (git(root, 'tag', '--list', tag) !== '') fail(`there is a tag ${tag}`);
if (git(root, 'status', '--porcelain') !== '') fail('the working copy has changes');
const branch = git(root, 'rev-parse', '--abbrev-ref', 'HEAD');
if (branch !== 'main' && !isDry) fail(`the branch is ${branch}, not main`);
if (!changes[1]?.split(/^## /m)[0]?.trim()) fail('CHANGELOG.md has nothing under Unreleased');

const clone = mkdtempSync(join(tmpdir(), 'dockerception-release-'));
try {
  git(root, 'clone', '--quiet', root, clone);
  for (const name of ['user.name', 'user.email'])
    git(clone, 'config', name, git(root, 'config', name));
  writeVersion();
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
  run('npm', 'run', isDry ? 'build' : 'check');
  git(clone, 'commit', '--quiet', '--all', '--message', `Release ${version}`);
  git(clone, 'tag', '--annotate', '--message', version, tag);
  const files = writeFiles(join(clone, 'release'));
  if (!isDry) {
    git(root, 'fetch', '--quiet', clone, 'tag', tag);
    git(root, 'merge', '--quiet', '--ff-only', tag);
    rmSync(join(root, 'release'), { recursive: true, force: true });
    cpSync(join(clone, 'release'), join(root, 'release'), { recursive: true });
  }
  process.stdout.write(files);
  const next = `git push origin main ${tag} && npm publish release/dockerception-${version}.tgz`;
  process.stdout.write(isDry ? `${tag} could be released\n` : `next: ${next}\n`);
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  rmSync(clone, { recursive: true });
}

/** Writes the version into package.json and the lock file, and with the date into the change log. */
function writeVersion() {
  run('npm', 'version', version, '--no-git-tag-version', '--ignore-scripts');
  const date = new Date().toISOString().slice(0, 10);
  const text = changes.join(`${UNRELEASED}\n## ${version}, ${date}\n`);
  writeFileSync(join(clone, 'CHANGELOG.md'), text);
}

/** Packs the clone, and returns the lines of SHA256SUMS. @param {string} folder */
function writeFiles(folder) {
  mkdirSync(folder);
  run('npm', 'pack', '--ignore-scripts', '--pack-destination', folder);
  if (platforms.length > 0) run(process.execPath, 'src/cli/binary.js', ...platforms);
  for (const platform of platforms) {
    const name = `dockerception-${platform}`;
    copyFileSync(join(clone, 'dist', name), join(folder, name));
  }
  const sums = readdirSync(folder).map((name) => {
    const digest = createHash('sha256').update(readFileSync(join(folder, name)));
    return `${digest.digest('hex')}  ${name}\n`;
  });
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
  return sums.join('');
}

/** @param {string} cwd @param {string[]} args */
function git(cwd, ...args) {
  return execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
}

/** Runs a program in the clone; what it prints is progress. @param {string} program @param {string[]} args */
function run(program, ...args) {
  execFileSync(program, args, { cwd: clone, stdio: ['ignore', 2, 2] });
}

/** @param {string} why @returns {never} */
function fail(why) {
  process.stderr.write(`release: ${why}\n`);
  process.exit(1);
}
