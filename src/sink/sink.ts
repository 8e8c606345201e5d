/** Where the corrected context goes. One owner: the pipeline ends it or destroys it, once. */
export interface Sink {
  /** Takes the bytes before it returns: the caller overwrites them. Throws when nobody reads. */
  write(bytes: Buffer): void;
  /** Undefined while there is room; otherwise settles when there is again, or nobody reads. */
  ready(): Promise<void> | undefined;
  /** All of it was good. Settles when the last byte has left. */
  end(): Promise<void>;
  /** It was not: closes without an end. May be called at any time. */
  destroy(error: Error): void;
}
