/**
 * Makes the tests independent of the environment that they are started in: every variable that the tool, Node's
 * formatting or a program of the tests reads is removed; a test sets what it needs itself.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { forgetSecrets } from '../../src/text/redact.js';

const READ =
  /^(?:DOCKER|BUILDKIT|BUILDX|DOCKERCEPTION|COMPOSE|CONTAINER|XDG|REGISTRY|COSIGN|GIT|TAR)_|^(?:SOURCE_DATE_EPOCH|NO_COLOR|FORCE_COLOR|COLORTERM|COLUMNS|LINES|TMPDIR|LANG|GZIP|ZSTD_CLEVEL|XZ_OPT|XZ_DEFAULTS|POSIXLY_CORRECT|TAPE|NODE_OPTIONS|NODE_EXTRA_CA_CERTS)$|^LC_|_proxy$/i;
/** Where the engines of the tests are, and how long the soak is. */
const KEPT = new Set(['DOCKERCEPTION_ENGINES_DIR', 'DOCKERCEPTION_SOAK']);

for (const name of Object.keys(process.env))
  if (READ.test(name) && !KEPT.has(name)) delete process.env[name];
process.env['TZ'] = 'UTC';
process.umask(0o022);

// Tests that keep the environment's HOME must not write to the user's caches.
const caches = mkdtempSync(join(tmpdir(), 'dockerception-test-caches-'));
process.env['XDG_CACHE_HOME'] = caches;

// Test files share a process and its modules.
afterAll(() => {
  forgetSecrets();
  rmSync(caches, { recursive: true, force: true });
});
