/** Encodes an inspection as the data of the page. */
import type { Difference, DifferenceEntry } from '../inspect/difference.js';
import { type Entry, walk } from '../inspect/entry.js';
import type { Waste } from '../inspect/facts.js';
import { type ImageFacts, type Inspection, titleOf, userOf } from '../inspect/inspection.js';
import { shellQuote } from '../text/shell-quote.js';
import {
  type DifferenceData,
  type EntryColumns,
  KINDS,
  type SideData,
  type WasteData,
} from './data.js';

/** Wasted files that are listed, and paths of each duplicate; an image may hide 100,000 files. */
const MAX_LISTED = 2000;
const MAX_COPIES = 20;

export type PageChange = Pick<DifferenceEntry, 'path' | 'how' | 'from'>;

/** The part of a difference that the page shows. */
export interface PageDifference extends Pick<Difference, 'sizes'> {
  readonly entries: readonly PageChange[];
}

export function encodeSide(inspection: Inspection): SideData {
  const { image } = inspection;
  return {
    kind: inspection.kind,
    title: titleOf(inspection),
    id: image?.id,
    platform: image?.platform,
    user: image && userOf(image),
    facts: image === undefined ? [] : factsOf(image, inspection.target),
    size: inspection.size,
    layers: inspection.layers,
    findings: inspection.findings,
    waste: encodeWaste(inspection.waste),
    entries: encodeEntries(inspection.root),
  };
}

/** Without the environment, which may contain secrets. */
function factsOf(
  { names, id, digest, config }: ImageFacts,
  target: string,
): (readonly [string, string])[] {
  const run = config.config ?? {};
  const facts: readonly (readonly [string, string | undefined])[] = [
    ...names.map((name) => ['Name', name] as const),
    ['Target', target],
    ['ID', id],
    ['Digest', digest],
    ['Created', config.created],
    ['Entrypoint', commandLine(run.Entrypoint)],
    ['Command', commandLine(run.Cmd)],
    ['Directory', run.WorkingDir],
    ['Ports', Object.keys(run.ExposedPorts ?? {}).join(' ')],
    ['Volumes', Object.keys(run.Volumes ?? {}).join(' ')],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '');
}

/** A command for display, with unusual words quoted. */
function commandLine(command: readonly string[] | null | undefined): string | undefined {
  return command
    ?.map((word) => (shellQuote(word) === word ? word : JSON.stringify(word)))
    .join(' ');
}

function encodeWaste({ bytes, hidden, duplicates }: Waste): WasteData {
  return {
    bytes,
    hidden: hidden.slice(0, MAX_LISTED),
    hiddenCount: hidden.length,
    duplicates: duplicates.slice(0, MAX_LISTED).map(({ size, wasted, paths }) => ({
      size,
      wasted,
      paths: paths.slice(0, MAX_COPIES),
      count: paths.length,
    })),
    duplicatesCount: duplicates.length,
  };
}

function encodeEntries(root: Entry): EntryColumns {
  const columns = {
    depths: [] as number[],
    sizes: [] as number[],
    times: [] as number[],
    layers: [] as number[],
    owned: [] as number[],
    owners: [] as [number, number, number][],
    targets: [] as [number, string][],
    again: [] as [number, number][],
    devices: [] as [number, number, number][],
    xattrs: [] as [number, string[]][],
  };
  const names: string[] = [];
  let [kinds, contents] = ['', ''];
  const owners = new Map<string, number>();
  const firsts = new Map<object, number>();
  const depths = new Map<Entry | undefined, number>([[undefined, -1]]);
  let time = 0;
  for (const entry of walk(root)) {
    const { mode, uid, gid, target, device, xattrs, links } = entry;
    const at = names.length;
    const depth = (depths.get(entry.parent) as number) + 1;
    if (entry.kind === 'directory') depths.set(entry, depth);
    const owner = `${mode}:${uid}:${gid}`;
    if (!owners.has(owner)) owners.set(owner, columns.owners.push([mode, uid, gid]) - 1);
    names.push(entry.name);
    kinds += KINDS[entry.kind];
    contents += contentLetter(entry);
    columns.depths.push(depth);
    columns.sizes.push(entry.size);
    columns.times.push(entry.mtime - time);
    time = entry.mtime;
    columns.layers.push(entry.layer);
    columns.owned.push(owners.get(owner) as number);
    if (target !== undefined) columns.targets.push([at, target]);
    if (device !== undefined) columns.devices.push([at, device.major, device.minor]);
    if (xattrs !== undefined) columns.xattrs.push([at, [...xattrs.keys()]]);
    if (links === undefined) continue;
    const first = firsts.get(links);
    if (first === undefined) firsts.set(links, at);
    else columns.again.push([at, first]);
  }
  return { names: names.join('/'), kinds, contents, ...columns };
}

function contentLetter({ content }: Entry): string {
  if (content?.script !== undefined) return 's';
  if (content?.elf?.kind === 'program') return 'p';
  return content?.elf?.kind === 'library' ? 'l' : '-';
}

export function encodeDifference(
  difference: PageDifference,
  before: Entry,
  after: Entry,
): DifferenceData {
  const [old, now] = [indices(before), indices(after)];
  const columns = { changes: '', old: [] as number[], now: [] as number[] };
  for (const { path, how, from } of difference.entries) {
    const was = how === 'new' ? -1 : (old.get(from ?? path) ?? -1);
    const is = how === 'gone' ? -1 : (now.get(path) ?? -1);
    if (was < 0 && is < 0) continue;
    columns.changes += how.charAt(0);
    columns.old.push(was);
    columns.now.push(is);
  }
  return { ...difference.sizes, ...columns };
}

function indices(root: Entry): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of walk(root)) found.set(entry.path, found.size);
  return found;
}
