/** Notices about what programs need at run time beyond libraries, with the options that add it from the builder. */
import { listed } from '../text/printable.js';
import type { Root } from './builder-files.js';
import {
  CERTIFICATE_BUNDLES,
  type ElfFile,
  type Feature,
  isOfLibc,
  usesFeature,
} from './elf-file.js';
import type { Loader } from './loader.js';

const MAX_LISTED = 3;

/** A program or library, and the objects of its process, itself first. */
export interface LoadedBinary {
  readonly path: string;
  readonly objects: readonly ElfFile[];
  readonly kind: Loader['kind'] | undefined;
}

export async function noticesOf(root: Root, binaries: readonly LoadedBinary[]): Promise<string[]> {
  const lines = [
    opensLibraries(binaries),
    await looksUpNames(root, binaries),
    await trustsCertificates(root, binaries),
    await usesTimeZones(root, binaries),
  ];
  return lines.filter((line) => line !== undefined);
}

function opensLibraries(binaries: readonly LoadedBinary[]): string | undefined {
  // OpenSSL opens engines, which are rarely installed.
  const names = namesOf(
    binaries,
    (file) => !/\/libcrypto\.so/.test(file.path) && usesFeature(file, 'dynamicLoading'),
  );
  return (
    names &&
    `${names}: opens libraries at run time, which can't be seen: add those with --artifacts PATH`
  );
}

async function looksUpNames(
  root: Root,
  binaries: readonly LoadedBinary[],
): Promise<string | undefined> {
  const uses =
    (...features: readonly Feature[]) =>
    (file: ElfFile): boolean =>
      features.some((feature) => usesFeature(file, feature));
  const glibc = binaries.filter(({ kind }) => kind === 'glibc');
  const users = namesOf(binaries, uses('users'));
  const hosts = namesOf(glibc, uses('hosts'));
  const files = [
    ...(users === undefined ? [] : ['/etc/passwd', '/etc/group']),
    ...(hosts === undefined ? [] : ['/etc/nsswitch.conf']),
  ];
  const found = await existing(root, files);
  if (found.length === 0) return undefined;
  const both = namesOf(binaries, uses('users', 'hosts'));
  return `${both}: looks up users or hosts (NSS): where that matters, add ${options(found)}`;
}

async function trustsCertificates(
  root: Root,
  binaries: readonly LoadedBinary[],
): Promise<string | undefined> {
  const verifies = (file: ElfFile): boolean =>
    file.strings.bundles.length > 0 ||
    usesFeature(file, 'certificates') ||
    /\/lib(?:ssl|gnutls)[-.][^/]*$/.test(file.path);
  const names = namesOf(binaries, verifies);
  if (names === undefined) return undefined;
  const [bundle] = await existing(root, CERTIFICATE_BUNDLES);
  if (bundle === undefined)
    return `${names}: may check certificates, and the builder has no authorities: install ca-certificates there`;
  const all = binaries.filter(({ objects }) => objects.some(verifies));
  const places = new Set<string>();
  for (const { strings } of all.flatMap(({ objects }) => objects)) {
    // A program that contains several paths tries all of them; OpenSSL has one file, at a path of its own.
    const named = strings.bundles.includes(bundle) ? bundle : strings.bundles[0];
    const place = strings.opensslFile ?? named;
    if (place !== undefined) places.add(place);
  }
  if (places.size === 0) places.add(bundle);
  const add = [...places].map((place) => `--artifacts ${bundle}:${place.slice(1)}`).join(' ');
  return `${names}: may check certificates: for the authorities add ${add}`;
}

async function usesTimeZones(
  root: Root,
  binaries: readonly LoadedBinary[],
): Promise<string | undefined> {
  const names = namesOf(
    binaries.map(({ objects, ...rest }) => ({ ...rest, objects: objects.slice(0, 1) })),
    (file) => usesFeature(file, 'timeZones') || (file.strings.namesZones && !isOfLibc(file.path)),
  );
  const [folder] = names === undefined ? [] : await existing(root, ['/usr/share/zoneinfo']);
  return folder && `${names}: tells local time: for other zones than UTC add ${options([folder])}`;
}

/** The binaries of which an object matches, and the object's name unless it is the binary itself. */
function namesOf(
  binaries: readonly LoadedBinary[],
  matches: (file: ElfFile) => boolean,
): string | undefined {
  const names = binaries.flatMap(({ path, objects }) => {
    const found = objects.find(matches);
    if (found === undefined) return [];
    return found === objects[0] ? [path] : [`${path} (${found.elf.soname ?? found.path})`];
  });
  return names.length === 0 ? undefined : listed([...new Set(names)], MAX_LISTED);
}

async function existing(root: Root, paths: readonly string[]): Promise<string[]> {
  const found = [];
  for (const path of paths) if ((await root.locate(path)).type !== 'missing') found.push(path);
  return found;
}

function options(paths: readonly string[]): string {
  return paths.map((path) => `--artifacts ${path}:${path.slice(1)}`).join(' ');
}
