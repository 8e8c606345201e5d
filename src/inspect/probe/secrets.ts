/**
 * Recognises secrets in a text. Each is searched for by a rare keyword, then matched by its complete form: documentation,
 * templates and the programs that create secrets contain many incomplete ones.
 */
import { posix } from 'node:path';
import type { Secret } from './content.js';
import { isPackagePath, isSystemPath } from './package-paths.js';

/** Borders of a token: a longer word does not match. */
const END = '(?![A-Za-z0-9_-])';
const START = '(?<![A-Za-z0-9])';

/** Keywords that are fast to search for, and the complete form. */
const TOKENS: readonly (readonly [Secret, readonly string[], RegExp])[] = [
  [
    'github-token',
    ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    new RegExp(`${START}gh[pousr]_[A-Za-z0-9]{36}${END}`, 'g'),
  ],
  [
    'github-token',
    ['github_pat_'],
    new RegExp(`github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}${END}`, 'g'),
  ],
  ['gitlab-token', ['glpat-'], new RegExp(`${START}glpat-[A-Za-z0-9_-]{20,}`, 'g')],
  ['slack-token', ['xox'], new RegExp(`${START}xox[abeoprs]-[0-9]+-[A-Za-z0-9-]{16,}`, 'g')],
  ['npm-token', ['npm_'], new RegExp(`${START}npm_[A-Za-z0-9]{36}${END}`, 'g')],
  // "pypi-" and the start of a macaroon for pypi.org or test.pypi.org.
  ['pypi-token', ['pypi-Ag'], /pypi-Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,}/g],
];

