/** Reports warnings about the Dockerfile in the form of BuildKit's, as part of a step that reads it. */
import type { Dockerfile } from '../../../dockerfile/instructions/instruction.js';
import { Reason, refusal } from '../../../dockerfile/reason.js';
import type { Checks } from '../../../dockerfile/warnings/checks.js';
import { type RuleName, RULES, type Warn } from '../../../dockerfile/warnings/rules.js';
import type { Report } from '../../../progress/events.js';
import { printable } from '../../../text/printable.js';

/** Further ones are not shown. */
const MAX_WARNINGS = 1000;
const VERTEX = 'embedded:dockerfile';

export class Warnings {
  readonly #rules = new Set<RuleName>();
  #count = 0;

  constructor(
    private readonly dockerfile: Dockerfile,
    private readonly checks: Checks,
    private readonly report: Report,
  ) {}

  readonly warn: Warn = (rule, line, message) => {
    if (this.checks.skips(rule)) return;
    if (this.#count === 0) this.#reportStep();
    this.#rules.add(rule);
    if (++this.#count > MAX_WARNINGS) return;
    const { description, url } = RULES[rule];
    const short = `${rule}: ${message()} (line ${line})`;
    const warning = {
      ...{ vertex: VERTEX, level: 1, short, detail: [description], url },
      sourceInfo: { filename: printable(this.dockerfile.name), language: 'Dockerfile' },
      range: [{ start: { line }, end: { line } }],
    };
    this.report({ kind: 'status', status: { warnings: [warning] } });
  };

  /**
   * Called after the last warning.
   * @throws DockerceptionError `DOCKERFILE_CHECK` if there are warnings, and they are errors
   */
  finish(): void {
    const rest = this.#count - MAX_WARNINGS;
    if (rest > 0) {
      const message = `${rest} more warnings about the Dockerfile are not shown`;
      this.report({ kind: 'notice', message });
    }
    if (!this.checks.error || this.#rules.size === 0) return;
    const why = `lint violation found for rules: ${[...this.#rules].join(', ')}`;
    const hint = 'correct what the warnings name, or remove `error=true`';
    throw refusal(this.dockerfile.name, 0, new Reason(why, 'DOCKERFILE_CHECK', hint));
  }

  #reportStep(): void {
    const now = new Date().toISOString();
    const name = `[internal] load build definition from ${printable(this.dockerfile.name)}`;
    const vertex = { digest: VERTEX, name, started: now, completed: now };
    this.report({ kind: 'status', status: { vertexes: [vertex] } });
  }
}
