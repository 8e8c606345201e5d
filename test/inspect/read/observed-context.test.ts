/** Findings from a context that passes by, compared with those of the image that is built from it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../../src/build.js';
import type { Finding } from '../../../src/inspect/facts.js';
import { inspect } from '../../../src/inspect/inspect.js';
import {
  contextOf,
  file,
  MEMBERS,
  observed,
  program,
  token,
} from '../../support/inspect/observed.js';
import { LONG } from '../../support/long.js';
import { member, tar } from '../../support/write-tar.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The findings of the image, which the embedded engine builds; undefined if there is none. */
async function built(context: Buffer): Promise<readonly Finding[] | undefined> {
  const dest = join(folder, 'image.tar');
  const outputs = [{ type: 'oci' as const, dest, attributes: {} }];
  const options = {
    engine: 'embedded',
    owner: 'keep',
    platforms: ['linux/amd64'],
    outputs,
  } as const;
  try {
    await build({ ...options, context: Readable.from([context]), check: false, tags: ['app'] });
  } catch {
    return undefined;
  }
  return (await inspect({ target: dest, platform: 'linux/amd64' })).findings;
}

const INSTRUCTIONS: readonly string[] = [
  'COPY . /',
  'COPY . /srv',
  'ADD . /opt/app/',
  'COPY rootfs /',
  'COPY --chmod=777 bin /usr/local/bin/',
  'COPY --chown=1000:1000 data home /home/',
  'COPY --chown=app bin /app',
  'COPY app /app',
  'COPY app /usr/lib/libapp.so.1',
  'COPY app lib/libc.so.6 /plugins/',
  'ADD run.sh start /bin/',
  'COPY accounts /etc/passwd',
  'COPY config/github.txt /usr/share/github.txt',
  'COPY home/netrc /root/.netrc',
  'COPY .npmrc /root/npm',
  'COPY late.txt /a',
  'COPY late.txt /node_modules/a',
  'COPY keys/* tests/* /keys/',
  'COPY . /var/lib/app/node_modules/a',
  'COPY --exclude=**/*.c . /src',
  'WORKDIR /work/here',
  'USER app',
  'USER 12',
  'ENV PATH=/app:/srv/bin',
  'VOLUME /data',
  'ENTRYPOINT ["/app"]',
  'ENTRYPOINT ["run.sh"]',
  'CMD /srv/app --flag',
  'CMD ["/srv/bin/other"]',
  'HEALTHCHECK CMD ["/nowhere"]',
  'FROM scratch AS second',
  'COPY --from=0 / /first',
  'COPY <<EOF /etc/group\napp:x:9:\nEOF',
  `COPY <<EOF /root/token\n${token}\nEOF`,
  'ARG NAME=app\nCOPY $NAME /named',
];

describe('the findings of an observed context', () => {
  it('are those of the built image, or unknown', async () => {
    let [known, unknown] = [0, 0];
    const property = fc.asyncProperty(
      fc.subarray([...MEMBERS], { minLength: 5 }),
      fc.array(fc.constantFrom(...INSTRUCTIONS), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (members, lines, isLast) => {
        const dockerfile = file('Dockerfile', `${['FROM scratch', ...lines].join('\n')}\n`);
        const context = isLast
          ? tar(...members.flat(), dockerfile)
          : tar(dockerfile, ...members.flat());
        const found = await observed(context);
        const actual = await built(context);
        // Another engine may build it.
        if (actual === undefined) return;
        if (found === undefined) unknown++;
        else {
          known++;
          expect(found).toEqual(actual);
        }
      },
    );
    await fc.assert(property, { seed: 20_261_130, numRuns: LONG ? 2000 : 300 });
    expect(known).toBeGreaterThan(unknown);
  }, 120_000);

  it.each<readonly [string, readonly string[], readonly Buffer[]]>([
    ['a plain copy', ['COPY . /', 'CMD ["/app"]'], MEMBERS.slice(0, 4).flat()],
    ['a folder with accounts', ['COPY rootfs /', 'USER app', 'CMD ["/a"]'], MEMBERS[4] ?? []],
    ['ADD without archives', ['ADD . /srv', 'CMD ["/srv/app"]'], MEMBERS[0] ?? []],
    ['several stages', ['COPY . /a', 'FROM scratch', 'COPY --from=0 /a /'], MEMBERS[9] ?? []],
    ['secrets', ['COPY . /home/'], [9, 10, 11, 13, 14].flatMap((at) => MEMBERS[at] ?? [])],
    ['syntax', ['# syntax=docker/dockerfile:1', 'COPY . /'], MEMBERS[9] ?? []],
  ])('are known for %s', async (_, lines, members) => {
    const context = contextOf(lines, ...members);
    const actual = await built(context);
    expect(actual).toBeDefined();
    expect(await observed(context)).toEqual(actual);
  });

  const app = file('app', program, 0o755);
  it.each<readonly [string, readonly string[], readonly Buffer[]]>([
    ['RUN', ['RUN ["/app"]'], [app]],
    ['a base', ['FROM busybox'], [app]],
    ['a source that is an image', ['COPY --from=busybox / /'], [app]],
    ['a download', ['ADD https://example.invalid/ /'], [app]],
    ['a variable that may be an address', ['ARG A=app', 'ADD $A /'], [app]],
    ['another frontend', ['# syntax=example.invalid/frontend', 'COPY . /'], [app]],
    ['a tar for ADD', ['ADD x.tar /'], [file('x.tar', tar(app))]],
    ['a compressed file for ADD', ['ADD x /'], [file('x', Buffer.from([0x1f, 0x8b, 8, 0]))]],
    ['a library that was renamed', ['COPY app /libapp.so'], [app]],
    ['accounts that were renamed', ['COPY a /etc/passwd'], [file('a', 'app:x:1:1::/:\n')]],
    ['a token that a package may have', ['COPY a /usr/share/a'], [file('a', token)]],
    ['a name that deletes', ['COPY . /a/'], [file('.wh.a', '')]],
    ['owners that are not mapped', ['COPY . /'], [member({ name: 'a', uid: 70_000, body: 'x' })]],
    ['a device', ['COPY . /'], [member({ name: 'null', typeflag: '3', devmajor: 1, devminor: 3 })]],
    ['an unknown source', ['COPY nothing /'], [app]],
    ['an invalid Dockerfile', ['COPY'], [app]],
    ['an invalid link', ['COPY . /'], [member({ name: 'a', typeflag: '1', linkname: 'b' })]],
  ])('are unknown with %s', async (_, lines, members) => {
    expect(await observed(contextOf(lines, ...members))).toBeUndefined();
  });

  it('are unknown for another platform, several, build contexts and without a Dockerfile', async () => {
    const context = contextOf(['COPY . /'], app);
    expect(await observed(context)).toBeDefined();
    expect(await observed(context, {}, { os: 'linux', architecture: 'arm64' })).toBeUndefined();
    expect(await observed(context, { platforms: ['linux/amd64', 'linux/arm64'] })).toBeUndefined();
    expect(await observed(context, { buildContexts: { a: 'docker-image://b' } })).toBeUndefined();
    expect(await observed(context, { file: 'Containerfile' })).toBeUndefined();
  });
});
