/** Registries that do wrong, at the command line: its exit code, one line that says why, nothing left. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OCI_INDEX } from '../../../src/image/descriptor.js';
import {
  addImage,
  descriptorOf,
  type FakeRegistry,
  fakeRegistry,
  type Hook,
  sha256,
} from '../../image/registry/fake.js';
import type { Run } from '../../support/process/cli.js';
import { useSharedProcess } from '../../support/process/shared-process.js';
import { member, tar } from '../../support/write-tar.js';

const run = useSharedProcess();

/** The lines of the Dockerfile around the one that failed, if they are known, then the error. */
const SAID =
  /^(?:Dockerfile:\d+\n-+\n(?: +\d+ \| [^\n]*\n)+-+\n)?dockerception: [^\n]+\n(?:hint: [^\n]+\n)?$/;
const BASE = tar(member({ name: 'base', body: 'b'.repeat(5000) }));
const OTHER = tar(member({ name: 'base', body: 'c'.repeat(5000) }));

let folder: string;
let registry: FakeRegistry;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'dockerception-faults-'));
  registry = await fakeRegistry();
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Builds for linux/amd64; the credentials and the cache are in `folder`. */
async function build(
  dockerfile: string,
  args: readonly string[] = ['-o', 'image.tar'],
  config: object = {},
): Promise<Run> {
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const context = tar(
    member({ name: 'Dockerfile', body: dockerfile }),
    member({ name: 'app', body: 'the app' }),
  );
  const common = ['--engine', 'embedded', '-q', '--platform', 'linux/amd64'];
  const env = { XDG_CACHE_HOME: folder, DOCKER_CONFIG: folder };
  return run([...common, ...args], { input: context, env });
}

/** That it failed with this code, and that nothing is left of it but blobs that are right. */
function expectRefusal({ code, stdout, stderr, leftovers }: Run, wanted: number): void {
  expect(stderr).toMatch(SAID);
  expect(code, stderr).toBe(wanted);
  expect(stdout).toHaveLength(0);
  expect(leftovers).toEqual([]);
  for (const name of cached()) {
    const bytes = readFileSync(path.join(folder, 'dockerception/blobs', name));
    expect(name).toBe(`sha256/${createHash('sha256').update(bytes).digest('hex')}`);
  }
}

/** The files of the cache. */
function cached(): string[] {
  const blobs = path.join(folder, 'dockerception/blobs');
  const entries = readdirSync(blobs, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(blobs, path.join(entry.parentPath, entry.name)));
}

/** References that are no digests. */
const tags = (): string[] =>
  [...registry.manifests.keys()].filter((key) => !key.includes('sha256:'));
const from = (name: string): string => `FROM ${registry.address}/${name}\nCOPY app /app\n`;
const basic = (text: string): object => {
  const auth = Buffer.from(text).toString('base64');
  return { auths: { [registry.address]: { auth } } };
};
/** Lets only alice in. */
const guarded: Hook = (_, response, { authorization }) => {
  if (authorization === `Basic ${Buffer.from('alice:right').toString('base64')}`) return false;
  response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end();
  return true;
};

interface Row {
  readonly what: string;
  readonly code: number;
  /** `ADDRESS` stands for the registry's, `FOLDER` for that of the configuration. */
  readonly message: string;
  readonly hint?: string;
  /** What FROM names. @default app:1 */
  readonly name?: string;
  readonly config?: (address: string) => object;
  readonly prepare?: () => void;
}

const answering =
  (status: number, message: string): Hook =>
  ({ url }, response) => {
    if (url === '/v2/') return false;
    response.writeHead(status).end(JSON.stringify({ errors: [{ code: 'X', message }] }));
    return true;
  };

