import { expect, test } from 'vitest';
import type { ProgressEvent } from '../../src/progress/events.js';
import { plainDisplay } from '../../src/progress/plain.js';
import { scoped } from '../../src/progress/reports.js';
import { log, recordedEvents, sink, START, vertex } from './recorded.js';

/** What is shown of a builder's build and, behind it, the image's. */
function show(builder: readonly ProgressEvent[], image: readonly ProgressEvent[]): string[] {
  const out = sink();
  const display = plainDisplay(out, () => START);
  builder.forEach(scoped(display.report, 'builder-1'));
  image.forEach(display.report);
  display.close();
  return out.text().trimEnd().split('\n');
}

test('two builds with the same steps are both shown completely', () => {
  const [alone, both] = [show([], recordedEvents()), show(recordedEvents(), recordedEvents())];
  const steps = new Set(alone.map((line) => line.split(' ')[0])).size;
  const later = (line: string): string =>
    line.replace(/^#(\d+) /, (_all, index) => `#${Number(index) + steps} `);
  expect(both).toEqual([...alone, ...alone.map(later)]);
});

test('events without a step are unchanged', () => {
  const notice = { kind: 'notice', message: 'of all' } as const;
  expect(show([vertex('a'), log('a', 'x\n'), notice], [log('a', 'lost\n')])).toEqual([
    '#1 a',
    '#1 0.000 x',
    'dockerception: of all',
  ]);
});
