/**
 * Changes of permission bits in the syntax of chmod(1), symbolic (`a+rX,go-w`) or octal (`0755`): POSIX.1-2017, chmod,
 * "Extended Description". A clause without a user ignores the umask, so that the result is the same on every machine.
 */

/** The bits that a clause may change: those of the classes that it names, and their special bits. */
const CLASSES: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const PERMISSIONS: Readonly<Record<string, number>> = {
  r: 0o444,
  w: 0o222,
  x: 0o111,
  s: 0o6000,
  t: 0o1000,
};

/** From permission bits, 07777, to permission bits. */
export type ModeChange = (mode: number, directory: boolean) => number;

/** Parses changes; undefined if the text is no mode. */
export function parseModeChanges(text: string): ModeChange | undefined {
  const changes = text.split(',').map(parseClause);
  if (changes.includes(undefined)) return undefined;
  return (mode, directory) =>
    (changes as ModeChange[]).reduce((now, change) => change(now, directory), mode);
}

function parseClause(clause: string): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(clause)) {
    const mode = parseInt(clause, 8);
    if (mode <= 0o7777) return () => mode;
  }
  const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause);
  if (match === null) return undefined;
  const who = bitsOf(match[1] as string, CLASSES) || 0o7777;
  const actions = [...(match[2] as string).matchAll(/([-+=])([ugo]|[rwxXst]*)/g)].map(
    ([, operator, permissions]) => action(who, operator as string, permissions as string),
  );
  return (mode, directory) => actions.reduce((now, change) => change(now, directory), mode);
}

function bitsOf(letters: string, table: Readonly<Record<string, number>>): number {
  return [...letters].reduce((bits, letter) => bits | (table[letter] ?? 0), 0);
}

function action(who: number, operator: string, permissions: string): ModeChange {
  return (mode, directory) => {
    const bits = permissionBits(permissions, mode, directory) & who;
    if (operator === '+') return mode | bits;
    if (operator === '-') return mode & ~bits;
    // As GNU chmod: a directory keeps its setuid and setgid bits unless they are named.
    const kept = directory ? 0o6000 & ~bits : 0;
    return (mode & ~(who & ~kept)) | bits;
  };
}

function permissionBits(permissions: string, mode: number, directory: boolean): number {
  if (permissions === 'u') return ((mode >> 6) & 7) * 0o111;
  if (permissions === 'g') return ((mode >> 3) & 7) * 0o111;
  if (permissions === 'o') return (mode & 7) * 0o111;
  const executable = directory || (mode & 0o111) !== 0;
  return bitsOf(permissions, { ...PERMISSIONS, X: executable ? 0o111 : 0 });
}
