import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { build } from '../../../../src/build.js';
import type { Output } from '../../../../src/options/image.js';
import { inChunks } from '../../../support/filter.js';
import { member, tar } from '../../../support/write-tar.js';

const folder = mkdtempSync(join(tmpdir(), 'triggers-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function made(
  dockerfile: string,
  output: Output,
  buildContexts: Readonly<Record<string, string>> = {},
): Promise<void> {
  const context = tar(
    member({ name: 'Dockerfile', body: dockerfile }),
    member({ name: 'file', body: 'content of the base' }),
  );
  const stream = inChunks(context, 1 << 16);
  await build({ context: stream, engine: 'embedded', outputs: [output], buildContexts, env: {} });
}

const layout = (name: string): Output => ({
  type: 'oci',
  dest: join(folder, name),
  attributes: { tar: 'false' },
});

describe("a base's trigger", () => {
  it('copies what only a base of another stage has', async () => {
    await made('FROM scratch\nCOPY file /file', layout('assets'));
    await made('FROM scratch\nONBUILD COPY --from=assets /file /got', layout('base'));
    const dest = join(folder, 'out.tar');
    await made(
      'FROM a AS assets\nFROM b',
      { type: 'tar', dest, attributes: {} },
      { a: `oci-layout://${join(folder, 'assets')}`, b: `oci-layout://${join(folder, 'base')}` },
    );
    const content = execFileSync('tar', ['-xOf', dest, 'got'], { encoding: 'utf8' });
    expect(content).toBe('content of the base');
  });
});
