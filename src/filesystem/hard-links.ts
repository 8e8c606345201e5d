/**
 * The names of files with several, as far as one tar told them: what the last name says of owner and mode is
 * the file's. The others get it at the end: to tell each of them each time would take their square.
 */
import type { Directory, Leaf } from './node.js';

/** Where a name is. */
export interface Place {
  readonly folder: Directory;
  readonly name: string;
}

interface File {
  readonly places: Place[];
  /** As the last name has it. */
  leaf: Leaf;
}

export class HardLinks {
  /** By what all of their nodes share. */
  readonly #files = new Map<object, File>();

  /** Puts a file at one more name. `first` tells where it was until now, in a tree that may be changed. */
  add(links: object, leaf: Leaf, place: Place, first: () => Place): void {
    const file = this.#files.get(links) ?? { places: [first()], leaf };
    if (file.places.length === 1) put(file.places[0] as Place, leaf);
    this.#files.set(links, file);
    file.places.push(place);
    file.leaf = leaf;
    put(place, leaf);
  }

  /** Where a name stands for something else by now, that stays. */
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
