/**
 * Marks of processes in the names of temporary files, so that a later run can check whether the process has ended. Node
 * has no flock(2), and a process ID alone is ambiguous: it is reused, and every container has its own.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { systemCode } from '../errors.js';

/** A namespace of process IDs, a process ID, the start time of the process. */
const MARK = /^([0-9a-f]{12})-([0-9]+)-([0-9]+)$/;
/** The namespace of a system without /proc; differs from any other. */
const UNKNOWN = '0'.repeat(12);

let own: string | undefined;

/** The mark of this process. */
export function processMark(): string {
  return (own ??= `${namespace()}-${process.pid}-${startOf(process.pid) ?? 0}`);
}

/** Whether the process has ended; undefined if that can't be checked. */
export function hasEnded(mark: string): boolean | undefined {
  const [, space, id, start] = MARK.exec(mark) ?? [];
  if (space === undefined || space === UNKNOWN || space !== namespace()) return undefined;
  const pid = Number(id);
  const found = startOf(pid);
  if (found !== undefined) return found !== start;
  // With `hidepid`, /proc shows no processes of other users; a signal reaches them, or is refused.
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}

/** One boot of one machine, and one namespace of process IDs in it: pid_namespaces(7). */
function namespace(): string {
  try {
    // A /proc of another namespace has other IDs.
    if (readlinkSync('/proc/self') !== String(process.pid)) return UNKNOWN;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const space = readlinkSync('/proc/self/ns/pid');
    return createHash('sha256').update(`${boot}${space}`).digest('hex').slice(0, UNKNOWN.length);
  } catch {
    return UNKNOWN;
  }
}

/** Clock ticks between the boot and the start of a process: proc(5), /proc/PID/stat, field 22. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended, and its parent has not waited for it yet.
    return 'ZX'.includes(state) ? '' : fields[18];
  } catch {
    return undefined;
  }
}
