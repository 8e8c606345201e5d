/** What the command line makes without an engine is taken by everybody who reads images. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/image/digest.js';
import { engines, uniqueTag, type Variant, variants } from '../engines.js';
import { loaders, namespace, tool } from '../images/readers.js';
import { imageIdOf, openShell, type Shell } from '../support.js';
import { dir, fifo, file, hardLink, symlink, tarOf } from './differential/entries.js';

const REGISTRY = engines.registry.address;
const DEEP = `data/${'a-long-name/'.repeat(12)}file`;
const DOCKERFILE = `
ARG BASE=${REGISTRY}/base:latest
FROM scratch AS files
COPY --chown=7:8 data/ /data/
ADD packed.tar.gz /unpacked/

FROM $BASE AS app
ARG WORD
ENV WORD=$WORD
WORKDIR /app/deep
COPY --from=files / /from/
COPY --chmod=750 tool.sh bin/
ADD --chown=9 packed.tar.gz ./
COPY <<-END <<second /app/texts/
	a line of $WORD
	END
another of $WORD
second
COPY --link data/umläut /etc/profile
ENTRYPOINT ["bin/tool.sh"]
CMD ["by default"]
`;
const TOOL = `#!/bin/sh
echo "$WORD: $*, in $PWD"
cat /app/texts/END /app/texts/second /from/data/umläut link
`;

/** What a container of it prints. */
const printed = (word: string, argument: string): string =>
  `${word}: ${argument}, in /app/deep\na line of ${word}\nanother of ${word}\nübers Wasser\npacked\n`;

const context = tarOf([
  file('Dockerfile', DOCKERFILE),
  file('tool.sh', TOOL, { mode: 0o644 }),
  dir('data/', { mode: 0o2775 }),
  file('data/umläut', 'übers Wasser\n'),
  hardLink('data/again', 'data/umläut'),
  symlink('data/points', '../nowhere'),
  fifo('data/pipe'),
  file('data/setuid', 'x', { mode: 0o4755, uid: 1000 }),
  file(DEEP, 'deep'),
  file('packed.tar.gz', gzipSync(tarOf([file('real', 'packed\n'), symlink('link', 'real')]))),
]);

/**
 * All there is of a file system: types, modes, owners, sizes, links, times, and then contents.
 * The root itself has no entry in type=tar, as in BuildKit's.
 */
const LIST = `cd "$1" && {
  find . -mindepth 1 -type d -printf '%p %y %m %U:%G %T@\\n' -o ! -type d -printf '%p %y %m %U:%G %s %n %T@ %l\\n'
  find . -type f -exec sha256sum {} +
} | sort`;

interface Manifest {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly mediaType: string }[];
}

const skopeo = (...args: string[]): Promise<string> =>
  tool(engines.skopeo, ['--insecure-policy', ...args]);

