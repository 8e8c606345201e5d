/** Sizes, rates and durations in decimal units, as `docker images` and buildx print them; permissions. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `12.3 MB`, in units of 1000. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.6 kB is rounded to 1.0 MB, not to 1000 kB.
  while (Math.round(value) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `45.0 MB/s`. */
export function formatRate(bytes: number, milliseconds: number): string {
  return `${formatBytes(milliseconds > 0 ? (bytes * 1000) / milliseconds : 0)}/s`;
}

/** `0.1s`, as buildx prints it. */
export function formatSeconds(milliseconds: number): string {
  return `${(Math.max(milliseconds, 0) / 1000).toFixed(1)}s`;
}

/** The size of a context: `12.3 MB, 345 entries, 45.0 MB/s`. */
export function formatContext(bytes: number, entries: number, milliseconds: number): string {
  const count = `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
  const rate = milliseconds > 0 ? `, ${formatRate(bytes, milliseconds)}` : '';
  return `${formatBytes(bytes)}, ${count}${rate}`;
}

const SPECIAL_BITS = [
  { bit: 0o4000, at: 2, letter: 's' },
  { bit: 0o2000, at: 5, letter: 's' },
  { bit: 0o1000, at: 8, letter: 't' },
] as const;

/** `rwxr-sr-t`, as ls(1) prints permissions (POSIX.1-2017 ls, "STDOUT"). */
export function formatPermissions(mode: number): string {
  const letters = [...'rwxrwxrwx'].map((letter, at) => (mode & (0o400 >> at) ? letter : '-'));
  for (const { bit, at, letter } of SPECIAL_BITS)
    if (mode & bit) letters[at] = letters[at] === 'x' ? letter : letter.toUpperCase();
  return letters.join('');
}
