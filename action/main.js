/**
 * The step of the GitHub Action that builds: runs `dockerception build` with the inputs, then `dockerception inspect` on
 * what was built. Writes annotations, the step's outputs and its summary. Ends with the exit code of the build.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { buildArguments, inspectArguments, isOn, linesOf } from './arguments.js';
import { annotation, withoutCommands } from './commands.js';
import { buildLog } from './log.js';
import { failureSummary, summaryOf } from './summary.js';

/** @typedef {import('./summary.js').Inspection} Inspection */

const TOOL = fileURLToPath(new URL('../bin/dockerception.js', import.meta.url));

/** What an exit code means (docs/command-line.md). */
const FAILURES = new Map([
  [1, 'the build failed'],
  [2, 'the command line is wrong'],
  [3, 'the context is bad'],
  [4, 'the builder failed'],
  [5, 'an engine or a registry'],
  [6, 'a limit is exceeded'],
]);

const { stdout, env } = process;

const inputs = /** @type {import('./arguments.js').Inputs} */ (parse(env['INPUTS'] ?? '{}'));
const folder = mkdtempSync(join(env['RUNNER_TEMP'] ?? tmpdir(), 'dockerception-'));
try {
  process.exitCode = await run();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.exitCode = fail(2, message);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run() {
  const metadata = join(folder, 'metadata.json');
  const isInspected = isOn(inputs, 'inspect');
  // The inspection finds what the check of the build would.
  const own = ['--progress=rawjson', `--metadata-file=${metadata}`];
  const args = buildArguments(inputs, [...own, ...(isInspected ? ['--no-check'] : [])]);
  const { code, imageId, log } = await build(args);
  for (const warning of log.warnings) {
    const { rule, message, line, endLine } = warning;
    const properties = { file: fileOf(warning), line, endLine, title: rule };
    stdout.write(annotation('warning', message, properties));
  }
  const title = linesOf(inputs['tag'])[0] ?? imageId;
  if (code !== 0) return fail(code, log.error());
  const digest = digestIn(metadata);
  append('GITHUB_OUTPUT', `image-id=${imageId}\ndigest=${digest}\n`);
  const built = { title, imageId, digest };
  const inspections = isInspected && imageId !== '' ? await inspect(built) : [];
  append('GITHUB_STEP_SUMMARY', summaryOf(built, inspections));
  return 0;
}

/**
 * Says why the step fails.
 * @param {number} code
 * @param {string} message
 */
function fail(code, message) {
  const title = `dockerception: ${FAILURES.get(code) ?? `exit code ${code}`}`;
  stdout.write(annotation('error', message, { title }));
  append('GITHUB_STEP_SUMMARY', failureSummary(title, message));
  return code;
}

/** @param {readonly string[]} args */
async function build(args) {
  const { before, after } = withoutCommands();
  stdout.write(before);
  const log = buildLog(stdout);
  const child = start(args);
  const reading = text(child.stdout);
  createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', log.add);
  const code = await exitCode(child);
  const output = (await reading).trim();
  log.close();
  stdout.write(after);
  const imageId = /^sha256:[0-9a-f]{64}$/.test(output) ? output : '';
  if (imageId !== '') stdout.write(`${imageId}\n`);
  return { code, imageId, log };
}

/**
 * Annotates the findings of an image. A failure doesn't take the image back.
 * @param {{ readonly imageId: string, readonly digest: string }} built
 */
async function inspect(built) {
  /** @type {Inspection[]} */
  const inspections = [];
  for (const args of inspectArguments(inputs, built)) {
    const child = start(args);
    const [json, error, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      exitCode(child),
    ]);
    if (code === 0) inspections.push(/** @type {Inspection} */ (parse(json)));
    else stdout.write(annotation('warning', error.trim(), { title: 'dockerception inspect' }));
  }
  for (const { findings } of inspections)
    for (const { severity, id, path, message, advice } of findings) {
      const place = path === undefined || message.includes(path) ? '' : `${path}: `;
      if (severity !== 'info')
        stdout.write(annotation(severity, `${place}${message}: ${advice}`, { title: id }));
    }
  return inspections;
}

/**
 * Starts the tool; what ends the step ends the tool.
 * @param {readonly string[]} args
 */
function start(args) {
  const child = spawn(process.execPath, [TOOL, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  return child;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
function exitCode(child) {
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done(code ?? 1));
  });
}

/**
 * The Dockerfile that a warning is about, if the workspace has it. Its path there.
 * @param {import('./log.js').DockerfileWarning} warning
 */
function fileOf({ filename, builder }) {
  // An image is the first builder.
  const from = [...linesOf(inputs['from-image']).map(() => undefined), ...linesOf(inputs['from'])];
  const { context = '', file = '' } = inputs;
  if (filename === undefined) return undefined;
  // Without a folder, the Dockerfile is in a stream.
  const folder = builder !== undefined ? from[builder - 1] : from.length > 0 ? undefined : context;
  const places = folder === undefined ? [] : [join(folder, filename)];
  if (builder === undefined && file !== '') places.push(file);
  const workspace = env['GITHUB_WORKSPACE'] ?? '.';
  const found = places.find((place) => existsSync(resolve(place)));
  const path = found === undefined ? '' : relative(resolve(workspace), resolve(found));
  return path.startsWith('..') ? undefined : path;
}

/** @param {string} metadata */
function digestIn(metadata) {
  const json = parse(readFileSync(metadata, 'utf8'));
  const digest = /** @type {Readonly<Record<string, unknown>>} */ (json)['containerimage.digest'];
  return typeof digest === 'string' && /^[a-z0-9]+:[0-9a-f]+$/.test(digest) ? digest : '';
}

/**
 * @param {'GITHUB_OUTPUT' | 'GITHUB_STEP_SUMMARY'} name
 * @param {string} content
 */
function append(name, content) {
  const file = env[name];
  if (file !== undefined && file !== '') appendFileSync(file, content);
}

/**
 * @param {string} json
 * @returns {unknown}
 */
function parse(json) {
  return JSON.parse(json);
}
