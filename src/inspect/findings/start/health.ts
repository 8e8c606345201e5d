/** The program that HEALTHCHECK runs: without it a container is unhealthy, and never says why. */
import { printable } from '../../../text/printable.js';
import type { Finding } from '../../finding.js';
import { finding } from '../catalogue.js';
import type { Runnable } from '../subject.js';
import type { Run } from '../subject.js';
import { commandsOf } from './command.js';
import { elsewhere, lookUp } from './lookup.js';

const SHELL = ['/bin/sh', '-c'];

export function healthFindings(run: Run, { config }: Runnable): Finding[] {
  const [kind, ...words] = config.config?.Healthcheck?.Test ?? [];
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') return [];
  const shell = config.config?.Shell ?? SHELL;
  for (const { name } of commandsOf(kind === 'CMD' ? words : [...shell, ...words])) {
    const { entry, why } = lookUp(run, name);
    if (entry !== undefined) continue;
    const message = `the health check runs ${printable(name)}, which ${why}${elsewhere(run.root, name)}`;
    const advice = 'add it, or let the program check itself: HEALTHCHECK CMD ["/app", "--health"]';
    return [
      finding('healthcheck-missing', name.startsWith('/') ? name : undefined, message, advice),
    ];
  }
  return [];
}
