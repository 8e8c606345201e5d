/**
 * What an ELF file does at run time that no header tells: the symbols and the texts in it that give
 * it away. A static program has no symbols to look at, a Go program neither, but its texts are there.
 */

/** Symbols, by what a program that imports them wants. */
export const SYMBOLS = {
  opens: ['dlopen', 'dlmopen'],
  hosts: ['getaddrinfo', 'gethostbyname', 'gethostbyname2', 'gethostbyname_r', 'getnameinfo'],
  users: [
    ...['getpwnam', 'getpwnam_r', 'getpwuid', 'getpwuid_r', 'getpwent'],
    ...[
      'getgrnam',
      'getgrnam_r',
      'getgrgid',
      'getgrgid_r',
      'getgrent',
      'initgroups',
      'getgrouplist',
    ],
  ],
  cancels: ['pthread_cancel', 'pthread_exit'],
  certificates: ['SSL_CTX_set_default_verify_paths', 'X509_STORE_set_default_paths'],
  zones: ['tzset', 'localtime', 'localtime_r', 'mktime'],
} as const;

export type Wish = keyof typeof SYMBOLS;

/** All of them. */
export const WATCHED: ReadonlySet<string> = new Set(Object.values(SYMBOLS).flat());

/** Where distributions have their certificate authorities, in one file. */
export const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

const ZONES = '/usr/share/zoneinfo';

/** What the bytes of a file tell. */
export interface Traits {
  /** Those of BUNDLES that it names. */
  readonly bundles: readonly string[];
  /** The file that OpenSSL reads certificate authorities from: `/usr/lib/ssl/cert.pem`. */
  readonly opensslFile: string | undefined;
  /** Whether it names the time zones' folder. */
  readonly namesZones: boolean;
  /** Of glibc: whether files and dns are in it, and no libnss_* is needed (NEWS for 2.34). */
  readonly hasNss: boolean;
}

export function readTraits(content: Buffer): Traits {
  return {
    bundles: BUNDLES.filter((path) => content.includes(path)),
    opensslFile: opensslFile(content),
    namesZones: content.includes(ZONES),
    hasNss: content.includes('GLIBC_2.34\0'),
  };
}

/** X509_CERT_FILE, OPENSSLDIR "/cert.pem" as it was compiled in; nothing else of the kind is there. */
function opensslFile(content: Buffer): string | undefined {
  const end = content.indexOf('/cert.pem\0');
  if (end < 0) return undefined;
  const before = content.subarray(Math.max(0, end - 256), end);
  const path = before.toString('latin1', before.lastIndexOf(0) + 1) + '/cert.pem';
  return /^\/[!-~]+$/.test(path) ? path : undefined;
}
