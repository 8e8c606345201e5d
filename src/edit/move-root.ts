/**
 * Moves the root of a tar into a folder. Engines resolve symbolic links in the root of what they unpack, not in that
 * folder: `lib -> /usr/lib` followed by `lib/a` would leave it. So links are followed here, as `docker import` does
 * (chroot(2); moby, pkg/archive). Memory grows with the number of links only.
 */
import { DockerceptionError } from '../errors.js';
import { followIn } from '../filesystem/follow.js';
import { cleanPath } from '../text/path.js';
import type { Edit } from './edit.js';

/** A symbolic link, or a directory that contains one. Names and targets are binary strings. */
interface Place {
  readonly children: Map<string, Place>;
  target: string | undefined;
}

/** Moves entries and hard links' targets into `folder`; the targets of symbolic links stay. */
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
      // A hard link to a symbolic link is one too.
      links.replace(path, links.targetOf(target));
    } else if (entry.type === 'symlink') {
      links.replace(path, entry.linkpathBytes.toString('latin1'));
    } else if (entry.type !== 'directory' || links.targetOf(path) !== undefined) {
      links.replace(path, undefined);
    }
    entry.pathBytes = moved(entry.type === 'directory' ? `${path}/` : path);
  };
}

/** `safeNames` has refused names that lead outside. */
function clean(name: Buffer): string {
  return cleanPath(name.toString('latin1').replace(/^\/+/, '')) ?? '';
}

class Links {
  readonly #root: Place = { children: new Map(), target: undefined };

  /** Follows the links of a name, except for the last component. */
  resolve(name: string): string {
    if (this.#root.children.size === 0) return name;
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
    return this.#find(path.split('/'))?.target;
  }

  #find(names: readonly string[]): Place | undefined {
    let place: Place | undefined = this.#root;
    for (const name of names) place = place?.children.get(name);
    return place;
  }

  /** Replaces everything at and below a path by a link, or by nothing. */
  replace(path: string, target: string | undefined): void {
    const names = path.split('/');
    const last = names.pop() as string;
    if (target === undefined) {
      this.#find(names)?.children.delete(last);
      return;
    }
    let place = this.#root;
    for (const name of names) {
      const next: Place = place.children.get(name) ?? { children: new Map(), target: undefined };
      place.children.set(name, next);
      place = next;
    }
    place.children.set(last, { children: new Map(), target });
  }
}
