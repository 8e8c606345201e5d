/** A builder that serves while an image is built: with both builders of both Docker Engines, and with Podman as root. */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, type Variant, variantOf } from '../engines.js';
import { expectFailure, imageIdOf, type Shell } from '../support.js';
import {
  act,
  buildersOf,
  expectNothingLeft,
  folderOf,
  good,
  openOpenShell,
  printed,
  SOON,
} from './support.js';

const able = [
  'docker20 classic',
  'docker20 BuildKit',
  'docker28 classic',
  'docker28 BuildKit',
  'podman',
].map(variantOf);
const some = ['docker20 classic', 'docker28 BuildKit'].map(variantOf);

const HTTPD = 'exec httpd -f -p 8080 -h /context';
/** Installs what the builder serves, and leaves nothing else. */
const INSTALL = 'wget -q -O /tool http://builder:8080/hello && chmod +x /tool';

const healthcheck = (test: string): string =>
  `HEALTHCHECK --interval=1s --timeout=5s --retries=1 CMD ${test}`;

/** Podman has them run by systemd; without, the engine's log says so, and nobody runs them. */
const runsChecks = ({ podman }: Variant): boolean => !podman || existsSync('/run/systemd/private');

/** Folders of a server, and of an image that is built with it, as the arguments to do so. */
async function folders(
  shell: Shell,
  mark: string,
  script: string,
  instructions: readonly string[] = [],
): Promise<readonly string[]> {
  const server = await folderOf(shell, `server-${mark}`, mark, script, { instructions });
  const lines = [`FROM ${engines.base}`, `LABEL is=${mark}`, `RUN ${INSTALL} # ${mark}`];
  const runtime = await folderOf(shell, `runtime-${mark}`, mark, 'true', {
    files: { Dockerfile: `${lines.join('\n')}\nCMD ["/tool"]\n` },
  });
  return ['--from', server, '--serve', '8080', '-t', mark, runtime];
}

describe.concurrent.each(able)('a builder that serves with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
  });
  afterAll(() => shell.close());

  it('is reached by the build when its port answers', async () => {
    const app = shell.name();
    // Not at once.
    const outcome = await shell.tool(await folders(shell, app, `sleep 1; ${HTTPD}`));
    imageIdOf(outcome);
    expect(await printed(shell, app)).toBe(`${app}\n`);
    expect(await buildersOf(host, `/vol/${app}`)).toEqual([]);
    // It is not one of the image's own hosts.
    expect(good(await shell.run(`docker run --rm ${app} cat /etc/hosts`))).not.toContain('builder');
  });

  it('is reached when its HEALTHCHECK is healthy, and no earlier', async () => {
    const app = shell.name();
    // Its port answers from the start on; what it serves isn't there yet.
    const script = `mv hello later; (sleep 2; mv later hello) & ${HTTPD}`;
    const test = healthcheck('test -e /context/hello').replace('--retries=1', '--retries=9');
    const args = await folders(shell, app, script, [test]);
    if (!runsChecks(variant)) {
      const outcome = await shell.tool([...args, '--serve-timeout', '3']);
      const why = /: it isn’t healthy after 3 s: its HEALTHCHECK was never run$/;
      expectFailure(outcome, 4, why, /systemd/);
      return;
    }
    imageIdOf(await shell.tool(args));
    expect(await printed(shell, app)).toBe(`${app}\n`);
  });
});

