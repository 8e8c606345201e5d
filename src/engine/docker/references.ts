/** BuildKit's message without its own references, which mean nothing to a reader: `ref 1uix…::h4x…`. */
export function withoutReferences(text: string): string {
  return text.replace(/ of ref [0-9a-z]{20,}::[0-9a-z]{20,}: /g, ' of ');
}

/** What BuildKit of Engine 28 says when another build has written the same unnamed image at the same time. */
const WRITTEN = /^image "moby-dangling@(sha256:[0-9a-f]{64})": already exists$/;

/** The ID of the image, which exists, when an export failed for no other reason. */
export function writtenMeanwhile(error: string): string | undefined {
  return WRITTEN.exec(error)?.[1];
}
