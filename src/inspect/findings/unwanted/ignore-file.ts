/** A .dockerignore in a tar: no builder applies it. */
import { UNUSED_IGNORE_FILE } from '../../../dockerfile/names.js';
import type { Finding } from '../../finding.js';
import { finding } from '../catalogue.js';
import type { Rule } from '../rule.js';
import type { Subject } from '../subject.js';

export function ignoreFile({ kind, context }: Subject): Rule {
  const found: Finding[] = [];
  return {
    visit: ({ path, kind: type }) => {
      if (kind !== 'context' || context !== 'stream') return;
      if (path === '/.dockerignore' && type === 'file')
        found.push(
          finding(
            'dockerignore-unused',
            path,
            UNUSED_IGNORE_FILE.message,
            UNUSED_IGNORE_FILE.advice,
          ),
        );
    },
    findings: () => found,
  };
}
