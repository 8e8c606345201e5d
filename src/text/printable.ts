/** Text for a message: escapes what a terminal would interpret, and cuts it after `limit` characters. */
export function printable(text: Buffer | string, limit = 200): string {
  const whole = typeof text === 'string' ? text : text.toString('utf8', 0, limit * 4);
  const shown = whole.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => {
      const code = character.codePointAt(0) as number;
      return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
    },
  );
  return shown.length > limit ? `${shown.slice(0, limit)}…` : shown;
}

/** `a, b and 7 more`: the first names, and the number of the others. */
export function listed(names: readonly string[], max = 10): string {
  const shown = names.slice(0, max).map((name) => printable(name));
  return shown.join(', ') + (names.length > max ? ` and ${names.length - max} more` : '');
}
