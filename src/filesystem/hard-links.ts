/**
 * Files with several names in one tar. The last name determines owner and mode of all; the others are updated at the
 * end, since updating them each time would be quadratic.
 */
import type { Directory, Leaf } from './node.js';

export interface Place {
  readonly folder: Directory;
  readonly name: string;
}

interface File {
  readonly places: Place[];
  /** The node of the last name. */
  leaf: Leaf;
}

export class HardLinks {
  /** By the object that all of their nodes share. */
  readonly #files = new Map<object, File>();

  /** Adds a name of a file. `first` returns its first name, in a mutable directory. */
  add(links: object, leaf: Leaf, place: Place, first: () => Place): void {
    const file = this.#files.get(links) ?? { places: [first()], leaf };
    if (file.places.length === 1) put(file.places[0] as Place, leaf);
    this.#files.set(links, file);
    file.places.push(place);
    file.leaf = leaf;
    put(place, leaf);
  }

  /** Updates the earlier names, except those that were replaced. */
  settle(): void {
    for (const [links, { places, leaf }] of this.#files)
      for (const place of places) {
        const present = place.folder.children.get(place.name);
        if (present !== leaf && present?.extra?.links === links) put(place, leaf);
      }
    this.#files.clear();
  }
}

function put({ folder, name }: Place, leaf: Leaf): void {
  folder.children.set(name, leaf);
}
