/** Whether the kernel and a loader would start a file: a script with its interpreter, or an ELF file. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import { finding } from '../catalogue.js';
import type { Run } from '../subject.js';
import { checkElf } from './check-elf.js';
import { checkScript } from './check-script.js';
import { type Checked, type Circumstances, only } from './checked.js';

/** Scripts that are interpreters of scripts: as many as Linux follows. */
const DEEPEST = 4;

/** @param entry a file that may be executed */
export async function checkProgram(
  run: Run,
  entry: Entry,
  circumstances: Circumstances,
  depth = 0,
): Promise<Checked> {
  const { content, path } = entry;
  const { called } = circumstances;
  // Nobody looked into it.
  if (content === undefined) return { findings: [], running: [path] };
  if (content.damaged !== undefined)
    return only(
      finding(
        'entrypoint-damaged',
        path,
        `${called} is cut short or damaged: ${printable(content.damaged)}`,
        'look at what writes it: build it, or copy it, again',
      ),
    );
  if (content.elf !== undefined) return checkElf(run, entry, content.elf, circumstances);
  if (content.script !== undefined && content.script.interpreter !== '')
    return checkScript(run, entry, content.script, circumstances, (program, next) =>
      depth < DEEPEST ? checkProgram(run, program, next, depth + 1) : Promise.resolve(only()),
    );
  return only(
    finding(
      'entrypoint-format',
      path,
      `${called} is neither a program for Linux nor a script`,
      'a script has to begin with #!/path/to/interpreter, without a byte order mark; other files need a program that reads them',
    ),
  );
}
