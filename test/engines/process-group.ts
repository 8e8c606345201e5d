/** The processes of a command and of its children. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Sends a signal to a process, or to a group by its negative number. Returns whether there is one. */
export function kill(target: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, name);
  } catch {
    // It is over already.
    return false;
  }
}

/** Whether all processes of a group end within a second, and then makes sure that they do. */
export async function groupEnds(group: number): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    if (!kill(group, 0) || !hasLiving(group)) return true;
    await sleep(50);
  }
  kill(group, 'SIGKILL');
  return false;
}

/** Whether a process of a group is no zombie: init may be slow to remove that of an orphan. */
function hasLiving(group: number): boolean {
  const all = execFileSync('ps', ['-eo', 'pgid=,stat='], { encoding: 'utf8' });
  return new RegExp(`^ *${-group} +[^Z\\s]`, 'm').test(all);
}
