/** `dockerception build`: the image ID on standard output, everything else on standard error. */
import { rm, writeFile } from 'node:fs/promises';
import { build, type Built } from '../build.js';
import { DockerceptionError, messageOf } from '../errors.js';
import { createDisplay } from '../progress/create-display.js';
import { formatContext } from '../progress/format.js';
import { buildOptions } from './build-options.js';
import { contextOptions } from './context.js';
import type { Arguments } from './parse.js';
import { print } from './print.js';
import type { Process } from './process.js';

export async function runBuild(args: Arguments, process: Process): Promise<void> {
  const { env, stdout, stderr, signal } = process;
  const options = { ...(await contextOptions(args, env)), ...buildOptions(args, env) };
  const iidFile = args.value('iidfile');
  // A failed build must not leave the ID of an earlier one.
  if (iidFile !== undefined) await rm(iidFile, { force: true });
  const mode = progressMode(args, env);
  const display = createDisplay(mode, stderr, env);
  const started = performance.now();
  let built: Built;
  try {
    built = await build({ ...options, env, stdout, report: display.report, signal });
  } catch (error) {
    display.close(error);
    throw error;
  }
  display.close();
  if (iidFile !== undefined) await save(iidFile, built.imageId, '--iidfile');
  const metadataFile = args.value('metadata-file');
  if (metadataFile !== undefined) {
    await save(
      metadataFile,
      `${JSON.stringify(built.metadata, undefined, 2)}\n`,
      '--metadata-file',
    );
  }
  // Last, as it can fail: the image is there all the same.
  const writesArchive = options.outputs.some(({ dest }) => dest === '-');
  if (!writesArchive) await print(`${built.imageId}\n`);
  if (mode !== 'quiet' && mode !== 'rawjson') {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const { bytes, entries } = built.context;
    const name = options.tags[0] ?? built.imageId.slice(0, 19);
    stderr.write(`built ${name} from ${formatContext(bytes, entries, 0)}, in ${seconds} s\n`);
  }
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

async function save(path: string, text: string, option: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new DockerceptionError(
      'output',
      'OUTPUT_FAILED',
      `writing ${option}: ${messageOf(cause)}`,
      { cause },
    );
  }
}
