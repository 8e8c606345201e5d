import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DockerceptionError } from '../../../../src/errors.js';
import { LANGUAGE, type LanguageCase } from './language-cases.js';
import { meaning, type Recorded } from './language-meaning.js';

// What BuildKit of Docker Engine 28.5.2 (docker buildx build, 0.29.1) makes of each Dockerfile:
//   LANGUAGE=record npx vitest run --config vitest.engines.config.ts test/engines/embedded/language.test.ts
const recorded = JSON.parse(
  readFileSync(new URL('language-buildkit.json', import.meta.url), 'utf8'),
) as readonly Recorded[];

const cases = LANGUAGE.map((each, index) => ({ ...each, answer: recorded[index] as Recorded }));
const alike = cases.filter(({ differs }) => differs === undefined);

test('every case has its answer', () => {
  expect(recorded).toHaveLength(LANGUAGE.length);
});

describe('a Dockerfile means what BuildKit makes of it:', () => {
  test.each(alike.filter(({ answer }) => answer.error === undefined))(
    '$dockerfile',
    ({ answer, ...each }) => {
      const found = meaning(each);
      expect(found).toEqual(answer);
      // The image ID is the digest of the text: the order of the fields counts.
      expect(JSON.stringify(found.config)).toBe(JSON.stringify(answer.config));
    },
  );
});

describe('a Dockerfile is refused for BuildKit’s reason, on its line:', () => {
  test.each(alike.filter(({ answer }) => answer.error !== undefined))(
    '$dockerfile',
    ({ answer: { error = '' }, ...each }) => {
      const message = refusalOf(each);
      expect(message).not.toMatch(/[\n\r]/);
      // A RUN that fails in BuildKit isn't tried here.
      if (message.endsWith('the embedded engine runs no RUN')) return;
      const line = /^dockerfile parse error on line (\d+): /.exec(error);
      if (line) expect(message).toContain(`Dockerfile:${line[1]}: `);
      expect(reason(message)).toBe(reason(error.slice(line?.[0].length ?? 0)));
    },
  );
});

describe('on purpose it is otherwise:', () => {
  test.each(cases.filter(({ differs }) => differs !== undefined))('$differs', (each) => {
    const { error = '' } = each.answer;
    expect(error).not.toBe('');
    let own = 'taken';
    try {
      meaning(each);
    } catch (thrown) {
      own = (thrown as Error).message;
    }
    expect(reason(own)).not.toBe(
      reason(error.replace(/^dockerfile parse error on line \d+: /, '')),
    );
  });
});

function refusalOf(each: LanguageCase): string {
  try {
    meaning(each);
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    return (error as Error).message;
  }
  return expect.unreachable();
}

/** Without the place, without which of several near names, without what stands at an end. */
function reason(text: string): string {
  return (
    text
      .replace(/^\w+ Dockerfile(:\d+)?: /, '')
      .replace(/ \(did you mean .*/, '')
      // BuildKit's message goes on in another line there.
      .replace(/\\x0a.*/, '')
      .replace('unsupported modifier (\ufffd) in substitution', "syntax error: missing '}'")
      .trim()
  );
}
