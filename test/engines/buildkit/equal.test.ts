/**
 * Images equal those of `docker buildx build -` with the same builder and the same tar. With SOURCE_DATE_EPOCH and
 * `rewrite-timestamp=true`, BuildKit's images are reproducible, so the archives have the same bytes. Nothing comes from the cache.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageConfig } from '../../../src/image/config.js';
import { engines, run } from '../engines.js';
import { imageIdOf, openShell, type Shell } from '../support.js';
import { create, type TestEntry } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';
import { docker28 as variant } from './docker28.js';

const { address: registry } = engines.registry;
const EPOCH = '1600000000';
const base = engines.base;

interface Case {
  readonly name: string;
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Options that both command lines have. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What the configuration of the image must have, so that two empty images are not equal. */
  readonly has?: object;
  /** A file of the image, and its content. */
  readonly file?: readonly [path: string, content: string];
}

const cases: readonly Case[] = [
  {
    name: 'COPY and RUN',
    dockerfile: `FROM ${base}\nCOPY data /data\nRUN cat /data /data >/twice\nCMD ["/bin/sh"]\n`,
    files: { data: 'data\n' },
    has: { config: { Cmd: ['/bin/sh'] } },
    file: ['twice', 'data\ndata\n'],
  },
  {
    name: 'several stages',
    dockerfile: `FROM ${base} AS one\nRUN echo one >/one\nFROM ${base} AS two\nCOPY --from=one /one /two\nRUN cat /two >/three\nFROM scratch\nCOPY --from=two /three /\n`,
    file: ['three', 'one\n'],
  },
  {
    name: '--target',
    dockerfile: `FROM ${base} AS wanted\nRUN echo wanted >/x\nENV STAGE=wanted\nFROM ${base}\nRUN exit 1\n`,
    args: ['--target', 'wanted'],
    has: { config: { Env: expect.arrayContaining(['STAGE=wanted']) as unknown } },
    file: ['x', 'wanted\n'],
  },
  {
    name: '--build-arg',
    dockerfile: `ARG BASE=none\nFROM $BASE\nARG ONE\nARG TWO=default\nENV ONE=$ONE TWO=$TWO\nRUN echo "$ONE $TWO" >/x\n`,
    args: ['--build-arg', `BASE=${base}`, '--build-arg', 'ONE=a b,c="d"', '--build-arg', 'TWO'],
    env: { TWO: 'of the shell' },
    has: { config: { Env: expect.arrayContaining(['ONE=a b,c="d"']) as unknown } },
    file: ['x', 'a b,c="d" of the shell\n'],
  },
  {
    name: '--label',
    dockerfile: `FROM ${base}\nLABEL a=dockerfile b=dockerfile\n`,
    args: ['--label', 'a=option', '--label', 'c=x=y'],
    has: { config: { Labels: { a: 'option', b: 'dockerfile', c: 'x=y' } } },
  },
  {
    name: '--platform',
    dockerfile: `FROM scratch\nARG TARGETPLATFORM\nARG TARGETARCH\nENV ARCH=$TARGETARCH\nCOPY data /$TARGETPLATFORM/\n`,
    files: { data: 'data\n' },
    args: ['--platform', 'linux/arm64'],
    has: {
      architecture: 'arm64',
      config: { Env: expect.arrayContaining(['ARCH=arm64']) as unknown },
    },
    file: ['linux/arm64/data', 'data\n'],
  },
  {
    name: 'several platforms',
    dockerfile: `FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /app\n`,
    files: { amd64: 'amd64\n', arm64: 'arm64\n' },
    args: ['--platform', 'linux/amd64,linux/arm64'],
  },
  {
    name: '--secret',
    dockerfile: `FROM ${base}\nRUN --mount=type=secret,id=one --mount=type=secret,id=TWO,env=TWO sha256sum /run/secrets/one >/x; echo "\${#TWO}" >>/x\n`,
    args: ['--secret', 'id=one,src=secret', '--secret', 'id=TWO'],
    env: { TWO: 'seven!!' },
    file: [
      'x',
      '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b  /run/secrets/one\n7\n',
    ],
  },
  {
    name: 'heredocs',
    dockerfile: `FROM ${base}\nARG WHO=me\nRUN <<EOF\necho "one $WHO" >/x\necho two >>/x\nEOF\nCOPY <<"EOF" /raw\n$WHO\nEOF\nCOPY <<EOF /expanded\n$WHO\nEOF\n`,
    file: ['x', 'one me\ntwo\n'],
  },
  {
    name: 'COPY --from a named directory and a named image',
    dockerfile: `FROM scratch\nCOPY --from=folder --chown=3:4 . /folder\nCOPY --from=image /bin/busybox /\n`,
    args: ['--build-context', 'folder=folder', '--build-context', `image=docker-image://${base}`],
    file: ['folder/nested/file', 'nested\n'],
  },
  {
    name: 'ADD of a tar',
    dockerfile: `FROM ${base}\nADD inner.tar.gz /unpacked/\nRUN cat /unpacked/folder/nested/file >/x\n`,
    file: ['x', 'nested\n'],
  },
  {
    name: 'links, users, volumes and a health check',
    dockerfile: `FROM ${base}\nWORKDIR /app\nRUN ln -s data link && touch data && chown 5:6 data && chmod 4711 data\nUSER 7:8\nVOLUME /v\nEXPOSE 80 53/udp\nSTOPSIGNAL SIGINT\nSHELL ["/bin/sh", "-ec"]\nHEALTHCHECK --interval=5s CMD true\nONBUILD RUN true\nENTRYPOINT run me\n`,
    has: { config: { User: '7:8', WorkingDir: '/app', StopSignal: 'SIGINT' } },
  },
  {
    name: 'RUN --network=none, --mount=type=bind and type=cache',
    dockerfile: `FROM ${base}\nRUN --network=none --mount=type=bind,target=/ctx --mount=type=cache,target=/cache cat /ctx/data >/x && ls /sys/class/net >>/x\n`,
    files: { data: 'data\n' },
    file: ['x', 'data\nlo\n'],
  },
  {
    name: 'another Dockerfile, and --network, --add-host, --shm-size, --ulimit',
    dockerfile: 'FROM nowhere\n',
    files: {
      'docker/other': `FROM ${base}\nRUN grep host.test /etc/hosts >/x; ulimit -n >>/x; df /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2 >>/x\n`,
    },
    args: ['-f', 'docker/other', '--add-host', 'host.test:1.2.3.4', '--shm-size', '32m'].concat(
      '--ulimit',
      'nofile=123:456',
    ),
    file: ['x', '1.2.3.4\thost.test\n123\n32768\n'],
  },
];

