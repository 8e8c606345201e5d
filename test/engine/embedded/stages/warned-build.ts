/** Builds a directory with the embedded engine, for the warnings about its Dockerfile. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type BuildOptions, type ProgressEvent } from '../../../../src/index.js';

export interface WarnedBuild {
  readonly events: readonly ProgressEvent[];
  /** As `RULE:LINE: MESSAGE`, sorted. */
  readonly warnings: readonly string[];
  /** Of a failed build. */
  readonly error: unknown;
  /** Whether it has left an output. */
  readonly isWritten: boolean;
}

/** Builds a context with the files `a.txt` and `dist/app`. */
export async function buildWithWarnings(
  dockerfile: string,
  { ignore, ...options }: Partial<BuildOptions> & { readonly ignore?: string | undefined } = {},
): Promise<WarnedBuild> {
  const folder = await mkdtemp(join(tmpdir(), 'warnings-'));
  try {
    const context = join(folder, 'context');
    await writeContext(context, dockerfile, ignore);
    const events: ProgressEvent[] = [];
    const error: unknown = await build({
      context,
      engine: 'embedded',
      outputs: [{ type: 'oci', dest: join(folder, 'out.tar'), attributes: {} }],
      env: {},
      report: (event) => events.push(event),
      ...options,
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const isWritten = (await readdir(folder)).length > 1;
    return { events, warnings: warningsOf(events), error, isWritten };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function writeContext(
  folder: string,
  dockerfile: string,
  ignore: string | undefined,
): Promise<void> {
  await mkdir(join(folder, 'dist'), { recursive: true });
  for (const name of ['a.txt', 'dist/app']) await writeFile(join(folder, name), name);
  await writeFile(join(folder, 'Dockerfile'), dockerfile);
  if (ignore !== undefined) await writeFile(join(folder, '.dockerignore'), ignore);
}

function warningsOf(events: readonly ProgressEvent[]): string[] {
  return events
    .flatMap((event) => (event.kind === 'status' ? (event.status.warnings ?? []) : []))
    .map(({ short }) => {
      const [, rule, message, line] = /^(\w+): ([^]*) \(line (\d+)\)$/.exec(short) ?? [];
      return `${rule}:${line}: ${message}`;
    })
    .sort();
}