const ROWS: readonly Row[] = [
  {
    what: 'does not have the image',
    code: 1,
    name: 'no/such:1',
    message:
      '^dockerception: building Dockerfile:1: pulling ADDRESS/no/such:1: ADDRESS has no such image or tag',
  },
  {
    what: 'does not have the tag',
    code: 1,
    name: 'app:2',
    message: 'pulling ADDRESS/app:2: ADDRESS has no such image or tag',
  },
  {
    what: 'does not have the platform, and those that it has are listed',
    code: 1,
    message: 'pulling ADDRESS/app:1: it is not there for linux/amd64',
    hint: 'it is there for linux/arm64, linux/s390x',
    prepare() {
      const { manifest, bytes } = addImage(registry, 'app', '1', [BASE]);
      const manifests = ['arm64', 's390x'].map((architecture) => ({
        ...descriptorOf(bytes, manifest.mediaType),
        platform: { os: 'linux', architecture },
      }));
      const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
      registry.manifests.set('app 1', {
        bytes: Buffer.from(JSON.stringify(index)),
        type: OCI_INDEX,
      });
    },
  },
  {
    what: 'gives a manifest that has another digest than it says',
    code: 5,
    message: 'reading the manifest of ADDRESS/app:1: the registry says sha256:0000',
    prepare() {
      const { bytes, manifest } = addImage(registry, 'app', '1', [BASE]);
      registry.hook = ({ url }, response) => {
        if (url !== '/v2/app/manifests/1') return false;
        const digest = `sha256:${'0'.repeat(64)}`;
        const headers = { 'Content-Type': manifest.mediaType, 'Docker-Content-Digest': digest };
        response.writeHead(200, headers).end(bytes);
        return true;
      };
    },
  },
  {
    what: 'gives another manifest than that of the digest',
    code: 5,
    name: `app@sha256:${'0'.repeat(64)}`,
    message: 'its bytes have another digest|has \\d+ bytes',
    prepare() {
      const entry = { type: '', ...addImage(registry, 'app', '1', [BASE]) };
      registry.manifests.set(`app sha256:${'0'.repeat(64)}`, {
        bytes: entry.bytes,
        type: entry.manifest.mediaType,
      });
    },
  },
  {
    what: 'gives another layer of the same size',
    code: 5,
    message: `pulling ADDRESS/app:1: blob ${sha256(BASE)}: its bytes have another digest`,
    prepare() {
      addImage(registry, 'app', '1', [BASE]);
      registry.blobs.set(`app ${sha256(BASE)}`, OTHER);
    },
  },
  {
    what: 'gives a part of a layer as if it were all of it',
    code: 5,
    message: `pulling ADDRESS/app:1: blob ${sha256(BASE)}: it has 1000 bytes instead of ${BASE.length}`,
    prepare() {
      addImage(registry, 'app', '1', [BASE]);
      registry.blobs.set(`app ${sha256(BASE)}`, BASE.subarray(0, 1000));
    },
  },
  {
    what: 'wants credentials, of which there are none',
    code: 5,
    message:
      'ADDRESS denied access to app \\(401.*\\), no credentials in auths in FOLDER/config.json',
    hint: '`docker login ADDRESS` adds credentials',
    prepare: () => void (registry.hook = guarded),
  },
  {
    what: 'wants other credentials',
    code: 5,
    message:
      'ADDRESS denied access to app \\(401.*\\), with the credentials of .*FOLDER/config.json',
    hint: '`docker login ADDRESS` changes the credentials',
    config: () => basic('alice:wrong'),
    prepare: () => void (registry.hook = guarded),
  },
  {
    what: 'lets nobody in',
    code: 5,
    message: 'ADDRESS denied access to app \\(403, not yours\\), no credentials in',
    prepare: () => void (registry.hook = answering(403, 'not yours')),
  },
  {
    what: 'is broken in a way that a line could be',
    code: 5,
    message: 'ADDRESS answered 400, one\\\\x0atwo',
    prepare: () => void (registry.hook = answering(400, 'one\ntwo')),
  },
];

describe('a base of a registry that', () => {
  it.each(ROWS.map((row) => [row.what, row] as const))('%s', async (_, row) => {
    const { code, message, hint, name = 'app:1', config, prepare } = row;
    if (prepare) prepare();
    else addImage(registry, 'app', '1', [BASE]);
    const result = await build(from(name), undefined, config?.(registry.address));
    expectRefusal(result, code);
    const lines = result.stderr.split('\n');
    const [line = '', hinted = ''] = lines.slice(
      lines.findIndex((one) => one.startsWith('dockerception: ')),
    );
    const filled = (text: string): RegExp =>
      new RegExp(text.replaceAll('ADDRESS', registry.address).replaceAll('FOLDER', folder));
    expect(line).toMatch(filled(message));
    if (hint !== undefined) expect(hinted).toMatch(filled(`^hint: ${hint}`));
  });

  it('is not there', async () => {
    const { address } = registry;
    const dockerfile = from('app:1');
    await registry.close();
    const result = await build(dockerfile);
    expectRefusal(result, 5);
    expect(result.stderr).toContain(`reaching ${address}: connection refused`);
  });

  it('breaks off in the middle of a layer is asked for the rest', async () => {
    addImage(registry, 'app', '1', [BASE]);
    registry.hook = ({ url = '', headers }, response) => {
      if (!url.endsWith(sha256(BASE)) || headers.range !== undefined) return false;
      response.writeHead(200, { 'Content-Length': String(BASE.length) });
      response.write(BASE.subarray(0, 1000), () => response.destroy());
      return true;
    };
    const result = await build(from('app:1'));
    expect(result).toMatchObject({ code: 0, leftovers: ['image.tar'] });
    const ranges = registry.seen.map(({ headers }) => headers.range).filter(Boolean);
    expect(ranges).toEqual(['bytes=1000-']);
  });
});

