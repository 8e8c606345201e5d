/** The files for continuous integration, checked by GitHub's parser and against GitLab's keywords. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorsOf, readAction, readJob } from '../support/github/files.js';
import * as gitlab from '../support/gitlab.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(ROOT + name, 'utf8');

describe('action.yml', () => {
  const text = read('action.yml');

  it('is a valid action', () => {
    expect(errorsOf('action', text)).toEqual([]);
  });

  it.each([
    ['an unknown member', text.replace('  using:', '  user: me\n  using:')],
    ['a step without a shell', text.replace('      shell: bash\n', '')],
    ['an expression of something unknown', text.replace('toJSON(inputs)', 'toJSON(input)')],
  ])('would not be with %s', (_, changed) => {
    expect(changed).not.toBe(text);
    expect(errorsOf('action', changed)).not.toEqual([]);
  });

  it('has no expression in a script: an input reaches the tool through the environment', () => {
    const { steps } = readAction(`${ROOT}action.yml`);
    // Evaluated without any context, an expression would throw.
    for (const { run } of steps) expect(run?.({})).toContain('$GITHUB_ACTION_PATH/action/');
  });

  it('has inputs and outputs that are described in docs/ci.md', () => {
    const { inputs, outputs } = readAction(`${ROOT}action.yml`);
    const rows = [...read('docs/ci.md').matchAll(/^\| `([\w-]+)` /gm)].map(([, name]) => name);
    expect(rows).toEqual([...Object.keys(inputs), ...Object.keys(outputs)]);
  });
});

describe('samples/ci/github.yml', () => {
  const text = read('samples/ci/github.yml');

  it('is a valid workflow', () => {
    expect(errorsOf('workflow', text)).toEqual([]);
    expect(errorsOf('workflow', text.replace('runs-on', 'run-on'))).not.toEqual([]);
  });

  it('gives the action inputs that it has', async () => {
    const { steps } = await readJob(`${ROOT}samples/ci/github.yml`);
    const known = Object.keys(readAction(`${ROOT}action.yml`).inputs);
    const given = steps
      .filter(({ uses = '' }) => uses.includes('/dockerception@'))
      .flatMap(({ inputs }) => Object.keys(inputs));
    expect(given).not.toEqual([]);
    expect(known).toEqual(expect.arrayContaining(given));
  });
});

describe('samples/ci/gitlab-ci.yml', () => {
  const text = read('samples/ci/gitlab-ci.yml');

  it('has keywords of GitLab alone', () => {
    expect(gitlab.errorsOf(text)).toEqual([]);
  });

  it.each([
    ['before_script:', 'beforescript:'],
    ['script:\n    - gcc', 'run:\n    - gcc'],
    ['tags: [shell]', 'tags: shell'],
  ])('would not with %j as %j', (before, after) => {
    expect(text).toContain(before);
    expect(gitlab.errorsOf(text.replace(before, after))).not.toEqual([]);
  });
});
