/**
 * A tar's root moves into a folder. Engines resolve symbolic links inside the root of what they unpack, not
 * inside of that folder: `lib -> /usr/lib` followed by `lib/a` would leave the folder. So links are followed here:
 * every name leaves as the place where it lands in its own root, as `docker import` unpacks it (chroot(2); moby,
 * pkg/archive). Memory grows with the number of links alone.
 */
import { DockerceptionError } from '../errors.js';
import { followIn } from '../filesystem/follow.js';
import { cleanPath } from '../text/path.js';
import type { Edit } from './edit.js';

/** A symbolic link, or a directory on the way to one. Names and targets are binary strings. */
interface Place {
  readonly children: Map<string, Place>;
  target: string | undefined;
}

/** Moves entries and hard links' targets into `folder`. What a symbolic link says stays as it is. */
export function moveRoot(folder: string): Edit {
  const links = new Links();
  const moved = (path: string): Buffer => Buffer.from(`${folder}/${path}`, 'latin1');
  return (entry) => {
    const name = clean(entry.pathBytes);
    if (name === '') {
      entry.pathBytes = moved('');
      return;
    }
    const path = links.resolve(name);
    if (entry.type === 'hard-link') {
      const target = links.resolve(clean(entry.linkpathBytes));
      entry.linkpathBytes = moved(target);
      // A second name of a link is a link.
      links.replace(path, links.targetOf(target));
    } else if (entry.type === 'symlink') {
      links.replace(path, entry.linkpathBytes.toString('latin1'));
    } else if (entry.type !== 'directory' || links.targetOf(path) !== undefined) {
      links.replace(path, undefined);
    }
    entry.pathBytes = moved(entry.type === 'directory' ? `${path}/` : path);
  };
}

/** Names that lead outside were refused before. */
function clean(name: Buffer): string {
  return cleanPath(name.toString('latin1').replace(/^\/+/, '')) ?? '';
}

class Links {
  readonly #root: Place = { children: new Map(), target: undefined };
  #any = false;

  /** Where a name lands: the links on its way are followed, not the last component. */
  resolve(name: string): string {
    if (!this.#any) return name;
    const { names, hasTooManyLinks } = followIn<Place>(name, {
      top: [this.#root],
      followLast: false,
      targetOf: ({ target }) => target,
      child: (parent, child) => parent?.children.get(child),
    });
    if (hasTooManyLinks)
      throw new DockerceptionError('context', 'TAR_LINK', 'too many symbolic links on the way');
    return names.join('/');
  }

  targetOf(path: string): string | undefined {
    return this.#any ? this.#find(path.split('/'))?.target : undefined;
  }

  /** Forgets what is at a path and below it; puts a link there when there is a target. */
  replace(path: string, target: string | undefined): void {
    if (target === undefined && !this.#any) return;
    const names = path.split('/');
    const last = names.pop() as string;
    let place: Place | undefined = this.#root;
    for (const name of names) {
      let next: Place | undefined = place.children.get(name);
      if (next === undefined) {
        if (target === undefined) return;
        next = { children: new Map(), target: undefined };
        place.children.set(name, next);
      }
      place = next;
    }
    if (target === undefined) {
      place.children.delete(last);
      return;
    }
    this.#any = true;
    place.children.set(last, { children: new Map(), target });
  }

  #find(names: readonly string[]): Place | undefined {
    let place: Place | undefined = this.#root;
    for (const name of names) {
      place = place.children.get(name);
      if (place === undefined) return undefined;
    }
    return place;
  }
}
