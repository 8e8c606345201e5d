/** Each option of BuildKit has its effect on every engine, or is refused by name. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askEngine, connectTo, engines, run, variantOf, variants } from '../engines.js';
import { expectFailure, imageIdOf, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';

const { address: registry } = engines.registry;
const FROM = `FROM ${engines.base}`;
const LIMITS = 'RUN echo "files $(ulimit -n):$(ulimit -Hn) $(df -k /dev/shm | tail -1)"';

const context = (...lines: readonly string[]): Promise<Buffer> =>
  create([{ name: 'Dockerfile', content: `${lines.join('\n')}\n` }]);

async function json(command: string, ...args: readonly string[]): Promise<Document> {
  const { stdout } = await run(engines.crane, [command, '--insecure', ...args]);
  return JSON.parse(stdout) as Document;
}

/** The members of manifests, indexes and attestations that are looked at here. */
interface Document {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly manifests?: readonly Document[];
  readonly layers?: readonly Document[];
  readonly digest?: string;
  readonly predicateType?: string;
}

/** The attestations of an image in the registry. */
async function attestations(image: string): Promise<string[]> {
  const { manifests = [] } = await json('manifest', image);
  const repository = image.replace(/:[^:/]*$/, '');
  const manifest = await json('manifest', `${repository}@${manifests[1]?.digest}`);
  const blobs = (manifest.layers ?? []).map(async ({ digest }) => {
    const args = ['blob', '--insecure', `${repository}@${digest}`];
    return (await run(engines.crane, args)).stdout;
  });
  return Promise.all(blobs);
}

