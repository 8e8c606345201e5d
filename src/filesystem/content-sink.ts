/** Where the contents of files go while a tar is unpacked: a spool that keeps them, eyes that look at them. */
export interface ContentSink {
  /**
   * Begins a content; what is appended from now on is its own, `size` bytes with its holes. Returns
   * what finds it again, which the file's node carries as its `offset`: 0 or more.
   *
   * @param path clean and binary, without a slash in front
   * @param mode the permission bits
   */
  begin(size: number, path: string, mode: number): number;
  /** Takes the bytes before it returns. */
  append(bytes: Buffer): void;
  /** The next `length` bytes are zeros that the archive doesn't have. */
  hole?(length: number): void;
  /** Who appends much waits for this now and then. */
  ready?(): Promise<void> | undefined;
}
