/**
 * The image of a build until it is accepted. It is built without a name; checks and limits come before the name, and
 * an image that doesn't get one is removed again. Never removed: an image that existed before the build, that has a
 * name, or that another image or a container is based on. Nor those of the steps before it: they are the builder's
 * cache, and the classic builder fails when a child of an image that it builds on goes away while it lists them.
 */
import { DockerceptionError, messageOf } from '../../errors.js';
import {
  formatReference,
  parseReference,
  splitTag,
  tryParseReference,
} from '../../image/reference.js';
import { printable } from '../../text/printable.js';
import type { ApiRequest, Connection } from './connection.js';
import { isNotFound } from './failures.js';
import { type ImageDetails, imagePath, inspectImage } from './images.js';

/** Milliseconds that each of these requests may take; none of them depends on an image's size. */
const REQUEST_TIMEOUT = 60_000;

/** A name that was set, and the image that had it before. */
interface GivenName {
  readonly reference: string;
  readonly previousId: string | undefined;
}

/**
 * Checks the names before the build, since the engine gets them after it.
 *
 * @throws DockerceptionError of kind usage, REFERENCE_INVALID.
 */
export function checkTags(tags: readonly string[]): void {
  for (const tag of tags)
    if (parseReference(tag).digest !== undefined)
      throw new DockerceptionError(
        'usage',
        'REFERENCE_INVALID',
        `reading the image name ${printable(tag)}: an image can't be named by a digest`,
        { hint: 'as in app, or registry.example:5000/app:1.0' },
      );
}

interface NewImageSettings {
  readonly isBuildKit: boolean;
  readonly mayBeRefused: boolean;
  readonly signal: AbortSignal;
}

export class NewImage {
  readonly #connection: Connection;
  readonly #warn: (message: string) => void;
  /** IDs of the images without a name before this one was built; undefined when they were not listed. */
  #before: Promise<ReadonlySet<string>> | undefined;
  readonly #closed = new AbortController();
  #id: string | undefined;
  #isAccepted = false;
  readonly #given: GivenName[] = [];

