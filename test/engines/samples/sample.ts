/**
 * A sample as a user has it: a copy in a shell's folder. Its Dockerfiles name public bases, which
 * the engines here can't pull; in the copy they name those that the engines have.
 */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ROOT } from '../commands.js';
import { engines, type Variant, variants } from '../engines.js';
import { openShell, type Outcome, type Shell } from '../support.js';

/** The folder of the samples. */
export const SAMPLES = join(ROOT, 'samples');

/** Both engines, with the builder that each has by default. */
export const two = variants.filter(({ name }) =>
  ['docker20 classic', 'docker28 BuildKit'].includes(name),
);

const BASES: Readonly<Record<string, string>> = { BASE: engines.debian, RUN_BASE: engines.base };

/** A sample's Dockerfiles, as paths in its folder. */
export async function dockerfilesOf(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true });
  return paths.filter((path) => /(^|\/)Dockerfile(\.\w+)?$/.test(path));
}

/** Opens a shell in a copy of a sample. */
export async function openSample(name: string, variant: Variant): Promise<Shell> {
  const shell = await openShell(variant);
  await cp(join(SAMPLES, name), shell.folder, { recursive: true });
  for (const path of await dockerfilesOf(shell.folder)) {
    const file = join(shell.folder, path);
    const text = await readFile(file, 'utf8');
    const here = text.replace(
      /^ARG (\w+)=.*$/gm,
      (line, arg: string) => `ARG ${arg}=${BASES[arg] ?? line}`,
    );
    await writeFile(file, here);
  }
  return shell;
}

/** What a script prints; it has to succeed. */
export async function succeeds(outcome: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await outcome;
  expect(code, stderr).toBe(0);
  return stdout.toString();
}

/** An image's size in bytes, as its engine has it. */
export async function sizeOf(shell: Shell, image: string): Promise<number> {
  return Number(await succeeds(shell.run(`docker image inspect -f '{{.Size}}' ${image}`)));
}

/** The paths in each layer of an image. */
export async function layersOf(shell: Shell, image: string): Promise<string[][]> {
  const folder = `${image}-saved`;
  await succeeds(shell.run(`mkdir ${folder} && docker save ${image} | tar -x -C ${folder}`));
  const saved = await readFile(join(shell.folder, folder, 'manifest.json'), 'utf8');
  const [manifest] = JSON.parse(saved) as [{ readonly Layers: readonly string[] }];
  const lists = manifest.Layers.map((layer) => succeeds(shell.run(`tar -tf ${folder}/${layer}`)));
  return (await Promise.all(lists)).map((list) => list.trimEnd().split('\n'));
}

/** That nothing is found in an image that keeps it from starting, or gives a secret away. */
export async function expectClean(shell: Shell, image: string): Promise<void> {
  const text = await succeeds(shell.tool(['inspect', image, '--json', '--must-run']));
  const { findings } = JSON.parse(text) as { readonly findings: readonly { severity: string }[] };
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}