describe.each(['gzip', 'none'])('an image with layers of %s', (compression) => {
  const name = `${uniqueTag()}:v1`;
  const word = name.slice(-10, -3);
  const remote = `${REGISTRY}/${name}`;
  let shell: Shell;
  let id: string;
  let digest: string;
  const at = (path: string): string => join(shell.folder, path);

  beforeAll(async () => {
    shell = await openShell(variants[0] as Variant);
    await shell.file('context.tar', context);
    const build = `cat context.tar | dockerception --engine embedded -q --build-arg WORD=${word}`;
    const how = compression === 'gzip' ? '' : `--compression ${compression}`;
    const outputs = '-o app.tar -o type=oci,tar=false,dest=layout -o type=tar,dest=fs.tar';
    id = imageIdOf(await shell.run(`${build} ${how} -t ${name} ${outputs}`));
    expect(imageIdOf(await shell.run(`${build} ${how} -t ${remote} --push`))).toBe(id);
    const index = JSON.parse(await readFile(at('layout/index.json'), 'utf8')) as {
      manifests: [{ digest: string }];
    };
    digest = index.manifests[0].digest;
  });
  afterAll(async () => {
    await tool(engines.crane, [
      'delete',
      '--insecure',
      `${REGISTRY}/${name.slice(0, -3)}@${digest}`,
    ]);
    await shell.close();
  });

  it.each(Object.entries(loaders))('is loaded and run by %s', async (engine, { load, run }) => {
    try {
      await load(at('app.tar'));
      expect(await run('run', '--rm', name)).toBe(printed(word, 'by default'));
      expect(await run('run', '--rm', name, 'a', 'b')).toBe(printed(word, 'a b'));
      const called = (await run('images', '--no-trunc', '-q', name)).trim();
      // The containerd image store knows an image by its manifest.
      expect(called).toBe(engine === 'docker28' ? digest : id);
    } finally {
      await run('rmi', '-f', name);
    }
  });

  it.each([
    ['docker20', []],
    ['docker28', []],
    ['podman', ['--tls-verify=false']],
    ['podmanRootless', ['--tls-verify=false']],
  ] as const)('is pulled and run by %s', async (engine, args) => {
    const { run } = loaders[engine];
    try {
      await run('pull', '-q', ...args, remote);
      expect(await run('run', '--rm', remote, 'pulled')).toBe(printed(word, 'pulled'));
      const called = (await run('images', '--no-trunc', '-q', remote)).trim();
      expect(called).toBe(engine === 'docker28' ? digest : id);
    } finally {
      await run('rmi', '-f', remote);
    }
  });

  it.each(['oci-archive:app.tar', 'docker-archive:app.tar', 'oci:layout', `docker://${remote}`])(
    'is inspected and copied by skopeo as %s',
    async (reference) => {
      const insecure = reference.startsWith('docker:') ? ['--tls-verify=false'] : [];
      const from = reference.replace(/:(app|layout)/, `:${shell.folder}/$1`);
      const config = JSON.parse(await skopeo('inspect', ...insecure, '--config', from)) as object;
      expect(config).toMatchObject({
        os: 'linux',
        config: { Entrypoint: ['bin/tool.sh'], Cmd: ['by default'], WorkingDir: '/app/deep' },
      });
      const copied = at('copied');
      await rm(copied, { recursive: true, force: true });
      const source = insecure.map(() => '--src-tls-verify=false');
      await skopeo('copy', '-q', ...source, from, `dir:${copied}`);
      const manifest = JSON.parse(
        await readFile(join(copied, 'manifest.json'), 'utf8'),
      ) as Manifest;
      expect(manifest.config.digest).toBe(id);
      // The base's layer stays what it is; ours are as they were asked for.
      if (!reference.startsWith('docker-archive'))
        expect(manifest.layers.slice(1).every(({ mediaType }) => mediaType.endsWith('gzip'))).toBe(
          compression === 'gzip',
        );
    },
  );

  it('is unpacked by umoci into the very file system of type=tar', async () => {
    await tool(engines.umoci, ['unpack', '--image', `${at('layout')}:v1`, at('bundle')]);
    await mkdir(at('fs'));
    await tool('tar', ['-C', at('fs'), '--numeric-owner', '-xpf', at('fs.tar')]);
    const list = (root: string): Promise<string> =>
      tool('sh', ['-c', LIST, 'sh', root], { LC_ALL: 'C' });
    const listed = await list(at('fs'));
    expect(await list(at('bundle/rootfs'))).toBe(listed);
    expect(listed).toMatch(/^\.\/from\/data\/setuid f 4755 7:8 1 /m);
    expect(listed).toMatch(/^\.\/app\/deep\/bin\/tool.sh f 750 0:0 /m);
  });

  it.each(['docker20', 'docker28'] as const)('is imported by the ctr of %s', async (engine) => {
    const space = namespace(engine, name.slice(0, -3));
    try {
      await space.ctr('images', 'import', at('app.tar'));
      expect((await space.ctr('images', 'ls', '-q')).trim()).toBe(`docker.io/library/${name}`);
      expect(await space.ctr('images', 'ls')).toContain(digest);
      expect(await space.ctr('images', 'check')).toContain('complete');
    } finally {
      await space.remove();
    }
  });

  it('is valid to crane, in the archive and in the registry', async () => {
    for (const where of [
      ['--tarball', at('app.tar')],
      ['--insecure', '--remote', remote],
    ]) {
      // It says so on standard error; only its exit code counts.
      await tool(engines.crane, ['validate', '--fast', ...where]);
      const whole = tool(engines.crane, ['validate', ...where]);
      // It unpacks each layer in a registry, and in an archive with a compressed one, as the base's
      // is: google/go-containerregistry#1826.
      if (compression === 'gzip') await whole;
      else await expect(whole).rejects.toThrow('gzip: invalid header');
    }
    expect((await tool(engines.crane, ['digest', '--insecure', remote])).trim()).toBe(digest);
    const config = await tool(engines.crane, ['config', '--insecure', remote]);
    expect(digestOf(Buffer.from(config))).toBe(id);
  });
});

