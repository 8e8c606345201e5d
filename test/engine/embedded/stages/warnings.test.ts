import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build, type BuildOptions, type ProgressEvent } from '../../../../src/index.js';
import { WARNINGS } from './warning-cases.js';
import { warningsOf } from './warnings-of.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'warnings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Builds a directory. Returns the events, and the error of a failed build. */
async function buildOf(
  dockerfile: string,
  options: Partial<BuildOptions> & { readonly ignore?: string | undefined } = {},
): Promise<{ readonly events: readonly ProgressEvent[]; readonly error: unknown }> {
  const { ignore, ...more } = options;
  const context = join(folder, 'context');
  mkdirSync(join(context, 'dist'), { recursive: true });
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  writeFileSync(join(context, 'a.txt'), 'a');
  writeFileSync(join(context, 'dist/app'), 'app');
  if (ignore !== undefined) writeFileSync(join(context, '.dockerignore'), ignore);
  const events: ProgressEvent[] = [];
  const error: unknown = await build({
    context,
    engine: 'embedded',
    outputs: [{ type: 'oci', dest: join(folder, 'out.tar'), attributes: {} }],
    env: {},
    report: (event) => events.push(event),
    ...more,
  }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { events, error };
}

describe('the warnings', () => {
  it.each(WARNINGS)(
    'name $title',
    async ({ dockerfile, ignore, buildArgs = {}, target, warnings }) => {
      const { events } = await buildOf(dockerfile, { ignore, buildArgs, target });
      expect(warningsOf(events)).toEqual(warnings.toSorted());
    },
  );
});
