import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useSharedProcess } from '../support/process/shared-process.js';

const run = useSharedProcess();

const DOWN = { DOCKER_HOST: 'unix:///no/such/engine.sock' };

describe('an engine that is named and does not answer', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-named-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each([
    ['-q', '-t', 'app', '.'],
    ['-t', 'app', '.'],
    ['--progress', 'rawjson', '-t', 'app', '.'],
    ['.'],
    ['--load', '-t', 'app', '.'],
    ['--engine', 'docker', '-t', 'app', '.'],
    ['--engine', 'embedded', '--load', '-t', 'app', '.'],
    ['--from', '.', '-t', 'app'],
    ['--from', '.', '-t', 'app', '-o', 'app.tar'],
    ['--from-image', 'builder', '-t', 'app', '-o', 'app.tar'],
    ['inspect', 'app'],
    ['inspect', '.', '--diff', 'app'],
    ['filter', '--from', '.'],
  ])('ends %j with exit code 5 and writes no file', async (...args) => {
    const { code, stdout, stderr } = await run(args, { cwd: folder, env: DOWN });
    expect(code).toBe(5);
    // What fails in a pipe makes the next command fail.
    if (args[0] === 'filter')
      expect(stdout.toString()).toMatch(/^dockerception: this tar is incomplete/);
    else expect(stdout.toString()).toBe('');
    expect(stderr).toMatch(/^dockerception: .*unix:\/\/\/no\/such\/engine\.sock/m);
    expect(stderr).not.toContain('warning');
    expect(readdirSync(folder)).toEqual(['Dockerfile']);
  });

  it('is not asked for what needs no engine', async () => {
    const args = ['-q', '-t', 'app', '-o', 'app.tar', '.'];
    const { code, stderr } = await run(args, { cwd: folder, env: DOWN });
    expect([code, stderr]).toEqual([0, '']);
    expect(readdirSync(folder)).toEqual(['Dockerfile', 'app.tar']);
  });
});

describe('a warning that changes the output', () => {
  it('is shown with -q', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dockerception-named-'));
    try {
      writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch AS base\nFROM base\nCOPY . /\n');
      const first = ['-q', '--platform', 'linux/arm64', '-t', 'base', '-o', 'base.tar', '.'];
      expect((await run(first, { cwd: folder })).code).toBe(0);
      const context = 'base=docker-archive://base.tar';
      writeFileSync(join(folder, 'Dockerfile'), 'FROM base\n');
      const second = ['-q', '--platform', 'linux/s390x', '--build-context', context];
      const { code, stderr } = await run([...second, '-o', 'app.tar', '.'], { cwd: folder });
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/^dockerception: warning: .*linux\/arm64.*linux\/s390x.*\n$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
