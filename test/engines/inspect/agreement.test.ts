/** What inspect says of an image's files and sizes is what others make of the same image. */
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, variants } from '../engines.js';
import { openSample, succeeds } from '../samples/sample.js';
import { imageIdOf, openShell, type Shell } from '../support.js';
import { layered } from './layered.js';
import { type JsonInspection, ofFolder, ofInspection, ofTar } from './listing.js';

const variant = variants.find(
  ({ name }) => name === 'docker28 BuildKit',
) as (typeof variants)[number];

/** What an engine puts into every container, over whatever the image has there. */
const MOUNTED =
  /^\/(?:\.dockerenv|dev|dev\/(?:console|pts|shm)|etc\/(?:hostname|hosts|mtab|resolv\.conf)|proc|sys|etc) /;

describe('an image, looked into', () => {
  let shell: Shell;
  const samples: Shell[] = [];
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(async () => {
    for (const sample of samples) await sample.close();
    await shell.close();
  });

  const sampled = async (folder: string): Promise<string> => {
    const sample = await openSample(folder, variant);
    samples.push(sample);
    const name = sample.name();
    imageIdOf(await sample.tool(['--from', '.', '-t', name]));
    return name;
  };
  const loaded = async (): Promise<string> => {
    const name = shell.name();
    await shell.file('layered.tar', await layered(name));
    await succeeds(shell.run('docker load < layered.tar'));
    return name;
  };

  it.each<[string, () => string | Promise<string>, string[]?]>([
    ['Debian', () => engines.debian],
    ['busybox', () => engines.base],
    ['whiteouts and opaque directories', loaded, ['entrypoint-missing']],
    ['the sample scratch-100kb', () => sampled('scratch-100kb')],
    ['the sample dockerception', () => sampled('dockerception')],
  ])('is what tar, umoci and docker export make of it: %s', async (_, make, wrong = []) => {
    const name = await make();
    const folder = join(shell.folder, `files-of-${name.replaceAll(/[:/]/g, '-')}`);
    await mkdir(folder);
    await succeeds(shell.run(`docker save ${name} -o ${folder}/saved.tar`));
    const found = await inspected(['inspect', name, '--json']);
    const ofFile = await inspected(['inspect', join(folder, 'saved.tar'), '--json']);
    expect(ofFile.entries).toEqual(found.entries);
    const ours = ofInspection(found);
    const errors = found.findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ id }) => id)).toEqual(wrong);

    await succeeds(
      shell.run(
        `cd ${folder} && id=$(docker create ${name} nothing) && docker export $id -o flat.tar; docker rm $id`,
      ),
    );
    const exported = await ofTar(createReadStream(join(folder, 'flat.tar')));
    const unmounted = (lines: readonly string[]): string[] =>
      lines.filter((text) => !MOUNTED.test(text));
    expect(unmounted(ours)).toEqual(unmounted(exported));

    await succeeds(
      shell.run(
        `cd ${folder} && ${engines.skopeo} copy -q docker-archive:saved.tar oci:layout:x && ` +
          `${engines.umoci} unpack --image layout:x bundle`,
      ),
    );
    expect(ours).toEqual(await ofFolder(join(folder, 'bundle/rootfs')));
    const ofLayout = await inspected(['inspect', join(folder, 'layout'), '--json']);
    expect(ofLayout.entries).toEqual(found.entries);

    for (const { digest = '', contents, entries } of ofLayout.layers) {
      const blob = join(folder, 'layout/blobs/sha256', digest.replace('sha256:', ''));
      const listed = await succeeds(
        shell.run(`tar -tvf ${blob} | awk '/^-/ { n += $3 } END { print n + 0, NR }'`),
      );
      expect(listed).toBe(`${contents} ${entries}\n`);
    }
  });

  async function inspected(args: readonly string[]): Promise<JsonInspection> {
    return JSON.parse(await succeeds(shell.tool(args))) as JsonInspection;
  }
});
