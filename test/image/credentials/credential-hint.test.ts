import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { credentialHint } from '../../../src/image/credentials/credential-hint.js';
import { credentialStore } from '../../../src/image/credentials/credentials.js';

const folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
writeFileSync(join(folder, 'config.json'), '{}');
afterAll(() => rmSync(folder, { recursive: true }));

it.each<[string, string | undefined]>([
  ['Head "http://r.example:1/v2/a/manifests/latest": no basic auth credentials', 'r.example:1'],
  ['pulling from host 127.0.0.1:5000 failed with status code: 401 Unauthorized', '127.0.0.1:5000'],
  [
    'reading manifest latest in localhost:5000/app: unauthorized: authentication required',
    'localhost:5000',
  ],
  ['pull access denied for app, repository does not exist', 'docker.io'],
  ['process "/bin/sh -c false" did not complete successfully', undefined],
  ['lstat a401b.example/x: no such file', undefined],
])('names where the credentials were looked for after %j: %s', async (message, host) => {
  const hint = await credentialHint(message, credentialStore({ DOCKER_CONFIG: folder }));
  if (host === undefined) expect(hint).toBeUndefined();
  else
    expect(hint).toContain(
      `credentials for ${host} were looked for in auths in ${join(folder, 'config.json')}`,
    );
});
