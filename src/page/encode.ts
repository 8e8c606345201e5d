/** From an inspection to the page's columns. */
import type { ChangeKind } from '../inspect/difference/difference.js';
import { type Entry, walk } from '../inspect/entry.js';
import type { ImageFacts, Inspection, Waste } from '../inspect/inspection.js';
import {
  CHANGES,
  type DifferenceData,
  type EntryColumns,
  KINDS,
  type SideData,
  type WasteData,
} from './data.js';

/** Nobody reads on for longer, and an image may hide a hundred thousand files. */
const MOST_LISTED = 2000;
const MOST_COPIES = 20;

/** What the page needs to know of a comparison. */
export interface PageDifference {
  readonly entries: readonly PageChange[];
  readonly sizes: { readonly before: number; readonly after: number };
}

export interface PageChange {
  /** Absolute; of something that is gone, before; of anything else, after. */
  readonly path: string;
  readonly how: ChangeKind;
  /** Where it was, when it has moved. */
  readonly from?: string;
}

export function encodeSide(inspection: Inspection): SideData {
  const { image } = inspection;
  return {
    kind: inspection.kind,
    target: inspection.target,
    id: image?.id,
    platform: image?.platform,
    facts: image === undefined ? [] : factsOf(image),
    size: inspection.size,
    layers: inspection.layers.map(
      ({ diffId, compressed, contents, createdBy, added, changed, removed, wasted }) => ({
        diffId,
        compressed,
        contents,
        createdBy,
        added,
        changed,
        removed,
        wasted,
      }),
    ),
    findings: inspection.findings,
    waste: encodeWaste(inspection.waste),
    entries: encodeEntries(inspection.root),
  };
}

/** An environment is left out: a page is passed on more readily than an image, and it may hold secrets. */
function factsOf({ names, id, digest, config }: ImageFacts): (readonly [string, string])[] {
  const run = config.config ?? {};
  const facts: readonly (readonly [string, string | undefined])[] = [
    ...names.map((name) => ['Name', name] as const),
    ['ID', id],
    ['Digest', digest],
    ['Created', config.created],
    ['Entrypoint', words(run.Entrypoint)],
    ['Command', words(run.Cmd)],
    ['User', run.User],
    ['Directory', run.WorkingDir],
    ['Ports', Object.keys(run.ExposedPorts ?? {}).join(' ')],
    ['Volumes', Object.keys(run.Volumes ?? {}).join(' ')],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '');
}

/** As a shell would be given them, near enough to be read. */
function words(command: readonly string[] | null | undefined): string | undefined {
  return command
    ?.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ');
}

function encodeWaste({ bytes, hidden, duplicates }: Waste): WasteData {
  return {
    bytes,
    hidden: hidden.slice(0, MOST_LISTED),
    hiddenCount: hidden.length,
    duplicates: duplicates.slice(0, MOST_LISTED).map(({ size, wasted, paths }) => ({
      size,
      wasted,
      paths: paths.slice(0, MOST_COPIES),
      count: paths.length,
    })),
    duplicatesCount: duplicates.length,
  };
}

function encodeEntries(root: Entry): EntryColumns {
  const names: string[] = [];
  const letters: string[] = [];
  const contents: string[] = [];
  const depths: number[] = [];
  const sizes: number[] = [];
  const times: number[] = [];
  const layers: number[] = [];
  const owned: number[] = [];
  const owners = new Owners();
  const targets: [number, string][] = [];
  const again: [number, number][] = [];
  const devices: [number, number, number][] = [];
  const xattrs: [number, string[]][] = [];
  const firsts = new Map<object, number>();
  const depthOf = new Map<Entry | undefined, number>([[undefined, -1]]);
  let time = 0;
  for (const entry of walk(root)) {
    const at = names.length;
    const depth = (depthOf.get(entry.parent) as number) + 1;
    if (entry.kind === 'directory') depthOf.set(entry, depth);
    names.push(entry.name);
    letters.push(KINDS[entry.kind]);
    contents.push(contentLetter(entry));
    depths.push(depth);
    sizes.push(entry.size);
    times.push(entry.mtime - time);
    time = entry.mtime;
    layers.push(entry.layer);
    owned.push(owners.indexOf(entry));
    if (entry.target !== undefined) targets.push([at, entry.target]);
    if (entry.device !== undefined) devices.push([at, entry.device.major, entry.device.minor]);
    if (entry.xattrs !== undefined) xattrs.push([at, [...entry.xattrs.keys()]]);
    if (entry.links !== undefined) {
      const first = firsts.get(entry.links);
      if (first === undefined) firsts.set(entry.links, at);
      else again.push([at, first]);
    }
  }
  return {
    names: names.join('/'),
    depths,
    kinds: letters.join(''),
    contents: contents.join(''),
    sizes,
    times,
    layers,
    owned,
    owners: owners.all,
    targets,
    again,
    devices,
    xattrs,
  };
}

/** An image has few combinations of mode and owner. */
class Owners {
  readonly all: [number, number, number][] = [];
  private readonly known = new Map<string, number>();

  indexOf({ mode, uid, gid }: Entry): number {
    const key = `${mode}:${uid}:${gid}`;
    let index = this.known.get(key);
    if (index === undefined) {
      index = this.all.push([mode, uid, gid]) - 1;
      this.known.set(key, index);
    }
    return index;
  }
}

function contentLetter({ content }: Entry): string {
  if (content?.script !== undefined) return 's';
  if (content?.elf?.kind === 'program') return 'p';
  return content?.elf?.kind === 'library' ? 'l' : '-';
}

/** A difference is of these two: what is in neither isn't shown. */
export function encodeDifference(
  difference: PageDifference,
  before: Entry,
  after: Entry,
): DifferenceData {
  const [old, now] = [indices(before), indices(after)];
  const letters: string[] = [];
  const columns: { old: number[]; now: number[] } = { old: [], now: [] };
  for (const { path, how, from } of difference.entries) {
    const was = how === 'new' ? -1 : (old.get(from ?? path) ?? -1);
    const is = how === 'gone' ? -1 : (now.get(path) ?? -1);
    if (was < 0 && is < 0) continue;
    letters.push(CHANGES[how]);
    columns.old.push(was);
    columns.now.push(is);
  }
  return { ...difference.sizes, changes: letters.join(''), ...columns };
}

function indices(root: Entry): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of walk(root)) found.set(entry.path, found.size);
  return found;
}