describe.concurrent.each(some)('a server with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
  });
  afterAll(() => shell.close());

  it('that is unhealthy builds nothing, and says what its check said', async () => {
    const app = shell.name();
    const check = healthcheck('echo no-database-yet; exit 1');
    const outcome = await shell.tool(await folders(shell, app, HTTPD, [check]));
    const why =
      /^dockerception: waiting for the builder to serve: .* is not healthy: no-database-yet$/;
    expectFailure(outcome, 4, why, /HEALTHCHECK/);
    await expectNothingLeft(variant, app);
  });

  it('that never answers is waited for no longer than asked', async () => {
    const app = shell.name();
    const args = await folders(shell, app, 'exec sleep 60');
    const outcome = await shell.tool([...args, '--serve-timeout', '2']);
    const why = /waiting for the builder to serve: .*: port 8080 doesn't answer after 2 s$/;
    expectFailure(outcome, 4, why, /--serve-timeout gives it longer/);
    expect(outcome.took).toBeGreaterThan(2000);
    expect(outcome.took).toBeLessThan(SOON);
    await expectNothingLeft(variant, app);
  });

  it('to itself alone does not serve', async () => {
    const app = shell.name();
    const args = await folders(shell, app, 'exec httpd -f -p 127.0.0.1:8080 -h /context');
    const outcome = await shell.tool([...args, '--serve-timeout', '1']);
    expectFailure(outcome, 4, /port 8080 doesn't answer after 1 s$/, /0\.0\.0\.0/);
    await expectNothingLeft(variant, app);
  });

  it.each([
    ['exit 3', /it exited with 3; its last lines: starting$/, /nothing was built/],
    ['exit 0', /has ended with 0, and doesn't serve$/, /foreground/],
  ] as const)('but ends in place of it is told: %s', async (end, why, hint) => {
    const app = shell.name();
    const outcome = await shell.tool(
      await folders(shell, app, `echo starting >&2; sleep 0.3; ${end}`),
    );
    expectFailure(outcome, 4, why, hint);
    await expectNothingLeft(variant, app);
  });

  it('that dies while the image is built is why that fails', async () => {
    const app = shell.name();
    // A port of its own: its address may be another one's a moment later.
    const port = String(randomInt(20_000, 30_000));
    const server = await folderOf(
      shell,
      `server-${app}`,
      app,
      `exec httpd -f -p ${port} -h /context`,
    );
    const ask = `echo begun-$((6*7)) ${app}; sleep 3; wget -q -O /x http://builder:${port}/hello`;
    const lines = [`FROM ${engines.base}`, `LABEL is=${app}`, `RUN ${ask}`];
    const runtime = await folderOf(shell, `dies-${app}`, app, 'true', {
      files: { Dockerfile: lines.join('\n') },
    });
    const tool = shell.start([
      ...['dockerception', '--from', server, '--serve', port, '-t', app, runtime],
    ]);
    await tool.says('begun-42');
    const [id] = await buildersOf(host, `/vol/${app}`);
    await act(host, 'POST', `${id}/kill?signal=SIGKILL`);
    const outcome = await tool.done;
    expect(outcome.code, outcome.stderr).toBe(4);
    expectFailure(outcome, 4, /^dockerception: running the builder \S+: it was killed/);
    expect(await buildersOf(host, `/vol/${app}`)).toEqual([]);
  });

  it('that fails while a step goes on ends the build at once', async () => {
    const app = shell.name();
    // It answers, and is over when somebody has asked.
    const serving = 'httpd -p 8080 -h /context; until [ -e /asked ]; do sleep 0.1; done; sleep 1';
    const script = `mkdir -p cgi-bin && printf '#!/bin/sh\\necho; touch /asked' > cgi-bin/ask && chmod +x cgi-bin/ask; ${serving}; echo no-disk-left >&2; exit 7`;
    const server = await folderOf(shell, `fails-${app}`, app, script);
    const ask = `wget -q -O - http://builder:8080/cgi-bin/ask && echo begun-$((6*7)) ${app} && sleep 20`;
    const lines = [`FROM ${engines.base}`, `RUN ${ask}`, `LABEL is=${app}`];
    const runtime = await folderOf(shell, `cut-${app}`, app, 'true', {
      files: { Dockerfile: lines.join('\n') },
    });
    const tool = shell.start([
      'dockerception',
      '--from',
      server,
      '--serve',
      '8080',
      '-t',
      app,
      runtime,
    ]);
    await tool.says('begun-42');
    const begun = performance.now();
    const outcome = await tool.done;
    expect(performance.now() - begun).toBeLessThan(SOON);
    expectFailure(outcome, 4, /: it exited with 7; its last lines: no-disk-left$/);
    await expectNothingLeft({ ...variant, buildkit: false }, app);
  });

  it('is gone when the image that was built with it could not be', async () => {
    const app = shell.name();
    const args = await folders(shell, app, HTTPD);
    await shell.file('Failing', `FROM ${engines.base}\nLABEL is=${app}\nRUN exit 6 # ${app}\n`);
    const outcome = await shell.run(
      `mkdir -p failing && cp Failing failing/Dockerfile && exec dockerception ${args.slice(0, -1).join(' ')} failing`,
    );
    expectFailure(outcome, 1, /6/);
    expect(await buildersOf(host, `/vol/${app}`)).toEqual([]);
  });
});

describe('rootless Podman', () => {
  it('can’t let a build reach a builder, and says so before anything is done', async () => {
    const shell = await openOpenShell(variantOf('podmanRootless'));
    const app = shell.name();
    const folder = await folderOf(shell, 'server', app, HTTPD);
    const outcome = await shell.tool(['--from', folder, '--serve', '8080', '-t', app, folder]);
    const why = /^dockerception: reading --serve: with rootless Podman, a build can’t reach/;
    expectFailure(outcome, 2, why, /--artifacts/);
    await expectNothingLeft(shell.variant, app);
    await shell.close();
  });
});
