/** A connection that breaks while something is read from an engine: exit code 5. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, type Proxy, startProxy } from '../cli/proxy.js';
import { engines } from '../engines.js';
import { expectFailure, imageIdOf, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';
import { imageOf, runs, two } from './support.js';

describe.each(two)('a connection to $name that breaks', (variant) => {
  const { host } = variant;
  let shell: Shell;
  let image: string;
  let proxy: Proxy | undefined;
  beforeAll(async () => {
    shell = await openShell(variant);
    image = await imageOf(shell);
  });
  afterEach(() => proxy?.close());
  afterAll(() => shell.close());

  const run = async (request: RegExp, fault: Fault, args: readonly string[]): Promise<Outcome> => {
    proxy = await startProxy(host, (head) => (request.test(head) ? fault : undefined));
    return shell.tool(['-q', ...args], { env: { DOCKER_HOST: proxy.host } });
  };

  it('while the output of a builder is read is exit code 5', async () => {
    const app = shell.name();
    const args = ['--from-image', image, '-t', app];
    // Closed in order, as a proxy on the way does it: only the container tells that it isn't the end.
    const outcome = await run(/^POST \S*\/attach\?/, { endAfter: 20_000 }, [
      ...args,
      '--',
      'sh',
      '-c',
      'tar -c /bin/busybox Dockerfile; sleep 2',
    ]);
    expectFailure(outcome, 5, /reading the output of .* went away in the middle/);
  });

  it('while files are taken out of a builder is exit code 5', async () => {
    const app = shell.name();
    const args = ['--from-image', image, '--artifacts', '/bin:bin', '--base', 'scratch', '-t', app];
    const outcome = await run(/^GET \S*\/archive\?/, { endAfter: 20_000 }, [
      ...args,
      ...runs(app, 'true'),
    ]);
    expectFailure(outcome, 5, /taking \/bin out of the builder: .* went away in the middle/);
  });

  it('while the image is read for its limits is exit code 5, and a notice without any', async () => {
    const app = shell.name();
    const input = await create([
      { name: 'Dockerfile', content: `FROM ${engines.base}\nLABEL is=${app}\n` },
    ]);
    proxy = await startProxy(host, (head) =>
      /^GET \S*\/images\/get/.test(head) ? { endAfter: 20_000 } : undefined,
    );
    const env = { DOCKER_HOST: proxy.host };
    const limited = await shell.tool(['-t', app, '--max-size', '1GB'], { input, env });
    expectFailure(limited, 5, /went away in the middle/);
    const plain = await shell.tool(['-t', app], { input, env });
    imageIdOf(plain);
    expect(plain.stderr).toMatch(/not checked: .*went away in the middle/);
  });
});
