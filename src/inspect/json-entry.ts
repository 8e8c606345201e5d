/** One entry as JSON has it: what is usual is left out, bits are octal, maps are objects. */
import type { Entry } from './entry.js';
import type { Content, ElfContent } from './probe/content.js';

/** Where each file of several names was seen first. */
export class Paths {
  readonly #first = new Map<object, string>();

  /** The first name of the same file; undefined where this is it. */
  firstOf({ links, path }: Entry): string | undefined {
    if (links === undefined) return undefined;
    const first = this.#first.get(links);
    if (first === undefined) this.#first.set(links, path);
    return first;
  }
}

/** Members that `JSON.stringify` leaves out are undefined. */
export function entryMembers(entry: Entry, paths: Paths): object {
  const { path, kind, mode, uid, gid, mtime, size, layer, total, files } = entry;
  return {
    path,
    kind,
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    mtime,
    layer,
    ...(kind === 'file' && { size }),
    ...(kind === 'directory' && { total, files }),
    target: entry.target,
    hardlink: paths.firstOf(entry),
    device: entry.device,
    xattrs: entry.xattrs && xattrMembers(entry.xattrs),
    ...(entry.content && contentMembers(entry.content)),
  };
}

/** Values may be any bytes. */
function xattrMembers(xattrs: ReadonlyMap<string, Buffer>): object {
  return Object.fromEntries([...xattrs].map(([name, value]) => [name, value.toString('base64')]));
}

/** Without the text of files: whoever wants it has `--cat`. */
function contentMembers(content: Content): object {
  const { hash, elf, damaged, script, secrets, tls, embeds, namesZones } = content;
  return { hash, elf: elf && elfMembers(elf), damaged, script, secrets, tls, embeds, namesZones };
}

function elfMembers(elf: ElfContent): object {
  const { kind, architecture, interpreter, needed, soname, rpath, runpath } = elf;
  const { machine, bits, bigEndian } = architecture;
  return { kind, machine, bits, bigEndian, interpreter, needed, soname, rpath, runpath };
}
