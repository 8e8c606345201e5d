/**
 * Changes of permission bits as chmod(1) has them, symbolic (`a+rX,go-w`) or octal (`0755`).
 * POSIX.1-2017 chmod, "Extended Description"; no umask is applied where no user is named, so
 * that the result is the same on every machine.
 */

/** From permission bits, 07777, to permission bits. */
export type ModeChange = (mode: number, directory: boolean) => number;

/** Reads the changes; undefined when it isn't a mode. */
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
  const who = whoBits(match[1] as string);
  const actions = [...(match[2] as string).matchAll(/([-+=])([ugo]|[rwxXst]*)/g)].map(
    ([, operator, permissions]) => action(who, operator as string, permissions as string),
  );
  return (mode, directory) => actions.reduce((now, change) => change(now, directory), mode);
}

/** Which bits a clause may touch: the classes it names, and the special bits that go with them. */
function whoBits(classes: string): number {
  if (classes === '' || classes.includes('a')) return 0o7777;
  let bits = 0;
  if (classes.includes('u')) bits |= 0o4700;
  if (classes.includes('g')) bits |= 0o2070;
  if (classes.includes('o')) bits |= 0o1007;
  return bits;
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
  let bits = 0;
  for (const permission of permissions) {
    if (permission === 'r') bits |= 0o444;
    else if (permission === 'w') bits |= 0o222;
    else if (permission === 'x') bits |= 0o111;
    else if (permission === 'X' && (directory || (mode & 0o111) !== 0)) bits |= 0o111;
    else if (permission === 's') bits |= 0o6000;
    else if (permission === 't') bits |= 0o1000;
  }
  return bits;
}
