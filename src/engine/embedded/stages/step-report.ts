/** Reports steps as progress events, in the form of BuildKit's vertexes. */
import { messageOf } from '../../../errors.js';
import type { Report } from '../../../progress/events.js';

export class StepReport {
  #steps = 0;

  constructor(readonly report: Report) {}

  /** Reports a step while `work` runs. */
  async around<T>(name: string, work: () => Promise<T>): Promise<T> {
    const vertex = { digest: `embedded:${++this.#steps}`, name, started: now() };
    const update = (change: { completed?: string; error?: string } = {}): void =>
      this.report({ kind: 'status', status: { vertexes: [{ ...vertex, ...change }] } });
    update();
    try {
      const result = await work();
      update({ completed: now() });
      return result;
    } catch (reason) {
      update({ completed: now(), error: messageOf(reason) });
      throw reason;
    }
  }
}

function now(): string {
  return new Date().toISOString();
}
