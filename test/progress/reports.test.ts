import { expect, test } from 'vitest';
import type { ProgressEvent } from '../../src/progress/events.js';
import { jsonDisplay } from '../../src/progress/json.js';
import { liveDisplay } from '../../src/progress/live.js';
import { plainDisplay } from '../../src/progress/plain.js';
import { inPart } from '../../src/progress/reports.js';
import { log, recordedEvents, sink, START, vertex } from './recorded.js';
import { Terminal } from './terminal.js';

/** What is shown of a builder's build and, behind it, the image's. */
function show(builder: readonly ProgressEvent[], image: readonly ProgressEvent[]): string[] {
  const out = sink();
  const display = plainDisplay(out, () => START);
  builder.forEach(inPart(display.report, 'builder'));
  image.forEach(inPart(display.report, 'image'));
  display.close();
  return out.text().trimEnd().split('\n');
}

test('two builds with the same steps are both shown completely, each step with its part', () => {
  const [builder, image, both] = [
    show(recordedEvents(), []),
    show([], recordedEvents()),
    show(recordedEvents(), recordedEvents()),
  ];
  const steps = new Set(image.map((line) => line.split(' ')[0])).size;
  const later = (line: string): string =>
    line.replace(/^#(\d+) /, (_all, index) => `#${Number(index) + steps} `);
  expect(both).toEqual([...builder, ...image.map(later)]);
});

test('a step is named as buildx names those of several targets', () => {
  const steps = (name: string): string[] => show([vertex('a', { name })], [vertex('a', { name })]);
  expect(steps('[run 2/3] RUN make')).toEqual([
    '#1 [builder run 2/3] RUN make',
    '#2 [image run 2/3] RUN make',
  ]);
  expect(steps('exporting to image')).toEqual([
    '#1 [builder] exporting to image',
    '#2 [image] exporting to image',
  ]);
});

test('a context is named in every display', () => {
  const context = { kind: 'context', bytes: 1000, entries: 3, done: true } as const;
  expect(show([context], [context])).toEqual([
    '[builder] context: 1.0 kB, 3 entries',
    '[image] context: 1.0 kB, 3 entries',
  ]);
  const terminal = new Terminal();
  const live = liveDisplay(terminal, { colors: false });
  inPart(live.report, 'image')(context);
  live.close();
  expect(terminal.text()).toContain('[image] context: 1.0 kB, 3 entries');
  const json = sink();
  const { report } = jsonDisplay(json, () => START);
  inPart(report, 'builder')(context);
  inPart(report, 'image')(context);
  const vertexes = json
    .text()
    .trimEnd()
    .split('\n')
    .flatMap(
      (line) => (JSON.parse(line) as { vertexes: { name: string; digest: string }[] }).vertexes,
    );
  expect(vertexes.map(({ name }) => name)).toEqual(['[builder] context', '[image] context']);
  expect(new Set(vertexes.map(({ digest }) => digest)).size).toBe(2);
});

test('events without a step are unchanged', () => {
  const notice = { kind: 'notice', message: 'of all' } as const;
  expect(show([vertex('a'), log('a', 'x\n'), notice], [log('a', 'lost\n')])).toEqual([
    '#1 [builder] a',
    '#1 0.000 x',
    'dockerception: of all',
  ]);
});
