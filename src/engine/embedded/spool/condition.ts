/** Lets callers wait until something is true. Every change of it has to be followed by {@link Condition.wake}. */
export class Condition {
  #failure: { readonly reason: unknown } | undefined;
  readonly #waiting: (() => void)[] = [];

  /** A promise while it is not true. It rejects after {@link fail}, even if it is true. */
  until(isTrue: () => boolean): Promise<void> | undefined {
    return isTrue() && this.#failure === undefined ? undefined : this.#wait(isTrue);
  }

  wake(): void {
    if (this.#waiting.length > 0) for (const wake of this.#waiting.splice(0)) wake();
  }

  /** All callers get the first reason. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.wake();
  }

  async #wait(isTrue: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.reason;
      if (isTrue()) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
