import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { build, type BuildOptions, type Engine, filter } from '../src/index.js';
import { readTar } from './support/read-tar.js';
import { member, tar } from './support/write-tar.js';

const folder = mkdtempSync(join(tmpdir(), 'dockerception-names-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each copies a file of its own name to /used. */
const body = (name: string): string => `FROM scratch\nCOPY ${name} /used\n`;
const file = (name: string): Buffer => member({ name, body: body(name), mode: 0o640 });
const APP = member({ name: 'app', body: 'hello' });

/** Which Dockerfile an engine is told, and the tar that it gets. */
async function sent(
  options: BuildOptions,
): Promise<{ file: string; bytes: Buffer; notices: string[] }> {
  const parts: Buffer[] = [];
  const notices: string[] = [];
  let told = '';
  const engine: Engine = async ({ stream }, { file }) => {
    told = file;
    for await (const chunk of stream) parts.push(chunk as Buffer);
    return { imageId: 'sha256:1', metadata: {} };
  };
  const report: BuildOptions['report'] = (event) => {
    if (event.kind === 'notice') notices.push(event.message);
  };
  await build({ engine, check: false, report, ...options });
  return { file: told, bytes: Buffer.concat(parts), notices };
}

/** Returns the image ID, which depends on the Dockerfile that was used. */
async function embedded(options: BuildOptions): Promise<string> {
  const dest = join(folder, `${Math.random()}.tar`);
  const outputs = [{ type: 'oci' as const, dest, attributes: {} }];
  return (await build({ engine: 'embedded', check: false, outputs, ...options })).imageId;
}

const ORDERS = [
  ['Dockerfile', 'dockerfile', 'Containerfile'],
  ['Containerfile', 'dockerfile', 'Dockerfile'],
  ['dockerfile', 'Containerfile'],
  ['Containerfile', 'dockerfile'],
  ['dockerfile'],
  ['Containerfile'],
];

describe.each(ORDERS.map((names) => [names.join(', '), names] as const))(
  'a context with %s',
  (_, names) => {
    const used = ['Dockerfile', 'dockerfile', 'Containerfile'].find((name) => names.includes(name));
    const context = tar(APP, ...names.map(file));

    it('gives an engine the one that Docker would use, and the rest as it came', async () => {
      const { file: told, bytes, notices } = await sent({ context, owner: 'keep' });
      expect(told).toBe('Dockerfile');
      const { entries } = readTar(bytes);
      expect(entries.slice(0, names.length + 1).map(({ name }) => name)).toEqual(['app', ...names]);
      const link = entries.slice(names.length + 1);
      if (used === 'Dockerfile') expect([link, notices]).toEqual([[], []]);
      else {
        expect(link).toMatchObject([
          {
            name: 'Dockerfile',
            typeflag: '1',
            linkname: used,
            mode: 0o640,
            uid: 1000,
            gid: 1000,
            mtime: '1700000000',
          },
        ]);
        expect(notices).toEqual([`the Dockerfile is ${used}: the engine finds it as Dockerfile`]);
      }
    });

    it('is built with that one by the embedded engine', async () => {
      const named = await embedded({ context, ...(used && { file: used }) });
      expect(await embedded({ context })).toBe(named);
    });

    it('passes the filter unchanged', async () => {
      const output = Buffer.concat(await filter({ context, owner: 'keep' }).toArray());
      expect(output.equals(context)).toBe(true);
    });

    it('names it to the engine, as a directory', async () => {
      const path = mkdtempSync(join(folder, 'context-'));
      for (const name of names) writeFileSync(join(path, name), body(name));
      // What is ignored stays if it is the Dockerfile.
      writeFileSync(join(path, '.dockerignore'), '*file\n');
      const { file: told, bytes } = await sent({ context: path });
      expect(told).toBe(used);
      const sentNames = readTar(bytes).entries.map(({ name }) => name);
      expect(sentNames).toEqual(['./', '.dockerignore', used]);
    });
  },
);

describe('another name than Dockerfile', () => {
  it('is used after edits, too', async () => {
    const context = tar(member({ name: 'x/dockerfile', body: 'FROM scratch\n' }), file('top'));
    const { bytes } = await sent({ context, stripComponents: 1 });
    expect(readTar(bytes).entries.at(-1)).toMatchObject({
      name: 'Dockerfile',
      linkname: 'dockerfile',
    });
  });

  it('is not used when a name was given, nor when the context brings its own with --base', async () => {
    const context = tar(file('Containerfile'));
    await expect(sent({ context, file: 'Dockerfile' })).rejects.toMatchObject({
      code: 'CONTEXT_NO_DOCKERFILE',
    });
    const { bytes, notices } = await sent({ context, base: 'scratch' });
    expect(notices).toEqual([]);
    expect(readTar(bytes).entries.map(({ name }) => name)).toContain('.context/Containerfile');
  });

  it('is not used when Dockerfile is a folder', async () => {
    const context = tar(file('dockerfile'), member({ name: 'Dockerfile/', typeflag: '5' }));
    await expect(sent({ context })).rejects.toMatchObject({ code: 'CONTEXT_NO_DOCKERFILE' });
  });

  it('is kept, whatever is excluded', async () => {
    const { bytes } = await sent({ context: tar(APP, file('Containerfile')), exclude: ['*'] });
    expect(readTar(bytes).entries.map(({ name }) => name)).toEqual(['Containerfile', 'Dockerfile']);
  });
});
