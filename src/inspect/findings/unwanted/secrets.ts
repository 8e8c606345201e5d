/** Secrets that were recognised in contents, and files that contain secrets by their names. */
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import type { Finding } from '../../facts.js';
import type { Secret } from '../../probe/content.js';
import { CATALOGUE, finding } from '../catalogue.js';
import { groupRule, type Place, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, keepSecret } from './wording.js';

/** Where the summary of the finding says more. */
const NAMES: Partial<Readonly<Record<Secret, string>>> = {
  'aws-key': 'an access key of AWS with its secret',
  'docker-credential': 'credentials for a registry',
  'netrc-password': 'a password',
  'git-credential': 'a password for git',
};

function nameOf(secret: Secret): string {
  return NAMES[secret] ?? CATALOGUE[secret].summary;
}

/** A test key of Debian's package ssl-cert. */
const SNAKE_OIL = 'ssl-cert-snakeoil.key';

export function secrets(subject: Subject): Rule[] {
  const found: Finding[] = [];
  const isSample = ({ name }: Entry, { isPackage, isSample }: Place): boolean =>
    isPackage || isSample || name === SNAKE_OIL;
  const judge = (entry: Entry, place: Place): void => {
    if (entry.kind !== 'file' || entry.size === 0 || isSample(entry, place)) return;
    if (entry.content?.secrets !== undefined) found.push(...known(subject, entry));
    else found.push(...named(subject, entry, place));
  };
  return [
    { visit: judge, findings: () => found },
    groupRule(
      (entry, place) =>
        entry.content?.secrets !== undefined && isSample(entry, place)
          ? (entry.parent?.path ?? '/')
          : undefined,
      (_, { first: { path, content }, count }) => {
        const what = content?.secrets?.map(nameOf).join(', ') ?? '';
        const others =
          count === 1 ? '' : `, and ${counted(count - 1, 'a file', 'files')} beside it as well`;
        const message = `${printable(path)} has ${what}${others}: by its place, an example`;
        const advice = 'nothing, if it is one; tests and documentation can be left out of an image';
        return finding('secret-sample', path, message, advice);
      },
    ),
  ];
}

function known(subject: Subject, { path, name, content }: Entry): Finding[] {
  const all = content?.secrets ?? [];
  // The file of an account contains a private key.
  const single = all.includes('gcp-key') ? all.filter((one) => !one.endsWith('private-key')) : all;
  return single.map((one) =>
    finding(one, path, `${printable(path)} has ${nameOf(one)}`, keepSecret(subject, name)),
  );
}

function named(subject: Subject, entry: Entry, { isSystem }: Place): Finding[] {
  const isStore = isKeyStore(entry) && !isSystem;
  const what = isStore ? 'a store of keys or passwords' : credentialsIn(entry);
  if (what === undefined) return [];
  const { path, name } = entry;
  const message = `${printable(path)} ${isStore ? 'is' : 'has'} ${what}, by its name`;
  const id = isStore ? 'key-store' : 'credential-file';
  return [finding(id, path, message, keepSecret(subject, name))];
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
  const isEnvironment = name.startsWith('.env.') && !EXAMPLE.test(name);
  const [what, folder = parent?.name] =
    CREDENTIAL_FILES.get(isEnvironment ? '.env' : name) ??
    (content === undefined ? PROBED_FILES.get(name) : undefined) ??
    [];
  return parent?.name === folder ? what : undefined;
}
