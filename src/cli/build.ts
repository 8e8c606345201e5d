/** `dockerception build`: the image ID on standard output, everything else on standard error. */
import { build, type Built } from '../build.js';
import { DockerceptionError } from '../errors.js';
import { BUILD } from '../options/build.js';
import type { BuilderOptions } from '../options/builder.js';
import type { ContextOptions } from '../options/context.js';
import { LIMITS, type Limits } from '../options/limits.js';
import { normalise, type OptionsOf } from '../options/schema.js';
import { createDisplay } from '../progress/create-display.js';
import type { Report } from '../progress/events.js';
import { buildOptions } from './build-options.js';
import { builderOptions } from './builder-options.js';
import { contextOptions } from './context.js';
import type { Arguments } from './parse.js';
import { print } from './print.js';
import type { Process } from './process.js';
import { ResultFile } from './result-file.js';
import { type Asked, summary } from './summary.js';

type Options = ContextOptions &
  ReturnType<typeof buildOptions> & { readonly report: Report; readonly signal: AbortSignal };

export async function runBuild(args: Arguments, process: Process): Promise<void> {
  const { env, stdout, stderr, signal } = process;
  const limits = await limitOptions(args);
  const options = { ...(await contextOptions(args, env)), ...buildOptions(args, env), limits };
  const builder = builderOptions(args, env);
  if (stdout.isTTY && options.outputs.some(({ dest }) => dest === '-')) throw toTerminal();
  const iidFile = await resultFile(args, 'iidfile');
  const metadataFile = await resultFile(args, 'metadata-file');
  const results = [iidFile, metadataFile].filter((file) => file !== undefined);
  await checkPlaces(results, options, builder);
  await iidFile?.forget();
  const mode = progressMode(args, env);
  const display = createDisplay(mode, stderr, env);
  const started = performance.now();
  let built: Built & { readonly builderSize?: number | undefined };
  try {
    const leaveOut = results.map(({ path }) => path);
    const given = { ...options, leaveOut, env, stdout, report: display.report, signal };
    built = builder === undefined ? await build(given) : await buildFrom(builder, given);
  } catch (error) {
    display.close(error);
    throw error;
  }
  display.close();
  if (built.imageId !== '') await iidFile?.save(built.imageId);
  await metadataFile?.save(`${JSON.stringify(built.metadata, undefined, 2)}\n`);
  // Last, as it can fail: the image is there all the same. A file system alone is none.
  const writesArchive = built.outputs.some(({ dest }) => dest === '-');
  if (!writesArchive && built.imageId !== '') await print(`${built.imageId}\n`);
  if (mode !== 'quiet' && mode !== 'rawjson') {
    const milliseconds = performance.now() - started;
    const { builderSize } = built;
    stderr.write(await summary(built, { ...asked(args), builderSize, milliseconds }));
  }
}

/** Before anything is removed or run: no file that is written replaces one that is read. */
async function checkPlaces(
  results: readonly ResultFile[],
  given: OptionsOf<typeof BUILD>,
  builder: BuilderOptions | undefined,
): Promise<void> {
  const { inputsOf, outputPlace } = await import('../build-places.js');
  const { checkOwnOutputs } = await import('../source/own-output.js');
  const { from = [], file = 'Dockerfile' } = builder ?? {};
  const folders = from.filter((path) => path !== '-').map((path) => ({ path, name: path, file }));
  const options = normalise(BUILD, given);
  const outputs = options.outputs.filter(({ dest }) => dest !== '-').map(outputPlace);
  await checkOwnOutputs(
    [...results.map(({ place }) => place), ...outputs],
    [...inputsOf(options), ...folders],
  );
}

/** Most builds have no limits. */
async function limitOptions(args: Arguments): Promise<Limits | undefined> {
  if (args.firstOf(LIMITS) === undefined) return undefined;
  return (await import('./limits.js')).limitsOf(args);
}

/** What the builder's own build shares with the image's goes to both. */
async function buildFrom(
  builder: BuilderOptions,
  options: Options,
): Promise<Built & { readonly builderSize: number | undefined }> {
  const { noCache, pull, network, addHosts, outputs, push, report, signal } = options;
  const shared = { noCache, pull, network, addHosts, report, signal };
  const { withBuilder } = await import('../builder/builder.js');
  return withBuilder({ ...builder, ...shared }, async (opened) => {
    const { context, hosts, changes, died, imageSize } = opened;
    const built = await build({
      ...options,
      ...(context !== undefined && { context }),
      addHosts: [...addHosts, ...hosts],
      noCache: noCache === true || changes,
      // The builder's engine keeps the image: if it no longer answers, no file is written in its place.
      ...(options.engine === 'auto' &&
        outputs.length === 0 &&
        push !== true && { engine: 'docker' }),
      signal: AbortSignal.any([signal, died]),
    });
    return { ...built, builderSize: imageSize };
  });
}

function toTerminal(): DockerceptionError {
  const message = 'writing standard output: it is a terminal';
  return new DockerceptionError('usage', 'USAGE_TERMINAL', message, {
    hint: 'pipe it into an engine (… | docker load), or name a file with -o FILE',
  });
}

function progressMode(
  args: Arguments,
  env: NodeJS.ProcessEnv,
): 'auto' | 'plain' | 'tty' | 'rawjson' | 'quiet' {
  if (args.flag('quiet')) return 'quiet';
  const mode = args.value('progress') ?? env['BUILDKIT_PROGRESS'] ?? 'auto';
  const known = ['auto', 'plain', 'tty', 'rawjson', 'quiet'] as const;
  const found = known.find((one) => one === mode);
  if (found !== undefined) return found;
  throw new DockerceptionError('usage', 'USAGE', `reading --progress: there is no '${mode}'`, {
    hint: `one of ${known.join(', ')}`,
  });
}

function asked(args: Arguments): Pick<Asked, 'tags' | 'push' | 'load'> {
  return { tags: args.all('tag'), push: args.flag('push'), load: args.flag('load') };
}

async function resultFile(args: Arguments, option: string): Promise<ResultFile | undefined> {
  const path = args.value(option);
  return path === undefined ? undefined : ResultFile.prepare(path, `--${option}`);
}
