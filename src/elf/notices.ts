/**
 * What a program needs at run time and no loader looks for: one line for each theme, with the
 * programs it is about and the option that brings it. A theme that the builder has nothing for is
 * left out, except certificates, without which programs fail in ways that are hard to read.
 */
import type { Root } from './builder-files.js';
import type { ElfFile } from './elf-file.js';
import { listed } from './missing.js';
import type { Process } from './process.js';
import { BUNDLES, type Wish } from './traits.js';
import { isOfLibc, wants } from './unseen.js';

/** Programs in one line. */
const SHOWN = 3;

/** A binary and what runs in its process, itself first. */
export interface Running {
  readonly path: string;
  readonly objects: readonly ElfFile[];
  readonly kind: Process['loader']['kind'] | undefined;
}

/** The lines about all of them. */
export async function noticesOf(root: Root, running: readonly Running[]): Promise<string[]> {
  const lines = [
    opensLibraries(running),
    await looksUpNames(root, running),
    await trustsCertificates(root, running),
    await tellsTime(root, running),
  ];
  return lines.filter((line) => line !== undefined);
}

function opensLibraries(running: readonly Running[]): string | undefined {
  // What OpenSSL opens are engines, which next to nobody has.
  const names = who(running, ({ path, ...file }) =>
    /\/libcrypto\.so/.test(path) ? false : wants({ path, ...file }, 'opens'),
  );
  return (
    names &&
    `${names}: opens libraries at run time, which can't be seen: add those with --artifacts PATH`
  );
}

async function looksUpNames(root: Root, running: readonly Running[]): Promise<string | undefined> {
  const wish =
    (kind: Wish) =>
    (file: ElfFile): boolean =>
      wants(file, kind);
  const glibc = running.filter(({ kind }) => kind === 'glibc');
  const users = who(running, wish('users'));
  const hosts = who(glibc, wish('hosts'));
  const files = [
    ...(users === undefined ? [] : ['/etc/passwd', '/etc/group']),
    ...(hosts === undefined ? [] : ['/etc/nsswitch.conf']),
  ];
  const there = await existing(root, files);
  if (there.length === 0) return undefined;
  const both = who(running, (file) => wants(file, 'users') || wants(file, 'hosts'));
  return `${both}: looks up users or hosts (NSS): where that matters, add ${options(there)}`;
}

async function trustsCertificates(
  root: Root,
  running: readonly Running[],
): Promise<string | undefined> {
  const verifies = (file: ElfFile): boolean =>
    file.traits.bundles.length > 0 ||
    wants(file, 'certificates') ||
    /\/lib(?:ssl|gnutls)[-.][^/]*$/.test(file.path);
  const names = who(running, verifies);
  if (names === undefined) return undefined;
  const [bundle] = await existing(root, BUNDLES);
  if (bundle === undefined)
    return `${names}: may check certificates, and the builder has no authorities: install ca-certificates there`;
  const all = running.filter(({ objects }) => objects.some(verifies));
  const places = new Set<string>();
  for (const { traits } of all.flatMap(({ objects }) => objects)) {
    // Whoever names several tries them all; OpenSSL has one file, wherever the builder has its own.
    const named = traits.bundles.includes(bundle) ? bundle : traits.bundles[0];
    const place = traits.opensslFile ?? named;
    if (place !== undefined) places.add(place);
  }
  if (places.size === 0) places.add(bundle);
  const add = [...places].map((place) => `--artifacts ${bundle}:${place.slice(1)}`).join(' ');
  return `${names}: may check certificates: for the authorities add ${add}`;
}

async function tellsTime(root: Root, running: readonly Running[]): Promise<string | undefined> {
  const names = who(
    running.map(({ objects, ...rest }) => ({ ...rest, objects: objects.slice(0, 1) })),
    (file) => wants(file, 'zones') || (file.traits.namesZones && !isOfLibc(file.path)),
  );
  const [folder] = names === undefined ? [] : await existing(root, ['/usr/share/zoneinfo']);
  return folder && `${names}: tells local time: for other zones than UTC add ${options([folder])}`;
}

/** The binaries with an object that is meant, and through which when it is not their own doing. */
function who(running: readonly Running[], isMeant: (file: ElfFile) => boolean): string | undefined {
  const names = running.flatMap(({ path, objects }) => {
    const found = objects.find(isMeant);
    if (found === undefined) return [];
    return found === objects[0] ? [path] : [`${path} (${found.elf.soname ?? found.path})`];
  });
  return names.length === 0 ? undefined : listed([...new Set(names)], SHOWN);
}

async function existing(root: Root, paths: readonly string[]): Promise<string[]> {
  const found = [];
  for (const path of paths) if ((await root.locate(path)).type !== 'missing') found.push(path);
  return found;
}

function options(paths: readonly string[]): string {
  return paths.map((path) => `--artifacts ${path}:${path.slice(1)}`).join(' ');
}