let shell: Shell;
let buildkit: RemoteBuildKit;
let builder: string;
let inner: Buffer;
beforeAll(async () => {
  shell = await openShell(variant);
  buildkit = await serveBuildKit(variant.host);
  builder = shell.name();
  const create = `docker buildx create --name ${builder} --driver remote ${buildkit.address}`;
  expect(await shell.run(create, { litters: true })).toMatchObject({ code: 0 });
  await mkdir(join(shell.folder, 'folder/nested'), { recursive: true });
  await writeFile(join(shell.folder, 'folder/nested/file'), 'nested\n');
  await shell.file('secret', 'secret');
  inner = execFileSync('tar', ['-cz', 'folder'], { cwd: shell.folder });
});
afterAll(async () => {
  await shell.run(`docker buildx rm ${builder}`, { litters: true });
  await buildkit.close();
  await shell.close();
});

const contextOf = ({ dockerfile, files = {} }: Case): Promise<Buffer> => {
  const entries: TestEntry[] = Object.entries({ Dockerfile: dockerfile, ...files }).map(
    ([name, content]) => ({ name, content }),
  );
  if (dockerfile.includes('inner.tar.gz')) entries.push({ name: 'inner.tar.gz', content: inner });
  return create(entries);
};

const quoted = (args: readonly string[]): string =>
  args.map((arg) => `'${arg.replaceAll("'", String.raw`'\''`)}'`).join(' ');

/** Builds with buildx; the archive is `buildx.tar`. */
async function buildx(input: Buffer, args: readonly string[], env = {}): Promise<void> {
  const command = quoted(['--builder', builder, '--no-cache', '--provenance=false', ...args]);
  const script = `docker buildx build -q ${command} -`;
  const { code, stderr } = await shell.run(script, { input, env, litters: true });
  expect(code, stderr).toBe(0);
}

interface Archive {
  readonly digests: readonly string[];
  readonly configs: readonly ImageConfig[];
  /** The layers of the last image, in their order, not compressed. */
  readonly layers: readonly Buffer[];
}

