/** Reports steps as progress events, in the form of BuildKit's vertexes. */
import { messageOf } from '../../../errors.js';
import type { Report } from '../../../progress/events.js';
import { printable } from '../../../text/printable.js';
import type { Step } from '../steps/step.js';

export class StepReport {
  readonly #report: Report;
  #steps = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** Warns that the image differs from the one that the options request. */
  warn(message: string): void {
    this.#report({ kind: 'notice', message, warning: true });
  }

  /** Reports a step while `work` runs. */
  during<T>(stage: string, step: Step, work: () => Promise<T>): Promise<T> {
    return this.around(`[${printable(stage)}] ${printable(step.text, 120)}`, work);
  }

  /** Reports work that belongs to no instruction. */
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
