/** Secrets that were recognised in contents, and files that contain secrets by their names. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import type { Finding } from '../../inspection.js';
import type { Secret } from '../../probe/content.js';
import { finding } from '../catalogue.js';
import type { Place, Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { keepSecret } from './advice.js';
import { counted, type Group, Groups } from './group.js';

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

/** A test key of Debian's package ssl-cert. */
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
  // The file of an account contains a private key.
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

const KEY_STORE = /\.(?:p12|pfx|jks|keystore|kdbx|ppk)$/i;
/** Stores of trusted certificates contain no secrets. */
const TRUSTED = /trust|cacerts/i;
const SSH_KEY = /^id_(?:rsa|dsa|ecdsa|ed25519)$/;

function isKeyStore({ name, content }: Entry): boolean {
  // The probe recognises these keys.
  if (SSH_KEY.test(name)) return content === undefined;
  return KEY_STORE.test(name) && !TRUSTED.test(name);
}

/** Meaning, and the folder if the name alone is ambiguous. */
type CredentialFile = readonly [what: string, folder?: string];

const CREDENTIAL_FILES = new Map<string, CredentialFile>([
  ['.env', ['settings, and often passwords']],
  ['credentials', ['credentials of AWS', '.aws']],
  ['config', ['credentials of clusters', '.kube']],
  ['terraform.tfstate', ['everything that Terraform knows, passwords too']],
  ['.pgpass', ['passwords of PostgreSQL']],
  ['.my.cnf', ['a password of MySQL']],
  ['.vault-token', ['a token for Vault']],
  ['application_default_credentials.json', ['credentials of Google Cloud']],
  ['accessTokens.json', ['credentials of Azure', '.azure']],
  ['msal_token_cache.json', ['credentials of Azure', '.azure']],
  ['hosts.yml', ['a token for GitHub', 'gh']],
  ['.bash_history', ['the commands that somebody typed']],
  ['.zsh_history', ['the commands that somebody typed']],
  ['.ash_history', ['the commands that somebody typed']],
  ['.psql_history', ['the statements that somebody typed']],
  ['.mysql_history', ['the statements that somebody typed']],
]);

/** The probe recognises their contents; the names count for files that were not probed. */
const PROBED_FILES = new Map<string, CredentialFile>([
  ['.netrc', ['passwords']],
  ['.npmrc', ['settings of npm, and often a token']],
  ['.pypirc', ['passwords of PyPI']],
  ['.git-credentials', ['passwords for git']],
  ['.dockercfg', ['credentials for registries']],
  ['config.json', ['credentials for registries', '.docker']],
]);

const EXAMPLE = /\.(?:example|sample|template|tmpl|dist|defaults?|tests?|ci)$/;

/** The secrets that a file contains by its name; undefined for any other file. */
function credentialsIn({ name, parent, content }: Entry): string | undefined {
  const known =
    CREDENTIAL_FILES.get(name) ?? (content === undefined ? PROBED_FILES.get(name) : undefined);
  if (known !== undefined) {
    const [what, folder] = known;
    return folder === undefined || parent?.name === folder ? what : undefined;
  }
  return name.startsWith('.env.') && !EXAMPLE.test(name)
    ? CREDENTIAL_FILES.get('.env')?.[0]
    : undefined;
}
