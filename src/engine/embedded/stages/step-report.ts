/** Steps as progress, in the shape of BuildKit's vertexes. */
import { messageOf } from '../../../errors.js';
import type { Report } from '../../../progress/events.js';
import { printable } from '../../../tar/printable.js';
import type { Step } from '../steps/step.js';

export class StepReport {
  readonly #report: Report;
  #steps = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Warns that the image is another one than the options ask for. */
  warn(message: string): void {
    this.#report({ kind: 'notice', message, warning: true });
  }

  /** Tells of a step while `work` does it. */
  during<T>(stage: string, step: Step, work: () => Promise<T>): Promise<T> {
    return this.around(`[${printable(stage)}] ${printable(step.text, 120)}`, work);
  }

  /** The same for work that isn't an instruction's. */
  async around<T>(name: string, work: () => Promise<T>): Promise<T> {
    const vertex = { digest: `embedded:${++this.#steps}`, name, started: now() };
    this.#report({ kind: 'status', status: { vertexes: [vertex] } });
    let error: string | undefined;
    try {
      return await work();
    } catch (reason) {
      error = messageOf(reason);
      throw reason;
    } finally {
      const ended = { ...vertex, completed: now(), ...(error !== undefined && { error }) };
      this.#report({ kind: 'status', status: { vertexes: [ended] } });
    }
  }
}

function now(): string {
  return new Date().toISOString();
}
