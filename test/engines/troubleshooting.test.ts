/** Every message of docs/troubleshooting.md is printed by the program that the page names. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { helloProgram } from '../../samples/hello/elf.js';
import { ROOT } from './commands.js';
import { engines, variantOf } from './engines.js';
import { helloEntries, openShell, type Shell } from './support.js';

/** Commands that fail, by what they print. `$ROOTLESS` is the socket of rootless Podman, `$PODMAN` its command line. */
const FAILURES: Readonly<Record<string, string>> = {
  'unknown instruction: ./PaxHeaders': 'tar -c --format=posix -C app . | docker build -',
  'unknown instruction: building...': '(echo building...; tar -c -C app .) | docker build -',
  'archive/tar: invalid tar header': "tar -c -C app . | sed 's/$/\\r/' | docker build -",
  'failed to read dockerfile: unexpected EOF': 'head -c 1500 app.tar | docker build -',
  'no local sources enabled': 'docker build - < /dev/null',
  'open Dockerfile: no such file or directory': 'tar -c -C app hello | docker build -',
  'request returned 500 Internal Server Error':
    'DOCKER_BUILDKIT=0 docker -H "$ROOTLESS" build - < foreign.tar',
  'lchown /hello: invalid argument':
    'dockerception -q --keep-owner -t foreign -o - < foreign.tar | (cd / && $PODMAN load)',
  'Cannot connect to the Docker daemon': 'docker -H unix:///nowhere build - < app.tar',
  'short read: expected':
    'dockerception -q -t app -o - < app.tar | (head -c 6000; cat > rest) | docker load',
  'exec /app: no such file or directory': 'docker run --rm "$DYNAMIC"',
  'exec /hello: exec format error': 'docker run --rm "$FOREIGN"',
  'every LF in it has become CRLF': "tar -c -C app . | sed 's/$/\\r/' | dockerception -t app",
  'it starts with text, not with a tar':
    '(echo building...; tar -c -C app .) | dockerception -t app',
  'it is cut short': 'head -c 1500 app.tar | dockerception -t app',
  'it is empty': 'true | dockerception -t app',
  'it is /dev/null': 'dockerception -t app < /dev/null',
  "no Dockerfile at 'Dockerfile'": 'tar -c -C app hello | dockerception -t app',
  'reaching the engine at unix:///nowhere':
    'DOCKER_HOST=unix:///nowhere dockerception -t app < app.tar',
  'the embedded engine runs no RUN':
    "tar -c -C app . | dockerception --base scratch -c 'RUN x' --engine embedded -t app -o app.image",
};

const page = await readFile(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const shown = [...page.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '');

describe('docs/troubleshooting.md', () => {
  const variant = variantOf('docker28 BuildKit');
  let shell: Shell;
  let env: Record<string, string>;
  beforeAll(async () => {
    shell = await openShell(variant);
    const [dynamic, foreign] = [shell.name(), shell.name()];
    const { host, cli } = engines.podmanRootless;
    env = { ROOTLESS: host, PODMAN: cli, DYNAMIC: dynamic, FOREIGN: foreign };
    await mkdir(join(shell.folder, 'app'));
    for (const { name, content = '' } of helloEntries('hello'))
      await writeFile(join(shell.folder, 'app', name), content, { mode: 0o755 });
    const other = process.arch === 'arm64' ? 'x64' : 'arm64';
    await shell.file('hello', helloProgram(other, 'hello\n'));
    await shell.file(
      'Dockerfile.dynamic',
      `FROM ${engines.debian} AS build
RUN echo 'int main(){return 0;}' > a.c && gcc -o /app a.c
FROM scratch
COPY --from=build /app /app
CMD ["/app"]
`,
    );
    const owner = '--owner=user:197609 --group=group:197121';
    const prepared = await shell.run(
      `tar -cf app.tar -C app Dockerfile hello && tar -c ${owner} -C app . > foreign.tar &&
        chmod 755 hello && tar -c -C app Dockerfile -C .. hello | docker build -q -t ${foreign} - &&
        docker build -q -t ${dynamic} - < Dockerfile.dynamic`,
    );
    expect(prepared.code, prepared.stderr).toBe(0);
  });
  afterAll(() => shell.close());

  it('shows what these commands print', () => {
    expect(shown).toEqual(Object.keys(FAILURES));
  });

  it.each(Object.entries(FAILURES))('%s: %s', async (message, script) => {
    const { code, stderr } = await shell.run(script, { env, litters: true });
    expect(stderr).toContain(message);
    expect(code).not.toBe(0);
  });
});
