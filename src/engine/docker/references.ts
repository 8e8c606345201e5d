/** BuildKit's message without its own references, which mean nothing to a reader: `ref 1uix…::h4x…`. */
export function withoutReferences(text: string): string {
  return text.replace(/ of ref [0-9a-z]{20,}::[0-9a-z]{20,}: /g, ' of ');
}