describe.each(variants)('with $name', (variant) => {
  const { buildkit, podman, engine, name } = variant;
  const isNew = buildkit && engine === 'docker28';
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  const build = async (
    lines: readonly string[],
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> => {
    const tag = args.includes('-t') ? [] : ['-t', shell.name()];
    const all = [...tag, '--progress', 'plain', '--no-check', ...args];
    return shell.tool(all, { input: await context(...lines), env });
  };
  const expectRefusal = (outcome: Outcome, option: string): void => {
    expectFailure(outcome, 2, new RegExp(`building with ${option}\\b.* does not have it`), /./);
  };

  it('--ulimit and --shm-size limit RUN', async () => {
    const args = ['--ulimit', 'nofile=1234:2345', '--shm-size', '8m', '--no-cache'];
    const outcome = await build([FROM, LIMITS], args);
    if (buildkit && !isNew) return expectRefusal(outcome, '--ulimit');
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toMatch(/files 1234:2345 \S+ +8192 /);
    return undefined;
  });

  it('--annotation annotates the manifest', async () => {
    const tag = `${registry}/${shell.name()}:x`;
    const lines = [FROM, 'RUN true'];
    const args = ['-q', '--push', '-t', tag, '--engine', 'docker'];
    const outcome = await build(lines, [...args, '--annotation', 'org.example.a=b c']);
    if (!isNew) return expectRefusal(outcome, '--annotation');
    imageIdOf(outcome);
    expect((await json('manifest', tag)).annotations).toEqual({ 'org.example.a': 'b c' });
    const index = await build(lines, ['--annotation', 'index:a=b']);
    expect(index.stderr).toMatch(/building the image: index annotations not supported/);
    expect(index.code).toBe(1);
    return undefined;
  });

  it('--provenance attests how the image was built, without secrets', async () => {
    const tag = `${registry}/${shell.name()}:x`;
    const lines = [FROM, 'ARG HOW', 'RUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN'];
    const args = ['--build-arg', 'HOW=quickly-built', '-t', tag, '--push', '-q', '--no-check'];
    const attested = async (provenance: string): Promise<Outcome> => {
      const all = ['--engine', 'docker', ...args, '--provenance', provenance];
      const secret = isNew ? ['--secret', 'id=TOKEN'] : [];
      const env = { TOKEN: 'never-to-be-seen' };
      return shell.tool([...all, ...secret], { input: await context(...lines), env });
    };
    const outcome = await attested('mode=max');
    if (!isNew) return expectRefusal(outcome, '--provenance');
    imageIdOf(outcome);
    const [max = ''] = await attestations(tag);
    expect(max).toContain('quickly-built');
    expect(max).not.toContain('never-to-be-seen');
    imageIdOf(await attested('mode=min'));
    const [min = ''] = await attestations(tag);
    expect(min).toContain('slsa.dev/provenance');
    expect(min).not.toMatch(/quickly-built|never-to-be-seen/);
    imageIdOf(await attested('false'));
    expect(await json('manifest', tag)).not.toHaveProperty('manifests');
    return undefined;
  });

  it('--provenance=false and --sbom=false have no effect', async () => {
    imageIdOf(await build([FROM], ['-q', '--provenance=false', '--sbom=false']));
  });

  it('--sbom runs a generator', async () => {
    const tag = `${registry}/${shell.name()}:x`;
    const scanner = `${registry}/${shell.name()}:scanner`;
    const args = ['-q', '--no-check', '--engine', 'docker', '-t', tag, '--push'];
    const sbom = [...args, '--sbom', `generator=${scanner}`];
    const lines = [FROM, 'RUN true'];
    if (!isNew)
      return expectRefusal(await shell.tool(sbom, { input: await context(...lines) }), '--sbom');
    const statement = `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"name":"found"}}`;
    const script = `echo '${statement}' >$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json`;
    const own = [FROM, `ENTRYPOINT ${JSON.stringify(['/bin/sh', '-c', script])}`];
    const scan = ['-q', '--no-check', '-t', scanner, '--push'];
    imageIdOf(await shell.tool(scan, { input: await context(...own) }));
    imageIdOf(await shell.tool(sbom, { input: await context(...lines) }));
    expect((await attestations(tag)).join()).toMatch(/spdx\.dev.*"name":"found"/);
    return undefined;
  });

  it('--allow grants a privilege that the daemon grants', async () => {
    const host = await build([FROM, 'RUN true'], ['-q', '--allow', 'network.host']);
    if (!buildkit) return expectRefusal(host, '--allow');
    imageIdOf(host);
    const insecure = await build([FROM, 'RUN true'], ['-q', '--allow', 'security.insecure']);
    expectFailure(insecure, 1, /security\.insecure is not allowed by build daemon configuration/);
    if (!isNew) return undefined;
    const lines = [FROM, 'RUN --network=host true'];
    const without = await build(lines, ['-q']);
    expectFailure(without, 1, /network\.host is not allowed/);
    imageIdOf(await build(lines, ['-q', '--allow', 'network.host']));
    return undefined;
  });

  it('--no-cache-filter builds a stage again', async () => {
    const mark = shell.name();
    const step = (stage: string): string => `RUN echo ${stage}-${mark}-$((6*7)) | tee /${stage}`;
    const lines = [`${FROM} AS one`, step('one'), `${FROM} AS two`, 'COPY --from=one /one /'];
    lines.push(step('two'));
    const outcome = await build(lines, ['--no-cache-filter', 'two']);
    if (!buildkit) return expectRefusal(outcome, '--no-cache-filter');
    const again = await build(lines, ['--no-cache-filter', 'two']);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain(`two-${mark}-42`);
    expect(again.stderr).not.toContain(`one-${mark}-42`);
    return undefined;
  });

  it.each(['inline', 'registry'])('--cache-to and --cache-from share RUN: %s', async (type) => {
    const mark = shell.name();
    const tag = `${registry}/${mark}:x`;
    const lines = [FROM, `RUN echo ran-${mark}-$((6*7))`];
    const cache = type === 'inline' ? tag : `type=registry,ref=${tag}-cache`;
    const to = type === 'inline' ? 'type=inline' : `${cache},mode=max`;
    const pushed = await build(lines, ['--cache-to', to, '--push', '-t', tag]);
    if (!buildkit || (type === 'registry' && !isNew)) return expectRefusal(pushed, '--cache-to');
    expect(pushed.code, pushed.stderr).toBe(0);
    await forget(variant.host, tag, mark);
    const again = await build(lines, ['--cache-from', cache]);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain('CACHED');
    expect(again.stderr).not.toContain(`ran-${mark}-42`);
    return undefined;
  });

  it('--cache-from reads an image that the engine has', async () => {
    if (buildkit) return undefined;
    const [mark, cache] = [shell.name(), shell.name()];
    const lines = [FROM, `RUN echo ran-${mark}-$((6*7))`];
    if (podman) return expectRefusal(await build(lines, ['--cache-from', cache]), '--cache-from');
    const none = await build(lines, ['--cache-from', cache]);
    expect(none.stderr).toContain(`there is no ${cache} in the engine`);
    imageIdOf(await build(lines, ['-q', '-t', cache]));
    const again = await build(lines, ['--cache-from', cache]);
    expect(again.stderr).not.toContain(`ran-${mark}-42`);
    return undefined;
  });

  it('keeps the credentials of a cache to itself', async () => {
    const secret = 'never-to-be-seen';
    const type = `type=s3,region=a,bucket=b,access_key_id=${secret},secret_access_key=${secret}`;
    const outcome = await build([FROM, 'RUN true'], ['--cache-to', type]);
    expect(outcome.code, name).toBe(isNew ? 1 : 2);
    expect(outcome.stderr).not.toContain(secret);
  });
});

/** Removes an image, and the steps with this mark from the cache of the engine. */
async function forget(host: string, image: string, mark: string): Promise<void> {
  const connection = await connectTo({ DOCKER_HOST: host });
  await connection.text({ method: 'DELETE', path: `/images/${encodeURIComponent(image)}` });
  const { BuildCache } = (await askEngine(host, '/system/df?type=build-cache')) as {
    BuildCache: { ID: string; Description: string }[] | null;
  };
  const own = (BuildCache ?? []).filter(({ Description }) => Description.includes(mark));
  expect(own).not.toEqual([]);
  for (const { ID } of own) {
    const filters = encodeURIComponent(JSON.stringify({ id: [ID] }));
    await connection.text({ method: 'POST', path: `/build/prune?all=1&filters=${filters}` });
  }
}

describe('with a builder', () => {
  const [old, found] = ['docker20 BuildKit', 'docker28 BuildKit'].map((name) => {
    const variant = variantOf(name);
    return variant;
  });
  let shell: Shell;
  let buildkits: readonly RemoteBuildKit[];
  beforeAll(async () => {
    shell = await openShell(found as NonNullable<typeof found>);
    buildkits = await Promise.all([old, found].map((one) => serveBuildKit(one?.host ?? '')));
  });
  afterAll(async () => {
    for (const one of buildkits) await one.close();
    await shell.close();
  });

  it.each(['--ulimit=nofile=1', '--shm-size=1m', '--annotation=a=b', '--provenance=true'])(
    'BuildKit before 0.11 refuses %s',
    async (option) => {
      const args = ['-q', '--builder', buildkits[0]?.address ?? '', '-o', 'x.tar', option];
      const outcome = await shell.tool(args, { input: await context(FROM) });
      const [flag] = option.split('=');
      expectFailure(outcome, 2, new RegExp(`${flag}: BuildKit before 0.11 does not have it`));
    },
  );

  it('writes the annotations that the embedded engine writes', async () => {
    const platforms = ['--platform', 'linux/amd64,linux/arm64'];
    const annotations = [
      ['a=b', 'manifest[linux/arm64]:a=own', 'manifest:z=1', 'manifest:b=2'],
      ['manifest-descriptor:d=e', 'manifest-descriptor[linux/amd64]:f=g'],
      ['index:i=j', 'index,index-descriptor:k=l'],
    ].flat();
    const args = ['-q', '--no-check', ...platforms];
    const options = annotations.flatMap((text) => ['--annotation', text]);
    const input = await context('FROM scratch', 'COPY Dockerfile /');
    const builder = ['--builder', buildkits[1]?.address ?? ''];
    imageIdOf(await shell.tool([...args, ...builder, ...options, '-o', 'theirs.tar'], { input }));
    const own = ['--engine', 'embedded', '-o', 'own.tar'];
    imageIdOf(await shell.tool([...args, ...options, ...own], { input }));
    const theirs = annotationsIn(join(shell.folder, 'theirs.tar'));
    const manifest = { a: 'b', b: '2', z: '1' };
    expect(theirs).toEqual([
      ...[{ k: 'l' }, { i: 'j', k: 'l' }],
      ...[{ d: 'e', f: 'g' }, { d: 'e' }],
      ...[manifest, { ...manifest, a: 'own' }],
    ]);
    expect(annotationsIn(join(shell.folder, 'own.tar'))).toEqual(theirs);
  });
});

/** The annotations of an archive: of the index's descriptor, the index, the descriptors of manifests, and these. */
function annotationsIn(archive: string): unknown[] {
  const read = (path: string): Document =>
    JSON.parse(execFileSync('tar', ['-xOf', archive, path], { encoding: 'utf8' })) as Document;
  const blob = ({ digest = '' }: Document): Document => read(`blobs/${digest.replace(':', '/')}`);
  const [descriptor = {}] = read('index.json').manifests ?? [];
  const index = blob(descriptor);
  const manifests = index.manifests ?? [];
  const CREATED = 'org.opencontainers.image.created';
  const named = Object.entries(descriptor.annotations ?? {});
  const own = Object.fromEntries(named.filter(([key]) => key !== CREATED));
  return [own, index.annotations, ...manifests.map(({ annotations }) => annotations)].concat(
    manifests.map((one) => blob(one).annotations),
  );
}
