/** `dockerception build`: the image ID on standard output, everything else on standard error. */
import { stat } from 'node:fs/promises';
import { buildThen, type Built } from '../build.js';
import { DockerceptionError } from '../errors.js';
import { BUILD } from '../options/build.js';
import type { BuilderOptions } from '../options/builder.js';
import type { ContextOptions } from '../options/context.js';
import { isImageOutput, type Output, outputForm } from '../options/image.js';
import { normalise, type OptionsOf } from '../options/schema.js';
import { createDisplay, type DisplayMode } from '../progress/create-display.js';
import type { Report } from '../progress/events.js';
import { formatBytes, formatContext } from '../text/format.js';
import { shellQuote } from '../text/shell-quote.js';
import { buildOptions, limitOptions } from './arguments/build-options.js';
import { builderOptions } from './arguments/builder-options.js';
import { callOf } from './arguments/call.js';
import { contextOptions } from './arguments/context-options.js';
import { PROGRESS_MODES, usage } from './arguments/flags.js';
import type { Arguments } from './arguments/parse.js';
import { print, type Process, toTerminal } from './process.js';
import { ResultFile } from './result-file.js';

type Options = ContextOptions &
  ReturnType<typeof buildOptions> &
  Pick<Process, 'env' | 'signal'> & { readonly report: Report };

/** What was built; with the size of the builder's image in bytes, if it is known. */
type BuiltFrom = Built & { readonly builderSize?: number | undefined };

export async function runBuild(args: Arguments, process: Process): Promise<void> {
  const { env, stdout, stderr, signal } = process;
  const limits = await limitOptions(args);
  const options = { ...(await contextOptions(args, env)), ...buildOptions(args, env), limits };
  const builder = builderOptions(args, env);
  if (stdout.isTTY && options.outputs.some(({ dest }) => dest === '-'))
    throw toTerminal('pipe it into an engine (… | docker load), or name a file with -o FILE');
  const call = callOf(args);
  if (args.has('iidfile') && (call !== undefined || options.cacheOnly === true)) {
    const which = call === undefined ? '-o type=cacheonly' : `--call ${call.method}`;
    throw usage(`${which} builds no image, and --iidfile needs one`);
  }
  const iidFile = await ResultFile.of(args, 'iidfile');
  const metadataFile = await ResultFile.of(args, 'metadata-file');
  const results = [iidFile, metadataFile].filter((file) => file !== undefined);
  await checkPlaces(results, options, builder);
  await iidFile?.forget();
  const mode = progressMode(args, env);
  const display = createDisplay(mode, stderr, env);
  const started = performance.now();
  const deliver = async (built: BuiltFrom): Promise<void> => {
    display.close();
    if (built.imageId !== '') await iidFile?.save(built.imageId);
    await metadataFile?.save(`${JSON.stringify(built.metadata, undefined, 2)}\n`);
    // Last, since the image exists even if this fails. A plain file system has no image ID.
    const writesArchive = built.outputs.some(({ dest }) => dest === '-');
    if (!writesArchive && built.imageId !== '') await print(`${built.imageId}\n`);
    if (call !== undefined) {
      const { dockerfileName, printCall } = await import('./call.js');
      await printCall(call, built.metadata, dockerfileName(args));
    } else if (mode !== 'quiet' && mode !== 'rawjson') {
      const milliseconds = performance.now() - started;
      stderr.write(await summary(built, options, milliseconds));
    }
  };
  try {
    const leaveOut = results.map(({ path }) => path);
    // Findings would not be shown.
    const check = options.check && mode !== 'quiet';
    const given = { ...options, check, leaveOut, env, stdout, report: display.report, signal };
    await (builder === undefined ? buildThen(given, deliver) : buildFrom(builder, given, deliver));
    // Findings may follow the result.
    display.close();
  } catch (error) {
    display.close(error);
    throw error;
  }
}

/** Before anything is removed or run: throws if a file that is written would replace one that is read. */
async function checkPlaces(
  results: readonly ResultFile[],
  given: OptionsOf<typeof BUILD>,
  builder: BuilderOptions | undefined,
): Promise<void> {
  const { checkOwnOutputs, inputsOf, outputPlace } = await import('../context/own-outputs.js');
  const { from = [], file = 'Dockerfile' } = builder ?? {};
  const folders = from.filter((path) => path !== '-').map((path) => ({ path, name: path, file }));
  const options = normalise(BUILD, given);
  const outputs = options.outputs.filter(({ dest }) => dest !== '-').map(outputPlace);
  await checkOwnOutputs([...results, ...outputs], [...inputsOf(options), ...folders]);
}

