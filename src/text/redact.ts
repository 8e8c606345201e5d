/**
 * Removes secrets from text that leaves the program: messages, hints, progress, metadata. They are recognised by form (the
 * user in a URL, an `Authorization` header, a member of JSON), and by value, for the secrets that this process has read.
 */

const MASK = 'xxxxx';
/** Characters. Shorter secrets are words of ordinary messages, and are removed by form alone. */
const SHORTEST_SECRET = 6;
/** A long-running process receives new tokens all the time. */
const MAX_SECRETS = 1000;

const secrets = new Set<string>();

/** Remembers secrets: {@link redact} removes them, also percent-encoded, whatever the text around them. */
export function addSecrets(...values: readonly (string | undefined)[]): void {
  for (const value of values) {
    if (value === undefined) continue;
    // Well-formed UTF-16 as well: a lone surrogate has no percent-encoding.
    for (const form of [value, encodeURIComponent(Buffer.from(value).toString())]) {
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
  for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, MASK);
  return clean;
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
