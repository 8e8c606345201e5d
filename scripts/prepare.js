/**
 * Builds the package when npm prepares it: in a clone, and for `npm install` of a folder or of a git address. npm installs
 * no dependencies before that with `--global`, and none for development with `--omit=dev`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const { npm_config_global_prefix: prefix = '', _PACOTE_NO_PREPARE_: clone } = process.env;

if (clone === undefined || !replaceLink(join(prefix, 'lib/node_modules'))) {
  if (!existsSync('node_modules/typescript'))
    npm('install', '--include=dev', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund');
  npm('run', 'build');
}

/** Without `--global`, which npm passes on to its scripts. @param {string[]} args */
function npm(...args) {
  const env = { ...process.env, npm_config_global: 'false' };
  execFileSync('npm', args, { env, stdio: 'inherit' });
}

/**
 * `npm install --global git+…` clones into a temporary folder and runs `npm install` there, by mistake with `--global`
 * (npm/cli#6984): that puts a link to the clone where the package is being installed, and the clone is removed. Puts the
 * installed folder back, and returns whether that was so; npm prepares the clone a second time.
 * @param {string} folder of global packages
 */
function replaceLink(folder) {
  const link = join(folder, 'dockerception');
  if (!existsSync(link) || realpathSync(link) !== process.cwd()) return false;
  unlinkSync(link);
  const moved = readdirSync(folder).find((name) => name.startsWith('.dockerception-'));
  if (moved === undefined) mkdirSync(link);
  else renameSync(join(folder, moved), link);
  return true;
}
