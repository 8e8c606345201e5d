/** The programs and libraries among artifacts: what starts as an ELF file, or is executable and starts with `#!`. */
import type { Container } from '../engine/docker/index.js';
import type { Binary } from '../elf/find-libraries.js';
import type { ViewHandler } from '../tar/entry-view.js';
import type { FoundArtifact } from './artifacts.js';
import { mover } from './place.js';
import { readArchive } from './read-archive.js';

const ELF = '7f454c46';
const SCRIPT = '2321';
const ENOUGH = 4;
const EXECUTABLE = 0o111;

/** Reads the artifacts once, and tells those files: where they are, and where they go. */
export async function programsAmong(
  container: Container,
  artifacts: readonly FoundArtifact[],
  signal: AbortSignal,
): Promise<Required<Binary>[]> {
  const programs: Required<Binary>[] = [];
  for (const { path, dest } of artifacts) {
    const [inBuilder, inContext] = [mover(path.slice(1)), mover(dest)];
    let head = Buffer.alloc(0);
    let program: Required<Binary> | undefined;
    let isExecutable = false;
    const handler: ViewHandler = {
      entry: (entry) => {
        const name = entry.pathBytes.toString('latin1');
        const places = { path: `/${inBuilder(name)}`, dest: `/${inContext(name)}` };
        head = Buffer.alloc(0);
        isExecutable = (entry.mode & EXECUTABLE) !== 0;
        program = entry.type === 'file' ? places : undefined;
      },
      data: (bytes) => {
        if (program === undefined || head.length >= ENOUGH) return;
        head = Buffer.concat([head, bytes.subarray(0, ENOUGH)]);
        if (head.length < ENOUGH) return;
        const hex = head.toString('hex');
        if (hex.startsWith(ELF) || (isExecutable && hex.startsWith(SCRIPT))) programs.push(program);
      },
      hole: () => undefined,
    };
    await readArchive(container, path, handler, signal);
  }
  return programs;
}