  /**
   * Begins before the build: an image that exists by then isn't the build's.
   *
   * @param mayBeRefused whether something after the build may fail as a rule: the images are listed now then. Otherwise
   *   they are listed when the signal is aborted before the image is built, since a list takes time.
   */
  constructor(
    connection: Connection,
    warn: (message: string) => void,
    { isBuildKit, mayBeRefused, signal }: NewImageSettings,
  ) {
    this.#connection = connection;
    this.#warn = warn;
    const list = (): void => {
      if (this.#id !== undefined || this.#before !== undefined) return;
      this.#before = this.#list(isBuildKit);
      this.#before.catch(() => undefined);
    };
    if (mayBeRefused) list();
    else signal.addEventListener('abort', list, { signal: this.#closed.signal });
  }

  /** Call it at the end: a list of many images may take longer than the build. */
  close(): void {
    this.#closed.abort();
  }

  /** The engine has built it. */
  built(id: string): void {
    this.#id = id;
  }

  /** Whether {@link accept} has succeeded. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /**
   * Gives the image its names: all of them or none.
   *
   * @throws DockerceptionError of kind engine, TAG_FAILED.
   */
  async accept(tags: readonly string[]): Promise<void> {
    const references = tags.map((tag) => splitTag(tag).join(':'));
    const previous = await Promise.all(references.map((reference) => this.#find(reference)));
    for (const [index, reference] of references.entries()) {
      const previousId = previous[index]?.Id;
      if (previousId === this.#id) continue;
      // Before it is certain: a request that fails may have been carried out.
      this.#given.push({ reference, previousId });
      await this.#tag(this.#id ?? '', reference);
    }
    this.#isAccepted = true;
  }

  /** Takes its names back, and removes it if the build has made it. Never rejects: what is left is reported. */
  async discard(): Promise<void> {
    const id = this.#id;
    if (id === undefined) return;
    try {
      // Undefined where the images weren't listed: it may have existed before.
      const existed = (await this.#before)?.has(id);
      const image = await this.#find(id);
      const isOwn = image !== undefined && existed === false && !this.#isNamed(image);
      for (const name of this.#given.splice(0).reverse()) await this.#takeBack(id, name, existed);
      if (isOwn) await this.#remove(id);
    } catch (error) {
      this.#warn(`removing the image ${id}: ${messageOf(error)}`);
    }
  }

  /**
   * Images that are steps of others aren't listed as dangling by all engines, and can be removed in some. BuildKit keeps none;
   * listing all images takes an engine with a containerd image store some 10 ms for each.
   */
  async #list(isBuildKit: boolean): Promise<ReadonlySet<string>> {
    const dangling = encodeURIComponent(JSON.stringify({ dangling: ['true'] }));
    const path = `/images/json?${isBuildKit ? `filters=${dangling}` : 'all=1'}`;
    const list = await this.#ask({ method: 'GET', path });
    return new Set((list as readonly ImageDetails[]).map(({ Id }) => Id));
  }

  /** By anyone else than this build. A containerd image store has a digest with every name. */
  #isNamed({ RepoTags, RepoDigests }: ImageDetails): boolean {
    const own = new Set(this.#given.map(({ reference }) => nameIn(reference)));
    const names = (RepoTags ?? []).filter((name) => !own.has(nameIn(name)));
    return names.length > 0 || (own.size === 0 && (RepoDigests?.length ?? 0) > 0);
  }

  async #takeBack(
    id: string,
    { reference, previousId }: GivenName,
    existed: boolean | undefined,
  ): Promise<void> {
    const image = await this.#find(reference);
    // Another process may have given the name to another image since.
    if (image?.Id !== id) return;
    // An engine removes an image with its last name, and this one isn't the build's.
    if (existed === true && image.RepoTags?.length === 1 && previousId === undefined)
      throw new Error(`it existed before, and keeps the name ${reference}`);
    if (previousId !== undefined && (await this.#find(previousId)) !== undefined)
      await this.#tag(previousId, reference);
    else await this.#remove(reference);
  }

  /** Unless the engine keeps it because something is based on it. */
  async #remove(reference: string): Promise<void> {
    try {
      const path = `${imagePath(reference)}?noprune=1`;
      await this.#ask({ method: 'DELETE', path, doing: `removing ${reference}` });
    } catch (error) {
      if (isNotFound(error)) return;
      if (error instanceof DockerceptionError && error.code === 'ENGINE_REFUSED') return;
      throw error;
    }
  }

  async #tag(id: string, reference: string): Promise<void> {
    const [repo, tag] = splitTag(reference);
    const query = new URLSearchParams({ repo, tag }).toString();
    const doing = `tagging the image ${reference}`;
    try {
      await this.#ask({ method: 'POST', path: `${imagePath(id)}/tag?${query}`, doing });
    } catch (error) {
      if (!(error instanceof DockerceptionError)) throw error;
      throw error.with({
        kind: 'engine',
        code: 'TAG_FAILED',
        hint: isNotFound(error)
          ? 'another build of the same image, or a prune, has removed it: try again'
          : (error.hint ?? 'see the engine’s own log'),
      });
    }
  }

  #find(reference: string): Promise<ImageDetails | undefined> {
    const request = { timeout: REQUEST_TIMEOUT };
    return inspectImage(this.#connection, reference, this.#closed.signal, request);
  }

  #ask(request: ApiRequest): Promise<unknown> {
    const signal = this.#closed.signal;
    return this.#connection.json({ timeout: REQUEST_TIMEOUT, ...request }, signal);
  }
}

/** In full; as it is where it is no name: `<none>:<none>`. */
function nameIn(reference: string): string {
  const parsed = tryParseReference(reference);
  return parsed === undefined ? reference : formatReference(parsed);
}
