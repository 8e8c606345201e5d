import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

let folder: string;
let plugins: string;
let plugin: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  plugins = join(folder, 'cli-plugins');
  plugin = join(plugins, 'docker-ception');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, DOCKER_CONFIG: folder, ...env },
  });
  return { status, stdout, stderr };
}

const tool = (...args: readonly string[]): Outcome => run(process.execPath, [BIN, ...args]);

describe('dockerception plugin', () => {
  it('installs a program that works without node on the PATH, again too', () => {
    for (let times = 0; times < 2; times++) {
      const { status, stdout, stderr } = tool('plugin', 'install');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^[^\n]+\n$/);
      expect(stdout).toContain(`${plugin} is installed; now \`docker ception --help\` `);
    }
    expect(readdirSync(plugins)).toEqual(['docker-ception']);
    const { status, stdout } = run(plugin, ['docker-cli-plugin-metadata'], { PATH: folder });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ SchemaVersion: '0.1.0', Vendor: 'dockerception' });
  });

  it('uses ~/.docker without DOCKER_CONFIG', () => {
    const { status } = run(process.execPath, [BIN, 'plugin', 'install'], { DOCKER_CONFIG: '' });
    expect(status).toBe(0);
    expect(statSync(join(folder, '.docker/cli-plugins/docker-ception')).mode & 0o111).toBe(0o111);
  });

  it('copes with a program in a folder with a quote and a blank', () => {
    const odd = join(folder, "it's odd");
    mkdirSync(join(odd, 'bin'), { recursive: true });
    for (const name of ['dockerception.js', 'package.json'])
      copyFileSync(join(BIN, '..', name), join(odd, 'bin', name));
    copyFileSync(join(BIN, '../../package.json'), join(odd, 'package.json'));
    for (const name of ['dist', 'node_modules'])
      symlinkSync(join(BIN, '../..', name), join(odd, name));
    const program = join(odd, 'bin/dockerception.js');
    expect(run(process.execPath, [program, 'plugin', 'install']).status).toBe(0);
    expect(run(plugin, ['docker-cli-plugin-metadata']).status).toBe(0);
    expect(readFileSync(plugin, 'utf8')).toContain('odd');
  });

  it('removes what it has installed, and nothing if that is gone', () => {
    tool('plugin', 'install');
    const removed = { status: 0, stdout: `${plugin} is removed\n`, stderr: '' };
    expect(tool('plugin', 'uninstall')).toEqual(removed);
    expect(readdirSync(plugins)).toEqual([]);
    const none = { status: 0, stdout: `${plugin} is not installed\n`, stderr: '' };
    expect(tool('plugin', 'uninstall')).toEqual(none);
  });

  it('replaces and removes a link to an executable of this name', () => {
    mkdirSync(plugins);
    symlinkSync('/nowhere/dockerception-linux-x64', plugin);
    expect(tool('plugin', 'install').status).toBe(0);
    expect(statSync(plugin).isFile()).toBe(true);
    rmSync(plugin);
    symlinkSync('/nowhere/dockerception-linux-x64', plugin);
    expect(tool('plugin', 'uninstall').status).toBe(0);
    expect(readdirSync(plugins)).toEqual([]);
  });

  it.each(['install', 'uninstall'])('leaves the files of others: %s', (action) => {
    const message = {
      status: 2,
      stdout: '',
      stderr:
        `dockerception: changing the docker plugin ${plugin}: it is another program's\n` +
        'hint: remove it, or name another folder with DOCKER_CONFIG\n',
    };
    mkdirSync(plugins);
    writeFileSync(plugin, '#!/bin/sh\n');
    expect(tool('plugin', action)).toEqual(message);
    expect(readFileSync(plugin, 'utf8')).toBe('#!/bin/sh\n');
    rmSync(plugin);
    symlinkSync('/nowhere/other', plugin);
    expect(tool('plugin', action)).toEqual(message);
    expect(readlinkSync(plugin)).toBe('/nowhere/other');
    rmSync(plugin);
    mkdirSync(plugin);
    expect(tool('plugin', action)).toEqual(message);
  });

  it('says why it can not be installed', () => {
    writeFileSync(plugins, '');
    const { status, stdout, stderr } = tool('plugin', 'install');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toBe(`dockerception: writing ${plugin}: a file is where a folder has to be\n`);
  });
});

describe('a program with the name docker-ception', () => {
  beforeEach(() => {
    mkdirSync(plugins);
    symlinkSync(BIN, plugin);
    chmodSync(BIN, 0o755);
  });

  it('is the plugin if docker calls it', () => {
    const env = { DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND: 'docker' };
    expect(run(plugin, ['ception', 'version'], env).stdout).toMatch(/^\d+\.\d+\.\d+/);
    expect(run(plugin, ['-D', 'ception', '--help'], env).stdout).toMatch(/^Usage: docker ception /);
    expect(run(plugin, ['ception', 'filter', '--nope'], env)).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'dockerception: reading the command line: unknown option --nope\n' +
        'hint: docker ception --help --all lists the options\n',
    });
  });

  it('is dockerception if a user calls it', () => {
    expect(run(plugin, ['version']).stdout).toMatch(/^\d+\.\d+\.\d+/);
    expect(run(plugin, ['--help']).stdout).toMatch(/^Usage: dockerception /);
  });
});