describe('an image with two names of one tag', () => {
  const names = [`${uniqueTag()}:v1`, `x.example/${uniqueTag()}:v1`];
  let shell: Shell;
  const at = (path: string): string => join(shell.folder, path);
  beforeAll(async () => {
    shell = await openShell(variants[0] as Variant);
    await shell.file('context.tar', tarOf([file('Dockerfile', 'FROM scratch\nCOPY . /\n')]));
    const build = `dockerception --engine embedded -q ${names.map((name) => `-t ${name}`).join(' ')}`;
    const outputs = '-o app.tar -o type=oci,tar=false,dest=layout';
    imageIdOf(await shell.run(`${build} ${outputs} context.tar`));
  });
  afterAll(() => shell.close());

  it.each(Object.entries(loaders))('is loaded by %s under both', async (_, { load, run }) => {
    try {
      await load(at('app.tar'));
      for (const name of names) expect(await run('images', '-q', name)).not.toBe('');
    } finally {
      await run('rmi', '-f', ...names);
    }
  });

  it('is one image to umoci, skopeo and ctr', async () => {
    await tool(engines.umoci, ['unpack', '--image', `${at('layout')}:v1`, at('bundle')]);
    expect(await readdir(at('bundle/rootfs'))).toEqual(['Dockerfile']);
    for (const from of [`oci:${at('layout')}:v1`, `oci-archive:${at('app.tar')}:v1`])
      await skopeo('inspect', '--config', from);
    const space = namespace('docker28', uniqueTag());
    try {
      await space.ctr('images', 'import', at('app.tar'));
      expect((await space.ctr('images', 'ls', '-q')).trim().split('\n').sort()).toEqual(
        [`docker.io/library/${names[0]}`, names[1]].sort(),
      );
    } finally {
      await space.remove();
    }
  });
});

describe('an image without layers', () => {
  const name = `${uniqueTag()}:v1`;
  let shell: Shell;
  let id: string;
  beforeAll(async () => {
    shell = await openShell(variants[0] as Variant);
    await shell.file('context.tar', tarOf([file('Dockerfile', 'FROM scratch\nLABEL a=b\n')]));
    const build = `dockerception --engine embedded -q -t ${name} context.tar`;
    id = imageIdOf(await shell.run(`${build} -o app.tar -o type=oci,tar=false,dest=layout`));
  });
  afterAll(() => shell.close());

  it.each(Object.entries(loaders))('is loaded by %s', async (_engine, { load, run }) => {
    try {
      await load(join(shell.folder, 'app.tar'));
      const labels = await run('image', 'inspect', '-f', '{{json .Config.Labels}}', name);
      expect(JSON.parse(labels)).toMatchObject({ a: 'b' });
    } finally {
      await run('rmi', '-f', name);
    }
  });

  it('is copied by skopeo, unpacked by umoci and valid to crane', async () => {
    const at = (path: string): string => join(shell.folder, path);
    for (const from of [
      `oci-archive:${at('app.tar')}`,
      `docker-archive:${at('app.tar')}`,
      `oci:${at('layout')}`,
    ]) {
      await skopeo('copy', '-q', from, `dir:${at('copied')}`);
      const manifest = JSON.parse(await readFile(at('copied/manifest.json'), 'utf8')) as Manifest;
      expect([manifest.config.digest, manifest.layers]).toEqual([id, []]);
    }
    await tool(engines.umoci, ['unpack', '--image', `${at('layout')}:v1`, at('bundle')]);
    expect(await readdir(at('bundle/rootfs'))).toEqual([]);
    await tool(engines.crane, ['validate', '--tarball', at('app.tar')]);
  });
});
