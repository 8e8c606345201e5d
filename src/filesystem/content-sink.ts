/** Receives the contents of files while a tar is unpacked. */
export interface ContentSink {
  /**
   * Begins a content of `size` bytes, holes included. Returns its `offset` for the node of the file, 0 or more.
   * @param path clean and binary, without a leading slash
   * @param mode the permission bits
   */
  begin(size: number, path: string, mode: number): number;
  /** Consumes the bytes before it returns. */
  append(bytes: Buffer): void;
  /** Appends `length` zeros, which the archive does not store. */
  hole?(length: number): void;
  /** Backpressure for long contents. */
  ready?(): Promise<void> | undefined;
}