interface Manifest {
  readonly mediaType: string;
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

/** What an archive has, read by GNU tar. */
function read(file: string): Archive {
  const member = (path: string): Buffer =>
    execFileSync('tar', ['-xOf', join(shell.folder, file), path], { maxBuffer: 1 << 28 });
  const blob = (digest: string): Buffer => member(`blobs/${digest.replace(':', '/')}`);
  const parse = (bytes: Buffer): Manifest => JSON.parse(bytes.toString()) as Manifest;
  const images = (index: Manifest): readonly string[] =>
    (index.manifests ?? []).flatMap(({ digest }) => {
      const nested = parse(blob(digest));
      return nested.manifests === undefined ? [digest] : images(nested);
    });
  const digests = images(parse(member('index.json')));
  const manifests = digests.map((digest) => parse(blob(digest)));
  const configs = manifests.map(({ config }) => blob(config?.digest ?? ''));
  return {
    digests,
    configs: configs.map((config) => JSON.parse(config.toString()) as ImageConfig),
    layers: (manifests.at(-1)?.layers ?? [])
      .map(({ digest }) => blob(digest))
      .map((layer) => (layer[0] === 0x1f ? gunzipSync(layer) : layer)),
  };
}

/** The content of a file in the last layer that has it. */
function contentOf({ layers }: Archive, path: string): string | undefined {
  for (const layer of layers.toReversed())
    try {
      return execFileSync('tar', ['-xO', path], { input: layer, stdio: 'pipe' }).toString();
    } catch {
      // Another layer has it.
    }
  return undefined;
}

// The connection is another, and nothing else: a few cases show it.
describe.each([
  { way: 'a builder of buildx', named: () => builder, some: cases },
  { way: 'an address', named: () => buildkit.address, some: cases.slice(0, 2) },
])('an image of $way', ({ named, some }) => {
  it.each(some)('equals that of buildx: $name', async (one) => {
    const input = await contextOf(one);
    const env = { SOURCE_DATE_EPOCH: EPOCH, ...one.env };
    const output = (dest: string): string[] => [
      ...(one.args ?? []),
      '-o',
      `type=oci,dest=${dest},rewrite-timestamp=true`,
    ];
    await buildx(input, output('buildx.tar'), env);
    const args = ['-q', '--builder', named(), '--no-cache', '--provenance=false'];
    const outcome = await shell.tool([...args, ...output('own.tar')], { input, env });
    expect(outcome.code, outcome.stderr).toBe(0);
    const [own, other] = [read('own.tar'), read('buildx.tar')];
    expect(own.configs).toEqual(other.configs);
    // The digest of a manifest is that of all that the image has.
    expect(own.digests).not.toEqual([]);
    expect(own.digests).toEqual(other.digests);
    if (one.has !== undefined) expect(own.configs[0]).toMatchObject(one.has);
    if (one.file !== undefined) expect(contentOf(own, one.file[0])).toBe(one.file[1]);
  });
});

it('differs from the image of buildx only in times without SOURCE_DATE_EPOCH', async () => {
  const one = cases.find(({ name }) => name === 'COPY and RUN') as Case;
  const input = await contextOf(one);
  await buildx(input, ['-o', 'type=oci,dest=buildx.tar']);
  const args = ['-q', '--builder', builder, '--no-cache', '-o', 'type=oci,dest=own.tar'];
  imageIdOf(await shell.tool(args, { input }));
  const archives = ['own.tar', 'buildx.tar'].map(read);
  const [own, other] = archives.map(({ configs }) =>
    configs.map((config) => ({
      ...config,
      created: undefined,
      rootfs: undefined,
      history: config.history?.map((step) => ({ ...step, created: undefined })),
    })),
  );
  expect(own).toEqual(other);
  const [ownFiles, otherFiles] = archives.map(({ layers }) =>
    layers.map((layer) =>
      execFileSync('tar', ['-tv', '--full-time'], { input: layer })
        .toString()
        .replaceAll(/\d{4}-\d\d-\d\d \S+/g, ''),
    ),
  );
  expect(ownFiles).toHaveLength(3);
  expect(ownFiles).toEqual(otherFiles);
});

it('pushes the index that buildx pushes', async () => {
  const one = cases.find(({ name }) => name === 'several platforms') as Case;
  const input = await contextOf(one);
  const env = { SOURCE_DATE_EPOCH: EPOCH };
  const [ours, theirs] = [shell.name(), shell.name()].map((name) => `${registry}/${name}:x`);
  const options = (tag = ''): string[] => [...(one.args ?? []), '-t', tag, '--push'];
  await buildx(input, options(theirs), env);
  const args = ['-q', '--builder', builder, '--no-cache', '--provenance=false'];
  imageIdOf(await shell.tool([...args, ...options(ours)], { input, env }));
  const [own, other] = await Promise.all(
    [ours, theirs].map(async (name = '') => {
      const { stdout } = await run(engines.crane, ['manifest', '--insecure', name]);
      return JSON.parse(stdout) as Manifest;
    }),
  );
  expect(own?.manifests).toHaveLength(2);
  expect(own).toEqual(other);
});
