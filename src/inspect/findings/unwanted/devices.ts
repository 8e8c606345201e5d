/** Device nodes. Engines make those that a container may have; others don't work in it, or should not. */
import { printable } from '../../../text/printable.js';
import { finding } from '../catalogue.js';
import type { Rule } from '../rule.js';
import { Groups, namesOf } from './group.js';

export function devices(): Rule {
  const groups = new Groups();
  return {
    visit: (entry) => {
      if (entry.kind === 'char-device' || entry.kind === 'block-device')
        groups.add(entry.parent?.path ?? '/', entry);
    },
    findings: function* () {
      for (const [folder, group] of groups)
        yield finding(
          'device',
          group.count === 1 ? group.first.path : folder,
          `device nodes in ${printable(folder)}: ${namesOf(group)}`,
          'leave them out: a container gets its own /dev, and more with docker run --device',
        );
    },
  };
}
