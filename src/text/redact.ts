/**
 * Removes secrets from text that leaves the program: messages, hints, progress, metadata. They are recognised by form (the
 * user in a URL, an `Authorization` header, a member of JSON), and by value, for the secrets that this process has read.
 */

const MASK = 'xxxxx';
/** Characters. Shorter secrets are words of ordinary messages, and are removed by form alone. */
const SHORTEST_SECRET = 6;
/** Characters. Shorter lines of a secret are words of ordinary messages. */
const SHORTEST_LINE = 16;
/** Lines of one secret. */
const MAX_LINES = 200;
/** A long-running process receives new tokens all the time. */
const MAX_SECRETS = 5000;

const secrets = new Set<string>();

/**
 * Remembers secrets: {@link redact} removes them, also percent-encoded, in base64, or escaped as in JSON, whatever the text
 * around them. Of several lines, each is a secret from 16 characters on, and so is the value in `KEY=VALUE`.
 */
export function addSecrets(...values: readonly (string | undefined)[]): void {
  for (const value of values) {
    if (value === undefined) continue;
    const lines = value.split(/[\r\n]+/, MAX_LINES).map((line) => line.trim());
    const parts = lines.flatMap((line) => [line, line.slice(line.indexOf('=') + 1)]);
    const long = lines.length > 1 ? parts.filter((part) => part.length >= SHORTEST_LINE) : [];
    for (const form of [value, ...long].flatMap(formsOf)) {
      if (form.length < SHORTEST_SECRET) continue;
      // The one used last goes to the end.
      secrets.delete(form);
      secrets.add(form);
    }
  }
  for (const oldest of secrets) {
    if (secrets.size <= MAX_SECRETS) break;
    secrets.delete(oldest);
  }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Of the last one or two bytes, the encoding depends on what follows.
  const base64 = bytes.toString('base64', 0, bytes.length - (bytes.length % 3));
  // Well-formed UTF-16 for the percent-encoding: a lone surrogate has none.
  const percent = encodeURIComponent(bytes.toString());
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, percent, json, ...(base64.length < SHORTEST_LINE ? [] : [base64])];
}

/** Where the last line of the text may begin a secret whose rest is still to come; the text's length if it does not. */
export function secretStart(text: string): number {
  const line = text.lastIndexOf('\n') + 1;
  let start = text.length;
  for (const secret of secrets)
    for (let at = Math.max(line, text.length - secret.length + 1); at < start; at++)
      if (secret.startsWith(text.slice(at))) start = at;
  return start;
}

/** For tests: the secrets of one may be words of another. */
export function forgetSecrets(): void {
  secrets.clear();
}

/** The value of `Authorization` for a user and a password (RFC 7617), both remembered as secrets. */
export function basicAuthorization(user: string, password: string): string {
  const encoded = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
  addSecrets(password, encoded);
  return `Basic ${encoded}`;
}

const URL_USER = /:\/\/([^\s/?#"'<>]*)@/g;
const HEADER =
  /\b((?:proxy-)?authorization|x-registry-(?:auth|config))("?\s*[:=]\s*"?)((?:basic|bearer|digest|negotiate)\s+)?([^\s"',;]+)/gi;
const CREDENTIALS = /\b(basic|bearer)(\s+)([\w+/.~-]{8,}=*)/gi;
const MEMBER =
  /("(?:password|secret|auth|identitytoken|registrytoken|token|access_token|refresh_token)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;
/** Whether one of these expressions may match: for most texts none does. */
const SUSPICIOUS = /:\/\/|auth|basic|bearer|password|secret|token/i;

/** The text with `xxxxx` in place of every secret. */
export function redact(text: string): string {
  let clean = text;
  if (SUSPICIOUS.test(text))
    clean = text
      .replace(URL_USER, (_, user: string, at: number) => {
        const isSsh = /(?:^|[^a-z])ssh$/i.test(text.slice(Math.max(0, at - 4), at));
        return `://${shownUser(isSsh, user)}@`;
      })
      .replace(
        HEADER,
        (all, name: string, is: string, scheme: string | undefined, value: string) =>
          scheme === undefined && !isEncoded(value) ? all : `${name}${is}${scheme ?? ''}${MASK}`,
      )
      .replace(CREDENTIALS, (all, scheme: string, space: string, value: string) =>
        isEncoded(value) ? `${scheme}${space}${MASK}` : all,
      )
      .replace(MEMBER, `$1"${MASK}"`);
  const found = [...secrets].filter((secret) => clean.includes(secret));
  // One may contain another.
  found.sort((one, other) => other.length - one.length);
  return found.reduce((rest, secret) => rest.replaceAll(secret, MASK), clean);
}

/** The user of ssh is no secret; that of https may be a token. */
function shownUser(ssh: boolean, user: string): string {
  if (!ssh) return MASK;
  const colon = user.indexOf(':');
  return colon < 0 ? user : `${user.slice(0, colon)}:${MASK}`;
}

/** Distinguishes base64 and tokens from words: `Basic authentication`. */
function isEncoded(value: string): boolean {
  return /[0-9=]/.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value.slice(1)));
}

/** Redacts an address that may be malformed: the text before its last `@`, unless it is the user of ssh. */
export function redactAddress(text: string): string {
  const [, scheme = '', user = '', rest = ''] =
    /^([a-z][a-z0-9+.-]*:\/\/)?(?:(.*)@)?(.*)$/is.exec(text) ?? [];
  if (user === '' || scheme === 'unix://') return redact(text);
  return redact(`${scheme}${shownUser(/^ssh:/i.test(scheme), user)}@${rest}`);
}

/** A copy of plain data with every string redacted. */
export function redactAll<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactAll(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, redactAll<unknown>(item)]);
  return Object.fromEntries(entries) as T;
}