describe('the cache', () => {
  const blob = (digest: string): string =>
    path.join(folder, 'dockerception/blobs', digest.replace(':', '/'));

  it('has all of a base that is named by its digest: then no registry is needed', async () => {
    const { digest } = addImage(registry, 'app', '1', [BASE]);
    const dockerfile = from(`app@${digest}`);
    const first = await build(dockerfile);
    await registry.close();
    const second = await build(dockerfile);
    expect(second, second.stderr).toMatchObject({ code: 0, stdout: first.stdout });
  });

  it('has what is wrong in it fetched anew', async () => {
    const { digest } = addImage(registry, 'app', '1', [BASE]);
    const first = await build(from('app:1'));
    expect(cached()).toHaveLength(3);
    writeFileSync(blob(sha256(BASE)), OTHER);
    writeFileSync(blob(digest), 'short');
    registry.seen.length = 0;
    const second = await build(from('app:1'));
    expect(second, second.stderr).toMatchObject({ code: 0, stdout: first.stdout });
    const blobs = registry.lines().filter((line) => line.includes('/blobs/'));
    expect(blobs).toEqual([`GET /v2/app/blobs/${sha256(BASE)}`]);
    expect(readFileSync(blob(sha256(BASE))).equals(BASE)).toBe(true);
    expect(sha256(readFileSync(blob(digest)))).toBe(digest);
  });
});

describe('a push', () => {
  const push = (dockerfile: string, ...more: string[]): Promise<Run> =>
    build(dockerfile, ['--push', '-t', `${registry.address}/out:1`, ...more]);
  const count = (pattern: RegExp): number =>
    registry.lines().filter((line) => pattern.test(line)).length;

  it('mounts the base’s layers, skips what is there, and gives the tags last', async () => {
    addImage(registry, 'app', '1', [BASE]);
    const first = await push(from('app:1'), '-t', `${registry.address}/out:2`);
    expect(first, first.stderr).toMatchObject({ code: 0, leftovers: [] });
    expect(count(new RegExp(`^POST .*mount=${encodeURIComponent(sha256(BASE))}&from=app`))).toBe(1);
    // The own layer and the configuration.
    expect(count(/^PUT .*\/blobs\/uploads\//)).toBe(2);
    const puts = registry.lines().filter((line) => line.startsWith('PUT'));
    expect(puts.at(-3)).toMatch(/manifests\/sha256:/);
    expect(puts.slice(-2)).toEqual(['PUT /v2/out/manifests/1', 'PUT /v2/out/manifests/2']);
    registry.seen.length = 0;
    const second = await push(from('app:1'));
    expect(second.stdout).toEqual(first.stdout);
    expect(count(/^POST|uploads/)).toBe(0);
  });

  it('goes to two registries, and to no tag when one of them refuses', async () => {
    const other = await fakeRegistry();
    afterAll(() => other.close());
    const names = ['-t', `${other.address}/out:1`, '-o', 'image.tar'];
    other.hook = ({ method }, response) => {
      if (method !== 'PUT') return false;
      response.writeHead(403).end();
      return true;
    };
    const refused = await push('FROM scratch\nCOPY app /\n', ...names);
    expectRefusalOfPush(refused, `${other.address} denied access to out (403`);
    other.hook = undefined;
    const taken = await push('FROM scratch\nCOPY app /\n', ...names);
    expect(taken).toMatchObject({ code: 0, leftovers: ['image.tar'] });
    expect(tags()).toEqual(['out 1']);
    expect(other.manifests.get('out 1')).toEqual(registry.manifests.get('out 1'));
  });

  it('that is broken off is tried again', async () => {
    let broken = 0;
    registry.hook = (request) => {
      if (request.method !== 'PUT' || broken > 0) return false;
      broken++;
      request.once('data', () => request.socket.destroy());
      return true;
    };
    const result = await push('FROM scratch\nCOPY app /\n');
    expect(result, result.stderr).toMatchObject({ code: 0, leftovers: [] });
    expect([broken, tags()]).toEqual([1, ['out 1']]);
  });

  it('whose manifest is refused leaves no tag and no file', async () => {
    registry.hook = (request, response) => {
      if (request.method !== 'PUT' || !request.url?.includes('manifests')) return false;
      request.resume().on('end', () => response.writeHead(400).end());
      return true;
    };
    const result = await push('FROM scratch\nCOPY app /\n', '-o', 'image.tar');
    expectRefusalOfPush(result, `pushing ${registry.address}/out:1: `);
  });

  it('needs credentials like a pull', async () => {
    registry.hook = guarded;
    expectRefusalOfPush(await push('FROM scratch\nCOPY app /\n'), 'no credentials in auths in ');
    const args = ['--push', '-t', `${registry.address}/out:1`];
    const taken = await build('FROM scratch\nCOPY app /\n', args, basic('alice:right'));
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
  });

  /** Nothing of this context came out of a cache. */
  function expectRefusalOfPush({ code, stderr, leftovers }: Run, why: string): void {
    expect(stderr).toMatch(SAID);
    expect(stderr).toContain(why);
    expect({ code, leftovers, tags: tags() }).toEqual({ code: 5, leftovers: [], tags: [] });
  }
});
