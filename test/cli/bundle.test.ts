/** `filter` has a bundle of its own, which knows no builder. */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { member, tar } from '../support/write-tar.js';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const filter = (...args: readonly string[]): { status: number | null; stderr: string } =>
  spawnSync(process.execPath, [path('bin/dockerception.js'), 'filter', ...args], {
    env: { ...process.env, DOCKER_HOST: 'unix:///no/such/engine.sock' },
    input: tar(member({ name: 'Dockerfile', body: 'FROM scratch\n' })),
    encoding: 'utf8',
  });

it('filters, explains itself and refuses options from the small bundle', () => {
  expect(statSync(path('dist/bin/filter.js')).size).toBeLessThan(
    statSync(path('dist/bin/main.js')).size / 3,
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
