/** What BuildKit, of the Docker Engine 28 that tests have, makes of a case. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { engines, ENGINES_DIR } from '../../engines.js';
import type { CaseOptions } from './case.js';
import { flatten } from './flatten.js';
import { type Image, readArchive } from './image.js';

/** Images, or why there are none. */
export type Outcome = { readonly images: readonly Image[] } | { readonly refused: string };

/**
 * Builds with BuildKit. Rejects when it can't be asked. What it answers depends on nothing but the
 * question, which names bases by what they are: it is asked once while the engines are up.
 */
export async function buildWithBuildKit(context: Buffer, options: CaseOptions): Promise<Outcome> {
  const folder = join(ENGINES_DIR, 'docker28', 'differential');
  const question = createHash('sha256')
    .update(JSON.stringify([FORM, engines.docker28.version, options]))
    .update(context)
    .digest('hex');
  const file = join(folder, `${question}.json`);
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known) as Outcome;
  const outcome = await ask(context, options);
  await mkdir(folder, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(outcome));
  await rename(`${file}.new`, file);
  return outcome;
}

/** Counts the forms that an {@link Outcome} has had. */
const FORM = 1;

async function ask(context: Buffer, options: CaseOptions): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerception-differential-'));
  try {
    const [archive, tree] = [join(folder, 'image.tar'), join(folder, 'files.tar')];
    const several = (options.platforms?.length ?? 0) > 1;
    const outputs = [`type=oci,dest=${archive}`, ...(several ? [] : [`type=tar,dest=${tree}`])];
    const message = await run(
      [...flags(options), ...outputs.flatMap((out) => ['-o', out])],
      context,
    );
    if (message !== undefined) return { refused: message };
    const images = readArchive(await readFile(archive));
    if (several) return { images };
    // The whole file system in one tar, written by BuildKit, is what counts; it also shows that
    // layers are put together rightly here.
    const files = flatten([await readFile(tree)], false);
    return { images: images.map(({ config }) => ({ config, files })) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function flags(options: CaseOptions): string[] {
  const { buildArgs = {}, labels = {}, target, platforms = [], file, buildContexts = {} } = options;
  const pairs = (flag: string, values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  return [
    ...pairs('--build-arg', buildArgs),
    ...pairs('--label', labels),
    ...pairs('--build-context', buildContexts),
    ...(target === undefined ? [] : ['--target', target]),
    ...(platforms.length === 0 ? [] : ['--platform', platforms.join(',')]),
    ...(file === undefined ? [] : ['--file', file]),
  ];
}

/** Resolves with the message when the build failed. */
async function run(args: readonly string[], context: Buffer): Promise<string | undefined> {
  const { buildx, host, dockerConfig } = engines.docker28;
  const all = ['build', '--progress=plain', '--provenance=false', ...args, '-'];
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: dockerConfig };
  const child = spawn(buildx, all, { env, stdio: ['pipe', 'ignore', 'pipe'] });
  // A command that doesn't read breaks the pipe; its exit code tells.
  child.stdin.on('error', () => undefined).end(context);
  const [code, log] = await Promise.all([
    new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
    text(child.stderr),
  ]);
  if (code === 0) return undefined;
  const message =
    /^ERROR: (?:failed to build: )?(?:failed to solve|failed to run Build function): ([^]*)$/m.exec(
      log,
    )?.[1];
  if (message === undefined) throw new Error(`BuildKit could not be asked:\n${log}`);
  return message.trim();
}
