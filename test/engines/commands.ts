/** The commands that documents show: the lines of all blocks marked `sh`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Command {
  /** The document, as its path in the repository. */
  readonly file: string;
  readonly text: string;
}

/** The command lines of a document's `sh` blocks, continued lines joined; none when it isn't there. */
export async function commandsOf(file: string): Promise<Command[]> {
  const markdown = await readFile(join(ROOT, file), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    },
  );
  return commandsIn(markdown).map((text) => ({ file, text }));
}

/** The command lines of the `sh` blocks in a text. */
export function commandsIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '');
  return blocks
    .flatMap((block) => block.replaceAll(/ *\\\n */g, ' ').split('\n'))
    .map((line) => line.replace(/^\$ /, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
