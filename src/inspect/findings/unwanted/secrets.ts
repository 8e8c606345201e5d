/** Secrets: those that were recognised in contents, and files that are known by their names. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import type { Finding } from '../../finding.js';
import type { Secret } from '../../probe/content.js';
import { finding } from '../catalogue.js';
import type { Place, Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { keepSecret } from './advice.js';
import { counted, type Group, Groups } from './group.js';
import { credentialsIn, isKeyStore } from './secret-files.js';

const NAMES: Readonly<Record<Secret, string>> = {
  'private-key': 'a private key',
  'encrypted-private-key': 'a private key with a passphrase',
  'aws-key': 'an access key of AWS with its secret',
  'gcp-key': 'the key of a service account of Google Cloud',
  'github-token': 'a token for GitHub',
  'gitlab-token': 'a token for GitLab',
  'slack-token': 'a token for Slack',
  'npm-token': 'a token for npm',
  'pypi-token': 'a token or password for PyPI',
  'docker-credential': 'credentials for a registry',
  'netrc-password': 'a password',
  'git-credential': 'a password for git',
};

/** Debian's package ssl-cert makes it, for tests and for nothing else. */
const SNAKE_OIL = 'ssl-cert-snakeoil.key';

export function secrets(subject: Subject): Rule {
  const found: Finding[] = [];
  const samples = new Groups();
  return {
    visit: (entry, place) => {
      if (entry.kind !== 'file' || entry.size === 0) return;
      const isSample = place.isPackage || place.isSample || entry.name === SNAKE_OIL;
      if (entry.content?.secrets === undefined) {
        if (!isSample) found.push(...named(subject, entry, place));
      } else if (isSample) samples.add(entry.parent?.path ?? '/', entry);
      else found.push(...known(subject, entry));
    },
    findings: () => [...found, ...[...samples].map(([, group]) => sample(group))],
  };
}

function sample({ first, count }: Group): Finding {
  const { path, content } = first;
  const what = content?.secrets?.map((one) => NAMES[one]).join(', ') ?? '';
  const others =
    count === 1 ? '' : `, and ${counted(count - 1, 'a file', 'files')} beside it as well`;
  return finding(
    'secret-sample',
    path,
    `${printable(path)} has ${what}${others}: by its place, an example`,
    'nothing, if it is one; tests and documentation can be left out of an image',
  );
}

function known(subject: Subject, { path, name, content }: Entry): Finding[] {
  const all = content?.secrets ?? [];
  // The key is a part of the account's file.
  const single = all.includes('gcp-key') ? all.filter((one) => !one.endsWith('private-key')) : all;
  return single.map((one) =>
    finding(one, path, `${printable(path)} has ${NAMES[one]}`, keepSecret(subject, name)),
  );
}

function named(subject: Subject, entry: Entry, { isSystem }: Place): Finding[] {
  const { path, name } = entry;
  if (isKeyStore(entry) && !isSystem)
    return [
      finding(
        'key-store',
        path,
        `${printable(path)} is a store of keys or passwords, by its name`,
        keepSecret(subject, name),
      ),
    ];
  const what = credentialsIn(entry);
  if (what === undefined) return [];
  return [
    finding(
      'credential-file',
      path,
      `${printable(path)} has ${what}, by its name`,
      keepSecret(subject, name),
    ),
  ];
}
