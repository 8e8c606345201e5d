/** The command line: parses its arguments, runs a verb, and returns the exit code. */
import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { Arguments } from './arguments/parse.js';
import { describe, exitCodeOf } from './exit.js';
import type * as Plugin from './plugin/docker.js';

/** Names options by their flags in messages; loaded with the flags, which `--version` doesn't need. */
let withFlags: ((text: string) => string) | undefined;

/** Set if docker runs this program as its plugin. */
let plugin: typeof Plugin | undefined;

/**
 * Runs one command; never rejects. Resolves to the exit code.
 * @param given the arguments, after `docker-ception` if the program was started by that name
 */
export async function main(given: readonly string[]): Promise<number> {
  process.on('uncaughtException', endWith);
  try {
    let argv = given;
    if (given[0] === 'docker-ception') {
      argv = given.slice(1);
      const docker = await import('./plugin/docker.js');
      if (docker.asksMetadata(argv)) return await show(docker.metadata(await ownVersion()));
      if (docker.isCall(process.env)) {
        plugin = docker;
        argv = plugin.ownArguments(argv, process.env);
      }
    }
    if (argv[0] === '--version' && argv.length === 1) return await printVersion();
    if (argv[0] === '__complete') return await printCandidates(argv.slice(1));
    const { parse } = await import('./arguments/parse.js');
    const flags = await import('./arguments/flags.js');
    withFlags = (text) => asTyped(flags.withFlags(text));
    const args = parse(argv);
    if (args.has('version')) return await printVersion();
    if (args.has('help') || args.verb === 'help') {
      const { requestedHelp } = await import('./help.js');
      return await show(asTyped(requestedHelp(args)));
    }
    const { verb, operands } = args;
    if (verb === 'completion') {
      const { completionScript } = await import('./completion/scripts.js');
      return await show(completionScript(operands));
    }
    if (verb === 'plugin') {
      const { changePlugin } = await import('./plugin/install.js');
      return await show(changePlugin(operands, process.env));
    }
    if (args.has('all') && verb !== 'inspect') throw flags.usage('--all is an option of --help');
    if (verb === 'version') {
      if (operands.length > 0)
        throw flags.usage(`version takes nothing, not ${operands.join(' ')}`);
      return await printVersion();
    }
    return await runVerb(args);
  } catch (error) {
    // Without a reader of standard error, the exit code is all that is left.
    process.stderr.on('error', () => undefined);
    process.stderr.write(describe(error, withFlags));
    return exitCodeOf(error);
  }
}

/** Prints an error that no command has handled as all others, and exits. */
function endWith(error: unknown): void {
  try {
    writeSync(2, describe(error, withFlags));
  } catch {
    // Without a reader of standard error, the exit code is all that is left.
  }
  process.exit(exitCodeOf(error));
}

/**
 * The young generation of V8's heap, with the buffers that belong to it, doubles up to 16 MiB, which costs some 30 MB.
 * Kept small, nothing is slower: measured with streams, and with trees of a million entries.
 */
function limitYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  // V8 frees the buffers during a collection. Its thread that frees them later is slow on a busy machine, which costs 6 MB.
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
}

async function runVerb(args: Arguments): Promise<number> {
  // In the next turn: Node's modules that are loaded after a change of flags are compiled again.
  setImmediate(limitYoungGeneration);
  const { onSignals } = await import('./process.js');
  const { signal, release } = onSignals();
  plugin?.endWithDocker(signal, process.env);
  try {
    const command = {
      env: process.env,
      // Node opens both when they are first read.
      get stdout() {
        return process.stdout;
      },
      get stderr() {
        return process.stderr;
      },
      signal,
    };
    if (args.verb === 'filter') await (await import('./filter.js')).runFilter(args, command);
    else if (args.verb === 'inspect')
      await (await import('./inspect.js')).runInspect(args, command);
    else if (args.verb === 'doctor') await (await import('./doctor.js')).runDoctor(args, command);
    else await (await import('./build.js')).runBuild(args, command);
    return 0;
  } finally {
    release();
  }
}

async function printCandidates(words: readonly string[]): Promise<number> {
  const { complete } = await import('./completion/complete.js');
  const text = await complete(words, process.env);
  await show(plugin?.asCobra(text) ?? text);
  // A name server that does not answer must not keep the shell waiting.
  process.exit(0);
}

async function printVersion(): Promise<number> {
  return show(`${await ownVersion()}\n`);
}

async function ownVersion(): Promise<string> {
  const { programText } = await import('../files/program-file.js');
  const text = programText(new URL('../../package.json', import.meta.url));
  return (JSON.parse(text) as { version: string }).version;
}

/** A text with commands as the user types them. */
function asTyped(text: string): string {
  return plugin?.asTyped(text) ?? text;
}

/** Prints a text. Resolves to the exit code. */
async function show(text: string): Promise<number> {
  const { print } = await import('./process.js');
  await print(text);
  return 0;
}
