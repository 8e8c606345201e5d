/** `filter` has a bundle of its own, which knows no builder and starts fast. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';
import { member, tar } from '../support/write-tar.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const path = (name: string): string => join(root, name);
const CONTEXT = tar(member({ name: 'Dockerfile', body: 'FROM scratch\n' }));

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const filterFrom = (folder: string, args: readonly string[], flags: readonly string[]): Result =>
  spawnSync(process.execPath, [...flags, join(folder, 'bin/dockerception.js'), 'filter', ...args], {
    env: { ...process.env, DOCKER_HOST: 'unix:///no/such/engine.sock' },
    input: CONTEXT,
    encoding: 'latin1',
  });

const filter = (...args: readonly string[]): Result => filterFrom(root, args, []);

it('filters, explains itself and refuses options from the small bundle', () => {
  expect(fs.statSync(path('dist/bin/filter.js')).size).toBeLessThan(
    fs.statSync(path('dist/bin/main.js')).size / 3,
  );
  expect(filter()).toMatchObject({ status: 0, stderr: '' });
  expect(filter('--help')).toMatchObject({ status: 0, stderr: '' });
  expect(filter('--form', 'x')).toMatchObject({ status: 2 });
});

it.each([
  ['--from', path('test')],
  ['--from-image=builder', '-q'],
])('loads the builder with %s', (...args) => {
  const { status, stderr } = filter(...args);
  expect(status).toBe(5);
  expect(stderr).toMatch(/^dockerception: .*unix:\/\/\/no\/such\/engine\.sock/m);
});

it('filters without the modules of Node that only other commands need', () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  try {
    const list = join(folder, 'modules');
    const preload = join(folder, 'list.cjs');
    fs.writeFileSync(
      preload,
      `process.on('exit', () => require('fs').writeFileSync('${list}', process.moduleLoadList.join('\\n')))`,
    );
    expect(filterFrom(root, [], ['-r', preload])).toMatchObject({ status: 0 });
    const loaded = fs.readFileSync(list, 'utf8').split('\n');
    expect(loaded).toContain('NativeModule net');
    for (const name of [
      'child_process',
      'crypto',
      'http',
      'perf_hooks',
      'tls',
      'vm/module',
      'zlib',
    ])
      expect(loaded).not.toContain(`NativeModule ${name}`);
    expect(loaded).not.toContain('NativeModule internal/modules/esm/get_format');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

const cacheOf = (name: string): string =>
  path(`dist/bin/${name}.${process.versions.v8}.${process.arch}.cache`);

it.each(['filter', 'main'])('has compiled code for %s, which V8 accepts', (name) => {
  const filename = path(`dist/bin/${name}.js`);
  const { cachedDataRejected } = new Script(Module.wrap(fs.readFileSync(filename, 'utf8')), {
    filename,
    cachedData: fs.readFileSync(cacheOf(name)),
  });
  expect(cachedDataRejected).toBe(false);
});

const CACHES: Readonly<Record<string, (cache: Buffer) => Buffer | undefined>> = {
  'no compiled code': () => undefined,
  'empty compiled code': () => Buffer.alloc(0),
  'compiled code that is cut': (cache) => cache.subarray(0, cache.length >> 1),
  'compiled code of another bundle': () => fs.readFileSync(cacheOf('main')),
  'code of another V8': (cache) => {
    const other = Buffer.from(cache);
    // The version's hash is in the first words.
    other.fill(0x5a, 4, 12);
    return other;
  },
};

it.each(Object.entries(CACHES))('filters with %s', (_, change) => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  try {
    for (const part of ['bin', 'dist/bin'])
      fs.cpSync(path(part), join(folder, part), { recursive: true });
    fs.symlinkSync(path('node_modules'), join(folder, 'node_modules'));
    const copy = join(folder, 'dist/bin', cacheOf('filter').slice(path('dist/bin/').length));
    const changed = change(fs.readFileSync(copy));
    fs.rmSync(copy);
    if (changed !== undefined) fs.writeFileSync(copy, changed);
    expect(filterFrom(folder, [], [])).toEqual({ ...filter(), pid: expect.any(Number) as number });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

it('filters with flags of V8 that its compiled code does not have', () => {
  const { status, stdout } = filterFrom(root, [], ['--max-lazy']);
  expect([status, stdout]).toEqual([0, filter().stdout]);
});

it('finds members of zlib that the version of Node that bundled does not have', () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  try {
    const preload = join(folder, 'later.cjs');
    fs.writeFileSync(preload, "require('zlib').createZstdCompress = () => process.exit(42);");
    const args = [
      '-q',
      '--engine',
      'embedded',
      '--compression',
      'zstd',
      '--no-cache',
      '-o',
      'app.tar',
    ];
    const { status } = spawnSync(
      process.execPath,
      ['-r', preload, path('bin/dockerception.js'), ...args],
      {
        cwd: folder,
        input: tar(member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY . /\n' })),
      },
    );
    expect(status).toBe(42);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
