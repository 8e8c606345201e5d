/** What an image weighs: a C program on nothing, against the 82.7 kB that docker build once made of it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTar } from '../../support/read-tar.js';
import { type Variant, variants } from '../engines.js';
import { loaders } from '../images/readers.js';
import { imageIdOf, openShell, type Shell } from '../support.js';

const HELLO = '#include <stdio.h>\nint main(void){\n    puts("Hello World\\n");\n}\n';
const DOCKERFILE = 'FROM scratch\nWORKDIR /\nCOPY hello .\nCMD ["/hello"]\n';
/** In bytes; docker's kB has 1,000 of them. */
const LIMIT = 82_700;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

describe.each(['gzip', 'none'])(
  'a static C program on scratch, with layers of %s',
  (compression) => {
    let shell: Shell;
    let name: string;
    let id: string;
    beforeAll(async () => {
      shell = await openShell(variants[0] as Variant);
      name = shell.name();
      await shell.file('hello.c', HELLO);
      await shell.file('Dockerfile', DOCKERFILE);
      const build = `
      musl-gcc -static -o hello hello.c &&
      tar -c Dockerfile hello |
        dockerception --engine embedded -q -t ${name} --compression ${compression} -o app.tar`;
      id = imageIdOf(await shell.run(build));
    });
    afterAll(() => shell.close());

    const members = async (): Promise<ReadonlyMap<string, Buffer>> => {
      const { entries } = readTar(await readFile(join(shell.folder, 'app.tar')));
      return new Map(entries.map((entry) => [entry.name, entry.body]));
    };

    it('is one layer with one entry, and smaller than the article’s', async () => {
      const files = await members();
      const blob = ({ digest, size }: Descriptor): Buffer => {
        const bytes = files.get(`blobs/${digest.replace(':', '/')}`);
        expect(bytes).toHaveLength(size);
        return bytes as Buffer;
      };
      const json = (bytes: Buffer | undefined): unknown => JSON.parse(String(bytes));
      const { manifests } = json(files.get('index.json')) as { manifests: [Descriptor] };
      const { config, layers } = json(blob(manifests[0])) as {
        config: Descriptor;
        layers: [Descriptor];
      };
      expect(config.digest).toBe(id);
      expect(layers).toHaveLength(1);
      const [layer] = layers;
      const tar = layer.mediaType.endsWith('gzip') ? gunzipSync(blob(layer)) : blob(layer);
      expect(readTar(tar).entries.map((entry) => entry.name)).toEqual(['hello']);
      expect(config.size + layer.size).toBeLessThanOrEqual(LIMIT);
      // Nothing beside what is needed: the program, a header, the end of the archive.
      expect(tar.length - (await readFile(join(shell.folder, 'hello'))).length).toBeLessThan(
        3 * 512 + 512,
      );
    });

    it.each(['docker20', 'docker28'] as const)(
      'is as small to %s, which runs it',
      async (engine) => {
        const { load, run } = loaders[engine];
        try {
          await load(join(shell.folder, 'app.tar'));
          expect(await run('run', '--rm', name)).toBe('Hello World\n\n');
          const size = Number(await run('image', 'inspect', '-f', '{{.Size}}', name));
          expect(size).toBeGreaterThan(0);
          expect(size).toBeLessThanOrEqual(LIMIT);
        } finally {
          await run('rmi', '-f', name);
        }
      },
    );
  },
);
