import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { annotation, withoutCommands } from '../../action/commands.js';
import { buildLog } from '../../action/log.js';
import { failureSummary, summaryOf } from '../../action/summary.js';

describe('an annotation', () => {
  it('is one line, whatever is in it', () => {
    const properties = { file: 'a,b:c%.txt', line: 3, title: 'x\ny', endLine: undefined };
    expect(annotation('warning', '50%\r\n::error::no', properties)).toBe(
      '::warning file=a%2Cb%3Ac%25.txt,line=3,title=x%0Ay::50%25%0D%0A::error::no\n',
    );
    expect(annotation('error', 'no', { file: '' })).toBe('::error::no\n');
  });

  it('is not made by what is between the commands that stop commands', () => {
    const { before, after } = withoutCommands();
    const token = /^::stop-commands::([\w-]{36})\n$/.exec(before)?.[1];
    expect(after).toBe(`::${token}::\n`);
    expect(withoutCommands().before).not.toBe(before);
  });
});

describe('the log', () => {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const read = (lines: readonly string[]): { text: string; log: ReturnType<typeof buildLog> } => {
    let text = '';
    const out = new Writable({
      write(chunk: Buffer, _, done) {
        text += chunk.toString();
        done();
      },
    });
    const log = buildLog(out);
    for (const line of lines) log.add(line);
    log.close();
    return { text, log };
  };

  it('keeps warnings of Dockerfiles with their places, and shows the others', () => {
    const { text, log } = read([
      JSON.stringify({
        vertexes: [{ digest: 'd', name: 'step', started: '2026-01-01T00:00:00Z' }],
      }),
      JSON.stringify({
        warnings: [
          {
            vertex: 'builder-2:d',
            level: 1,
            short: encode('UndefinedVar: Usage of $B (line 3)'),
            url: 'https://r.example/',
            sourceInfo: { filename: 'Dockerfile' },
            range: [{ start: { line: 3 }, end: { line: 4 } }],
          },
          { vertex: 'd', level: 1, short: encode('no engine') },
        ],
      }),
      '{not json',
    ]);
    expect(log.warnings).toEqual([
      {
        rule: 'UndefinedVar',
        message: 'Usage of $B (line 3)',
        filename: 'Dockerfile',
        line: 3,
        endLine: 4,
        builder: 2,
      },
    ]);
    expect(text).toContain('#1 step\n');
    expect(text).toContain('dockerception: no engine\n');
    expect(text).toContain('{not json\n');
    expect(log.error()).toBe('');
  });

  it.each([
    ['builder:d', 1],
    ['builder-2:d', 2],
    ['image:d', undefined],
    ['sha256:d', undefined],
  ])('knows the builder that %s is a step of', (vertex, builder) => {
    const warning = { vertex, level: 1, short: encode('A: b'), url: 'https://r.example/' };
    expect(read([JSON.stringify({ warnings: [warning] })]).log.warnings).toEqual([
      expect.objectContaining({ builder }),
    ]);
  });

  it('has the error with the lines that follow it', () => {
    const { log } = read(['Warning: of Node', 'dockerception: a: b', 'hint: c']);
    expect(log.error()).toBe('a: b\nhint: c');
  });
});

describe('the summary', () => {
  const finding = {
    id: 'private-key',
    severity: 'error',
    path: '/a|b`<script>',
    message: '[link](https://r.example) @user\n# head',
    advice: 'leave it out',
  } as const;

  it('has the sizes, and shows texts of the image as they are', () => {
    const layer = { contents: 1000, compressed: 500, entries: 2, createdBy: 'COPY <a> | b' };
    const text = summaryOf({ title: 'app:1', imageId: 'sha256:1', digest: '' }, [
      {
        image: { id: 'sha256:1', platform: 'linux/amd64' },
        size: 1500,
        total: 1000,
        files: 1,
        layers: [layer, layer],
        waste: { bytes: 500 },
        findings: [finding, { ...finding, id: 'no-command', severity: 'info' }],
      },
    ]);
    expect(text).toContain('| linux\\/amd64 | 1.5 kB | 1.0 kB | 1 | 2 | 1.0 kB | 500 B |\n');
    expect(text).toContain('| 1 | 1.0 kB | 500 B | 2 | COPY \\<a\\> \\| b |\n');
    expect(text).toContain('| error\\: private\\-key | \\/a\\|b\\`\\<script\\> |');
    expect(text).toContain('\\[link\\]\\(https\\:\\/\\/r\\.example\\) \\@user \\# head |');
    expect(text).not.toContain('command');
  });

  it('counts the rows that it leaves out', () => {
    const layers = Array.from({ length: 130 }, () => ({ contents: 1, entries: 1 }));
    const inspection = { size: 1, total: 1, files: 1, layers, waste: { bytes: 0 }, findings: [] };
    const text = summaryOf({ title: 'a', imageId: 'b', digest: 'c' }, [inspection]);
    expect(text).toContain('| 99 |');
    expect(text).not.toContain('| 100 |');
    expect(text).toContain('\n30 more\n');
  });

  it('of a failure has the error', () => {
    expect(failureSummary('a limit is exceeded', 'x: 2 > 1\nhint: y')).toBe(
      '### a limit is exceeded\n\nx\\: 2 \\> 1<br>hint\\: y\n',
    );
  });
});
