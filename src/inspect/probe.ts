/** A stand-in until contents are looked at. */
import type { Content } from './content.js';

export class ContentProbe {
  readonly satisfied = true;
  begin(path: string, mode: number, size: number): void {
    void [path, mode, size];
  }
  data(bytes: Buffer): void {
    void bytes;
  }
  hole(length: number): void {
    void length;
  }
  end(): Content | undefined {
    return undefined;
  }
}
