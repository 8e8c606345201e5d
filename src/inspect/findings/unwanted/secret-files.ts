/** Files that are known by their names to hold secrets, whatever is in them. */
import type { Entry } from '../../entry.js';

const KEY_STORE = /\.(?:p12|pfx|jks|keystore|kdbx|ppk)$/i;
/** They hold what is trusted, and nothing to keep secret. */
const TRUSTED = /trust|cacerts/i;
const SSH_KEY = /^id_(?:rsa|dsa|ecdsa|ed25519)$/;

export function isKeyStore({ name, content }: Entry): boolean {
  // Of a text that was looked into it is known whether it is a key.
  if (SSH_KEY.test(name)) return content === undefined;
  return KEY_STORE.test(name) && !TRUSTED.test(name);
}

/** What such a file has, and the folder that it has to be in. */
type Place = readonly [what: string, folder?: string];

/** By name, and the folder that it has to be in where the name alone is any file's. */
const FILES: ReadonlyMap<string, Place> = new Map<string, Place>(
  Object.entries({
    '.env': ['settings, and often passwords'],
    credentials: ['credentials of AWS', '.aws'],
    config: ['credentials of clusters', '.kube'],
    'terraform.tfstate': ['everything that Terraform knows, passwords too'],
    '.pgpass': ['passwords of PostgreSQL'],
    '.my.cnf': ['a password of MySQL'],
    '.vault-token': ['a token for Vault'],
    'application_default_credentials.json': ['credentials of Google Cloud'],
    'accessTokens.json': ['credentials of Azure', '.azure'],
    'msal_token_cache.json': ['credentials of Azure', '.azure'],
    'hosts.yml': ['a token for GitHub', 'gh'],
    '.bash_history': ['the commands that somebody typed'],
    '.zsh_history': ['the commands that somebody typed'],
    '.ash_history': ['the commands that somebody typed'],
    '.psql_history': ['the statements that somebody typed'],
    '.mysql_history': ['the statements that somebody typed'],
  }),
);

/** Recognised by their content, where anybody looked. */
const LOOKED_INTO: ReadonlyMap<string, Place> = new Map<string, Place>(
  Object.entries({
    '.netrc': ['passwords'],
    '.npmrc': ['settings of npm, and often a token'],
    '.pypirc': ['passwords of PyPI'],
    '.git-credentials': ['passwords for git'],
    '.dockercfg': ['credentials for registries'],
    'config.json': ['credentials for registries', '.docker'],
  }),
);

const EXAMPLE = /\.(?:example|sample|template|tmpl|dist|defaults?|tests?|ci)$/;

/** What such a file has; undefined for any other. */
export function credentialsIn({ name, parent, content }: Entry): string | undefined {
  const known = FILES.get(name) ?? (content === undefined ? LOOKED_INTO.get(name) : undefined);
  if (known !== undefined) {
    const [what, folder] = known;
    return folder === undefined || parent?.name === folder ? what : undefined;
  }
  return name.startsWith('.env.') && !EXAMPLE.test(name) ? FILES.get('.env')?.[0] : undefined;
}
