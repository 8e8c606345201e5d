/** What a context or a layer is made of, in few words, and the tar of it. */
import { long, member, pax, tar, type Text } from '../../../support/write-tar.js';

/** A header, whatever else it needs in front of it, and its body. */
export type Entry = Buffer;

/** What a header says beside its name; owners are 0:0 where nothing else is said. */
export interface Attributes {
  /** Octal. @default what is usual for its type */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly xattrs?: Readonly<Record<string, Text>>;
}

interface Fields extends Attributes {
  readonly typeflag: string;
  readonly mode: number;
  readonly linkname?: string;
  readonly body?: Text;
  readonly devmajor?: number;
  readonly devminor?: number;
}

function entry(name: Text, fields: Fields): Entry {
  const { xattrs = {}, uid = 0, gid = 0, linkname = '', ...rest } = fields;
  const records: [string, Text][] = Object.entries(xattrs).map(([key, value]) => [
    `SCHILY.xattr.${key}`,
    value,
  ]);
  const bytes = Buffer.from(name);
  if (bytes.length > 100) records.push(['path', name]);
  const extended = records.length > 0 ? [pax(records)] : [];
  const owner = { uid, gid, uname: '', gname: '' };
  return Buffer.concat([...extended, member({ ...rest, ...owner, name, linkname })]);
}

/** A regular file; its name is its content where none is given. */
export function file(name: Text, body: Text = name, attributes: Attributes = {}): Entry {
  return entry(name, { mode: 0o644, ...attributes, typeflag: '0', body });
}

/** A directory. */
export function dir(name: string, attributes: Attributes = {}): Entry {
  return entry(name, { mode: 0o755, ...attributes, typeflag: '5' });
}

/** A symbolic link. */
export function symlink(name: string, linkname: string, attributes: Attributes = {}): Entry {
  return entry(name, { mode: 0o777, ...attributes, typeflag: '2', linkname });
}

/** A hard link to an entry before it. */
export function hardLink(name: string, linkname: string, attributes: Attributes = {}): Entry {
  return entry(name, { mode: 0o644, ...attributes, typeflag: '1', linkname });
}

/** A named pipe. */
export function fifo(name: string, attributes: Attributes = {}): Entry {
  return entry(name, { mode: 0o644, ...attributes, typeflag: '6' });
}

/** A character device: /dev/null. */
export function device(name: string, attributes: Attributes = {}): Entry {
  return entry(name, { mode: 0o666, ...attributes, typeflag: '3', devmajor: 1, devminor: 3 });
}

/** A file whose long name stands in an entry of its own, as GNU tar writes it. */
export function gnuLongFile(name: string, body: Text): Entry {
  const fields = { body, magic: 'gnu', uid: 0, gid: 0, uname: '', gname: '' } as const;
  return Buffer.concat([long('L', name), member({ ...fields, name: name.slice(0, 100) })]);
}

/** A complete tar. */
export function tarOf(entries: readonly Entry[]): Buffer {
  return tar(...entries);
}
