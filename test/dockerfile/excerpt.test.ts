import { describe, expect, it } from 'vitest';
import { excerptOf } from '../../src/dockerfile/excerpt.js';

const DOCKERFILE = `# a comment
ARG V=1
FROM base AS build
RUN echo one
RUN echo two \\
 && false
COPY <<EOF /etc/x
a line
EOF
WORKDIR /w
FROM base
ENV A=$V
RUN echo one
COPY $V /there
`;

/** The first line, and the numbers of the marked ones. */
function marked(step: string, message = 'exit code: 1', text = DOCKERFILE): unknown[] | undefined {
  const excerpt = excerptOf(Buffer.from(text), 'Dockerfile', { message, step });
  if (excerpt === undefined) return undefined;
  const numbers = [...excerpt.matchAll(/^ *(\d+) \| >>>/gm)].map(([, number]) => Number(number));
  return [excerpt.split('\n')[0], ...numbers];
}

describe('the excerpt of a failed build', () => {
  it('shows two lines around the instruction, which is marked', () => {
    const failed = { message: 'exit code: 1', step: '[build 2/5] RUN echo one' };
    expect(excerptOf(Buffer.from(DOCKERFILE), 'x/Dockerfile', failed)).toBe(
      [
        'x/Dockerfile:4',
        '--------------------',
        '   2 |     ARG V=1',
        '   3 |     FROM base AS build',
        '   4 | >>> RUN echo one',
        '   5 |     RUN echo two \\',
        '   6 |      && false',
        '--------------------',
      ].join('\n'),
    );
  });

  it.each([
    ['of several lines, as BuildKit names it', '[build 3/5] RUN echo two  && false', [5, 6]],
    ['as the classic builder names it', '[4/10] RUN echo two  && false', [5, 6]],
    ['as Podman names it', '[stage-1 3/5] RUN echo two  && false', [5, 6]],
    ['with a heredoc', '[build 4/5] COPY <<EOF /etc/x', [7, 8, 9]],
    ['that stands twice, in a later stage', '[stage-1 2/3] RUN echo one', [13]],
    ['whose variables were replaced', '[stage-1 3/3] COPY 1 /there', [14]],
    ['for one of several platforms', '[linux/arm64 build 2/5] RUN echo one', [4]],
  ])('marks an instruction %s', (_what, step, lines) => {
    expect(marked(step)).toEqual([`Dockerfile:${lines[0]}`, ...lines]);
  });

  it.each([
    'dockerfile parse error on line 3: unknown instruction: FORM',
    'dockerfile parse error line 3: unknown instruction: FORM',
    'reading Dockerfile:3: unknown instruction: FORM',
    'building Dockerfile:3: COPY x /: there is no x',
  ])('marks the line that a message names: %s', (message) => {
    const text = 'FROM a\n\nFORM b \\\n c\n';
    expect(marked('', message, text)).toEqual(['Dockerfile:3', 3, 4]);
  });

  it('is left out when the instruction isn’t certain', () => {
    expect(marked('[build 2/9] RUN something else')).toBeUndefined();
    expect(marked('[internal] load metadata for base')).toBeUndefined();
    expect(marked('', 'no such image')).toBeUndefined();
  });

  it('shows no control characters, and at most twenty lines of an instruction', () => {
    const text = `FROM a\nRUN <<EOF\n\x1b[31m\n${'line\n'.repeat(50)}EOF\n`;
    const failed = { message: 'exit code: 1', step: '[2/2] RUN <<EOF' };
    const excerpt = excerptOf(Buffer.from(text), 'Dockerfile', failed);
    expect(excerpt).not.toContain('\x1b');
    expect(excerpt?.split('\n').length).toBeLessThan(30);
  });
});
