/**
 * Extended attributes in PAX records. `SCHILY.xattr.NAME` holds the bytes as they are: star, GNU tar,
 * Go and libarchive write and read it. `LIBARCHIVE.xattr.NAME`, in base64, is a form that container
 * engines ignore, and so does this project. libarchive's manual tar(5), "Pax Interchange Format".
 */
import type { PaxRecords } from './pax.js';

const SCHILY = 'SCHILY.xattr.';
/** Access control lists and security labels are extended attributes on Linux. */
const FORMS = [SCHILY, 'LIBARCHIVE.xattr.', 'SCHILY.acl.', 'RHT.security.'];
const APPLE = 'com.apple.';

/** By name; `undefined` when there are none. */
export function readXattrs(records: PaxRecords): ReadonlyMap<string, Buffer> | undefined {
  const xattrs = new Map<string, Buffer>();
  for (const { key, value } of records.list) {
    // Keys have one character a byte.
    if (key.startsWith(SCHILY))
      xattrs.set(Buffer.from(key.slice(SCHILY.length), 'latin1').toString('utf8'), value);
  }
  return xattrs.size > 0 ? xattrs : undefined;
}

/** Whether the PAX record is an extended attribute, in any form. */
export function isXattrRecord(key: string): boolean {
  return FORMS.some((form) => key.startsWith(form));
}

/** Whether the PAX record is an attribute of macOS. */
export function isAppleRecord(key: string): boolean {
  return FORMS.some(
    (form) => key.startsWith(form) && isAppleXattr(unescaped(key.slice(form.length))),
  );
}

/** Whether an attribute of this name belongs to macOS. Linux has no such name space. */
export function isAppleXattr(name: string): boolean {
  return name.startsWith(APPLE);
}

/** libarchive writes names with percent escapes. */
function unescaped(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
}
