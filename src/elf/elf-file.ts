/** The ELF files of a root file system, each read once, and the features that only their bytes reveal. */
import { posix } from 'node:path';
import { remember, type Root } from './builder-files.js';
import { type Elf, readElf } from './elf.js';
import type { Loader } from './loader.js';

/** Features of a program, and the imported symbols that show them. */
const FEATURE_SYMBOLS = {
  dynamicLoading: ['dlopen', 'dlmopen'],
  hosts: ['getaddrinfo', 'gethostbyname', 'gethostbyname2', 'gethostbyname_r', 'getnameinfo'],
  users: [
    ...['getpwnam', 'getpwnam_r', 'getpwuid', 'getpwuid_r', 'getpwent', 'initgroups'],
    ...['getgrnam', 'getgrnam_r', 'getgrgid', 'getgrgid_r', 'getgrent', 'getgrouplist'],
  ],
  threadExit: ['pthread_cancel', 'pthread_exit'],
  certificates: ['SSL_CTX_set_default_verify_paths', 'X509_STORE_set_default_paths'],
  timeZones: ['tzset', 'localtime', 'localtime_r', 'mktime'],
} as const;

export type Feature = keyof typeof FEATURE_SYMBOLS;

export const WATCHED_SYMBOLS: ReadonlySet<string> = new Set(Object.values(FEATURE_SYMBOLS).flat());

/** The file of certificate authorities, as distributions name it. */
export const CERTIFICATE_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

export interface ElfStrings {
  /** The CERTIFICATE_BUNDLES that it contains. */
  readonly bundles: readonly string[];
  /** OpenSSL's default file of certificate authorities, which is compiled in: `/usr/lib/ssl/cert.pem`. */
  readonly opensslFile: string | undefined;
  /** Whether it contains the path of the time zone database. */
  readonly namesZones: boolean;
  /** Whether a glibc contains the NSS modules files and dns, so that no libnss_* is needed (NEWS for 2.34). */
  readonly hasNss: boolean;
}

export interface ElfFile {
  /** Without links. */
  readonly path: string;
  readonly elf: Elf;
  readonly strings: ElfStrings;
}

/**
 * The program or library at a path without links; undefined for any other file.
 * @param content of the file, if it was read
 */
export type ReadElfFile = (path: string, content?: Buffer) => Promise<ElfFile | undefined>;

/** Reads each file once. The content isn't retained, since libraries are large. */
export function elfFilesOf(root: Root): ReadElfFile {
  const known = new Map<string, Promise<ElfFile | undefined>>();
  return (path, given) =>
    remember(known, path, async () => {
      const content = given ?? (await root.read(path));
      const elf = content && readElf(content, path, WATCHED_SYMBOLS);
      return content && elf && { path, elf, strings: readStrings(content) };
    });
}

function readStrings(content: Buffer): ElfStrings {
  return {
    bundles: CERTIFICATE_BUNDLES.filter((path) => content.includes(path)),
    opensslFile: opensslFile(content),
    namesZones: content.includes('/usr/share/zoneinfo'),
    hasNss: content.includes('GLIBC_2.34\0'),
  };
}

/** X509_CERT_FILE: OPENSSLDIR "/cert.pem". */
function opensslFile(content: Buffer): string | undefined {
  const end = content.indexOf('/cert.pem\0');
  if (end < 0) return undefined;
  const before = content.subarray(Math.max(0, end - 256), end);
  const path = before.toString('latin1', before.lastIndexOf(0) + 1) + '/cert.pem';
  return /^\/[!-~]+$/.test(path) ? path : undefined;
}

const GLIBC = /^(?:ld[-0-9.a-z_]*|lib(?:c|m|mvec|pthread|dl|rt|resolv|nsl|util|anl|nss_\w+))[-.]/;

export function isOfLibc(path: string): boolean {
  return path.includes('/') && GLIBC.test(posix.basename(path));
}

/** Whether a file imports a symbol of a feature. What parts of glibc import from each other doesn't count. */
export function usesFeature({ path, elf }: ElfFile, feature: Feature): boolean {
  return !isOfLibc(path) && FEATURE_SYMBOLS[feature].some((symbol) => elf.imports.has(symbol));
}

/**
 * Libraries that glibc opens at run time and no ELF file names: the unwinder for threads that end early and, before 2.34,
 * the modules of its name service.
 */
export function implicitLibraries(objects: readonly ElfFile[], loader: Loader): string[] {
  const libc = objects.find(({ elf }) => elf.soname?.startsWith('libc.so.'));
  if (loader.kind !== 'glibc' || libc === undefined) return [];
  const uses = (feature: Feature): boolean => objects.some((one) => usesFeature(one, feature));
  const names = uses('threadExit') ? ['libgcc_s.so.1'] : [];
  if (libc.strings.hasNss) return names;
  if (uses('users') || uses('hosts')) names.push('libnss_files.so.2');
  if (uses('hosts')) names.push('libnss_dns.so.2');
  return names;
}
