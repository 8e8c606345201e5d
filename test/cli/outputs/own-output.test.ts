import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTar } from '../../support/read-tar.js';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));

describe('filter DIR > DIR/context.tar', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-output-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('packs the directory without the file that it writes', () => {
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY large /large\n');
    writeFileSync(join(folder, 'large'), Buffer.alloc(1_000_000, 'x'));
    const output = openSync(join(folder, 'context.tar'), 'w');
    const { status, stderr } = spawnSync(process.execPath, [BIN, 'filter', folder], {
      stdio: ['ignore', output, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(output);
    expect([status, stderr]).toEqual([0, '']);
    const { entries } = readTar(readFileSync(join(folder, 'context.tar')));
    expect(entries.map(({ name }) => name)).toEqual(['./', 'Dockerfile', 'large']);
  });

  it('and build makes the same image again, beside its own archive and layout', () => {
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    const run = (...args: string[]): string => {
      const command = [BIN, '-q', '--engine', 'embedded', ...args, '.'];
      const { status, stdout, stderr } = spawnSync(process.execPath, command, {
        cwd: folder,
        encoding: 'utf8',
      });
      expect([status, stderr]).toEqual([0, '']);
      return stdout;
    };
    const id = run('-t', 'team/app:2');
    expect(id).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(readdirSync(folder).sort()).toEqual(['Dockerfile', 'app-2.tar']);
    expect(run('-t', 'app:2')).toBe(id);
    const outputs = ['-o', 'app-2.tar', '-o', 'type=oci,tar=false,dest=layout'];
    expect(run(...outputs, '--metadata-file', 'm.json')).toBe(id);
    expect(run(...outputs, '--metadata-file', 'm.json')).toBe(id);
  });
});