/** Options that the builders' builds share with the image's apply to both. */
async function buildFrom(
  builder: BuilderOptions,
  options: Options,
  deliver: (built: BuiltFrom) => Promise<void>,
): Promise<void> {
  const { noCache, pull, network, addHosts, outputs, push, env, report, signal } = options;
  const shared = { noCache, pull, network, addHosts, report, signal };
  const { withBuilder } = await import('../builder/builder.js');
  const { inPart } = await import('../progress/reports.js');
  await withBuilder({ ...builder, ...shared }, async (opened) => {
    const { context, hosts, changes, died, imageSize } = opened;
    const given = {
      ...options,
      ...(context !== undefined && { context }),
      report: inPart(report, 'image'),
      addHosts: [...addHosts, ...hosts],
      noCache: noCache === true || changes,
      // The builder's engine keeps the image. If it no longer answers, no archive replaces it.
      ...(options.engine === 'auto' &&
        outputs.length === 0 &&
        push !== true &&
        !options.builder &&
        !env['BUILDX_BUILDER'] &&
        !env['BUILDKIT_HOST'] && { engine: 'docker' as const }),
      signal: AbortSignal.any([signal, died]),
    };
    await buildThen(given, (built) => deliver({ ...built, builderSize: imageSize }));
  });
}

function progressMode(args: Arguments, env: NodeJS.ProcessEnv): DisplayMode {
  if (args.has('quiet')) return 'quiet';
  const mode = args.value('progress') ?? env['BUILDKIT_PROGRESS'] ?? 'auto';
  const found = PROGRESS_MODES.find((one) => one === mode);
  if (found !== undefined) return found;
  throw new DockerceptionError('usage', 'USAGE', `reading --progress: there is no '${mode}'`, {
    hint: `one of ${PROGRESS_MODES.join(', ')}`,
  });
}

/** The last line: `built app from 85.0 kB, 3 entries, in 0.1 s: 1 layer, 82.1 kB, archive in app.tar (83.5 kB)`. */
async function summary(
  built: BuiltFrom,
  { tags, push, load, cacheOnly }: Pick<Options, 'tags' | 'push' | 'load' | 'cacheOnly'>,
  milliseconds: number,
): Promise<string> {
  const { bytes, entries } = built.context;
  const image = tags[0] ?? (built.imageId.slice(0, 19) || 'the file system');
  const name = cacheOnly === true ? 'the cache' : image;
  const seconds = (milliseconds / 1000).toFixed(1);
  const line = `built ${name} from ${formatContext(bytes, entries, 0)}, in ${seconds} s`;
  const { count, bytes: size = 0 } = built.layers ?? {};
  const places = await Promise.all(built.outputs.map(place));
  const whereabouts = [
    count !== undefined && `${count} layer${count === 1 ? '' : 's'}, ${formatBytes(size)}`,
    sizes(built),
    push === true && 'pushed',
    load === true && 'loaded',
    ...places,
  ].filter((text) => text !== undefined && text !== false);
  // A pipe or a device can't be loaded from.
  const archive = built.outputs.find(
    (output, at) =>
      places[at] !== undefined && isImageOutput(output) && outputForm(output) === 'file',
  );
  const hint =
    archive === undefined || load === true
      ? ''
      : `; load it with: docker load < ${shellQuote(archive.dest)}`;
  return `${line}${whereabouts.length === 0 ? '' : `: ${whereabouts.join(', ')}`}${hint}\n`;
}

/** Compares the size of the builder's image with that of the image. */
function sizes({ layers, size: whole, builderSize }: BuiltFrom): string | undefined {
  const size = layers?.bytes ?? whole;
  if (builderSize === undefined || size === undefined || size === 0) return undefined;
  const ratio = Math.round(builderSize / size);
  const smaller = ratio > 1 ? `, 1/${ratio} of it` : '';
  return `builder ${formatBytes(builderSize)}, image ${formatBytes(size)}${smaller}`;
}

async function place(output: Output): Promise<string | undefined> {
  const { type, dest } = output;
  if (dest === '-') return undefined;
  if (type === 'local') return `files in ${dest}`;
  if (outputForm(output) === 'layout') return `layout in ${dest}`;
  const what = type === 'tar' ? 'files' : 'archive';
  const file = await stat(dest).catch(() => undefined);
  // A pipe or a device has no size.
  return file?.isFile() === true ? `${what} in ${dest} (${formatBytes(file.size)})` : undefined;
}
