/** `dockerception inspect --html`: where the page is written, and what is printed. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveOf, podman } from '../../support/inspect/image-forms.js';
import type { Run } from '../../support/process/cli.js';
import { useSharedProcess } from '../../support/process/shared-process.js';
import { member, tar } from '../../support/write-tar.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-test-'));
  const layers = ['one', 'two'].map((name) => tar(member({ name, body: name })));
  writeFileSync(join(folder, 'image.tar'), archiveOf(podman({ layers })));
  writeFileSync(join(folder, 'empty'), '');
  mkdirSync(join(folder, 'context'));
  writeFileSync(join(folder, 'context/a'), 'a');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = useSharedProcess();
const inspect = (args: readonly string[]): Promise<Run> =>
  run(['inspect', ...args], { cwd: folder, env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } });

describe('inspect --html', () => {
  const isPage = (text: string): void => {
    expect(text).toMatch(/^<!doctype html>/i);
    expect(text.trimEnd()).toMatch(/<\/html>$/);
    expect(text).not.toMatch(/(?:src|href)="?https?:/);
  };

  test('writes a page in place of the report, and prints where it is', async () => {
    const page = await inspect(['image.tar', '--html', 'page.html']);
    expect(page).toMatchObject({ code: 0, stderr: 'inspected image.tar: page in page.html\n' });
    expect(page.stdout).toHaveLength(0);
    isPage(readFileSync(join(folder, 'page.html'), 'utf8'));
    const { stderr } = await inspect(['context', '--diff', 'image.tar', '--html', 'page.html']);
    expect(stderr).toBe('compared context with image.tar: page in page.html\n');
    const alone = await inspect(['image.tar', '--html', '-']);
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    isPage(alone.stdout.toString());
    const compared = await inspect(['context', '--diff', 'image.tar', '--html', 'diff.html', '-q']);
    expect(compared).toMatchObject({ code: 0, stderr: '' });
    expect(compared.stdout.length).toBe(0);
    isPage(readFileSync(join(folder, 'diff.html'), 'utf8'));
  });

  test.each([
    ['--json', /^\{\n {2}"schema"/],
    ['--list', / \/one\n/],
  ])('writes a page beside %s', async (view, output) => {
    const { code, stdout, stderr } = await inspect(['image.tar', view, '--html', 'beside.html']);
    expect([code, stderr]).toEqual([0, 'inspected image.tar: page in beside.html\n']);
    expect(stdout.toString()).toMatch(output);
    isPage(readFileSync(join(folder, 'beside.html'), 'utf8'));
  });

  test('writes the page of an image that exceeds a limit', async () => {
    const args = ['image.tar', '--html', 'large.html', '--max-layers', '1'];
    const { code, stdout, stderr } = await inspect(args);
    expect(code).toBe(6);
    expect(stdout).toHaveLength(0);
    expect(stderr).toMatch(
      /^inspected image\.tar: page in large\.html\ndockerception: checking image\.tar: --max-layers: [^\n]+\nhint: [^\n]+\n$/,
    );
    isPage(readFileSync(join(folder, 'large.html'), 'utf8'));
  });

  test('leaves nothing where it can’t write, and what was there when the target is bad', async () => {
    const refused = await inspect(['image.tar', '--html', 'none/page.html', '-q']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/none\/page\.html/)]);
    expect(existsSync(join(folder, 'none'))).toBe(false);
    writeFileSync(join(folder, 'old.html'), 'old');
    const empty = await inspect(['empty', '--html', 'old.html']);
    expect([empty.code, empty.stderr]).toEqual([3, expect.stringContaining('it is empty')]);
    expect(readFileSync(join(folder, 'old.html'), 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});