/** The ID of an access key, and its secret next to a keyword. */
const AWS_ID = new RegExp(`${START}AKIA[A-Z0-9]{16}(?![A-Z0-9])`, 'g');
const AWS_SECRET = /secret[\w\s"'.:=>-]{0,40}?[\s"':=]([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi;

/** The kinds of secrets in a file, each once. */
export function secretsIn(path: string, text: string): Secret[] {
  const found = new Set<Secret>();
  for (const kind of privateKeysIn(text)) found.add(kind);
  // Packages have thousands of files, and no tokens of the user.
  if (!isSystemPath(path) && !isPackagePath(path)) {
    for (const [kind, keywords, form] of TOKENS)
      if (keywords.some((keyword) => text.includes(keyword)) && hasReal(text, form))
        found.add(kind);
    if (text.includes('AKIA') && hasReal(text, AWS_ID) && hasReal(text, AWS_SECRET))
      found.add('aws-key');
  }
  if (/^\s*\{/.test(text)) for (const kind of secretsInJson(text)) found.add(kind);
  const byName = BY_NAME.get(posix.basename(path));
  if (byName?.[1].test(text)) found.add(byName[0]);
  if (/npmrc$/.test(path) && hasReal(text, NPM)) found.add('npm-token');
  return [...found];
}

/** As `npm login` writes it; `${NPM_TOKEN}` is a reference, not a secret. */
const NPM = /^[^#;\r\n\u2028\u2029]*:?(?:_authToken|_auth|_password)\s*=\s*["']?([\w./+=-]{8,})/gm;

const BY_NAME = new Map<string, readonly [Secret, RegExp]>([
  ['.netrc', ['netrc-password', /(?:^|\s)password\s+\S/]],
  ['_netrc', ['netrc-password', /(?:^|\s)password\s+\S/]],
  ['.git-credentials', ['git-credential', /^https?:\/\/[^\s:@/]+:[^\s@/]+@/m]],
  ['.pypirc', ['pypi-token', /^[^\S\r\n\u2028\u2029]*password\s*[:=]\s*[^\s%$<{]/m]],
]);

/** Whether a form matches other than a placeholder: `ghp_xxxx…`, or AWS's `…EXAMPLE`. */
function hasReal(text: string, form: RegExp): boolean {
  for (const [whole, group] of text.matchAll(form)) {
    const secret = group ?? whole;
    if (!/([xX0*.])\1{9}|EXAMPLE/.test(secret)) return true;
  }
  return false;
}

function secretsInJson(text: string): Secret[] {
  const isKey = text.includes('"service_account"') && text.includes('"private_key"');
  const isLogin = text.includes('"auths"') && text.includes('"auth"');
  if (!isKey && !isLogin) return [];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return [];
  }
  const { type, private_key: key, auths } = json as Readonly<Record<string, unknown>>;
  const found: Secret[] = [];
  if (type === 'service_account' && typeof key === 'string' && privateKeysIn(key).length > 0)
    found.push('gcp-key');
  if (typeof auths === 'object' && auths !== null && Object.values(auths).some(isCredential))
    found.push('docker-credential');
  return found;
}

/** `{"auth": "BASE64 of USER:PASSWORD"}`: docker CLI, config.json. */
function isCredential(entry: unknown): boolean {
  const auth = (entry as { readonly auth?: unknown } | null)?.auth;
  return typeof auth === 'string' && /.:./s.test(Buffer.from(auth, 'base64').toString('latin1'));
}

const KEY_BEGIN = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----/g;
/** Base64 characters of the smallest key, which is of Ed25519. */
const MIN_KEY_LENGTH = 64;
/** Different characters of a key; a placeholder has fewer: `MIIE…xxxxxxxx`. */
const MIN_KEY_DIVERSITY = 12;
/** Characters before a line in source code, a diff or a table. */
const LEADING = /^[\s"'+|]+/;
/** Characters after it. `+` only counts after a quote, since a key may end with it. */
const TRAILING = /^[\s,;\\|]$/;
const AFTER_QUOTE = /^[\s"',;+\\|]$/;
const OPENSSH = 'openssh-key-v1\0';

type KeyKind = 'private-key' | 'encrypted-private-key';

/**
 * PEM (RFC 7468), OpenSSH, PGP and PuTTY. A key has a header, a base64 body and an end with the same label; documentation
 * and programs contain headers alone. In JSON and source code, lines end in `\n`.
 */
function privateKeysIn(text: string): KeyKind[] {
  const found: KeyKind[] = [];
  const begins = text.includes('BEGIN ') ? [...text.matchAll(KEY_BEGIN)] : [];
  for (const [at, { index, 0: line, 1: label = '' }] of begins.entries()) {
    // A body ends before the next key.
    const section = text.slice(index + line.length, begins[at + 1]?.index);
    const end = section.indexOf(`-----END ${label}-----`);
    const kind = end < 0 ? undefined : kindOf(label, section.slice(0, end));
    if (kind !== undefined) found.push(kind);
  }
  if (text.startsWith('PuTTY-User-Key-File-')) {
    const encryption = /^Encryption: (\S+)/m.exec(text)?.[1];
    if (/^Private-Lines: \d/m.test(text))
      found.push(encryption === 'none' ? 'private-key' : 'encrypted-private-key');
  }
  return found;
}

function kindOf(label: string, body: string): KeyKind | undefined {
  const lines = body.split(/(?:\\r)?\\n|\r?\n/).map(undecorated);
  const isHeader = (line: string): boolean => /^[\w-]+: /.test(line);
  // PGP adds a line with a checksum.
  const base64 = lines.filter((line) => !isHeader(line) && !/^=.{4}$/.test(line)).join('');
  if (base64.length < MIN_KEY_LENGTH || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  if (new Set(base64).size < MIN_KEY_DIVERSITY) return undefined;
  const isEncrypted =
    label.startsWith('ENCRYPTED ') ||
    lines.some((line) => line === 'Proc-Type: 4,ENCRYPTED') ||
    isEncryptedSsh(Buffer.from(base64.slice(0, 64), 'base64').toString('latin1'));
  return isEncrypted ? 'encrypted-private-key' : 'private-key';
}

function undecorated(line: string): string {
  const text = line.replace(LEADING, '');
  let quoted = text.length;
  while (quoted > 0 && AFTER_QUOTE.test(text[quoted - 1] as string)) quoted--;
  while (quoted < text.length && text[quoted] !== '"' && text[quoted] !== "'") quoted++;
  let end = text.length;
  while (end > 0 && TRAILING.test(text[end - 1] as string)) end--;
  return text.slice(0, Math.min(quoted, end));
}

/** OpenSSH, PROTOCOL.key: the cipher's name follows the magic, `none` without encryption. */
function isEncryptedSsh(key: string): boolean {
  return key.startsWith(OPENSSH) && !key.startsWith('\0\0\0\x04none', OPENSSH.length);
}
