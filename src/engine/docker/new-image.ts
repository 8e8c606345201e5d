/**
 * The image of a build until it is accepted. It is built without a name, described and checked, and named last. An image
 * that is not accepted is removed, unless it existed before the build, has a name, or is the base of another image or a
 * container. The images of its steps are never removed: they are the cache of the builder, and the classic builder fails
 * if a child of a base disappears while it lists them.
 */
import { DockerceptionError, messageOf } from '../../errors.js';
import { formatReference, fullName, splitTag, tryParseReference } from '../../image/reference.js';
import { pause } from '../../pause.js';
import type { BuildResult, StoredImage } from '../engine.js';
import type { ApiRequest, Connection } from './connection.js';
import { isNotFound, isRefusal } from './failures.js';
import { type ImageDetails, imagePath, inspectImage } from './images.js';

/** Milliseconds for each request. None of them depends on the size of an image. */
const REQUEST_TIMEOUT = 60_000;
/** How often a question is asked that Podman refuses while another image is written or removed. */
const ATTEMPTS = 20;
/** Milliseconds between two attempts. */
const PAUSE = 100;

interface NewImageSettings {
  readonly isBuildKit: boolean;
  /**
   * Whether the image may be discarded for another reason than the signal. The images before the build are listed at once
   * then, otherwise only if the signal is aborted: a list takes time.
   */
  readonly mayBeRefused: boolean;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

export type ImageDescription = Pick<BuildResult, 'metadata' | 'size'> &
  Pick<StoredImage, 'platform'>;

export class NewImage {
  /** Whether {@link accept} has succeeded. */
  isAccepted = false;
  /** IDs of the unnamed images before the build; undefined if they were not listed. */
  #before: Promise<ReadonlySet<string>> | undefined;
  readonly #closed = new AbortController();
  #id: string | undefined;
  /** The names that the image got, with the ID of the image that had each before. */
  readonly #given = new Map<string, string | undefined>();

  /** Created before the build, so that images that exist already are known. */
  constructor(
    private readonly connection: Connection,
    private readonly settings: NewImageSettings,
  ) {
    const { isBuildKit, mayBeRefused, signal } = settings;
    const list = (): void => {
      if (this.#id !== undefined || this.#before !== undefined) return;
      this.#before = this.#list(isBuildKit);
      this.#before.catch(() => undefined);
    };
    if (mayBeRefused) list();
    else signal.addEventListener('abort', list, { signal: this.#closed.signal });
  }

  /** Ends all requests: a list of many images may take longer than the build. */
  close(): void {
    this.#closed.abort();
  }

  built(id: string): void {
    this.#id = id;
  }

  /**
   * Describes the image, with the metadata keys of buildx. The ID is the digest of the configuration, or in a containerd
   * image store, where the image has a descriptor, that of a manifest or an index.
   */
  async describe(tags: readonly string[], signal: AbortSignal): Promise<ImageDescription> {
    const path = `${imagePath(this.#id ?? '')}/json`;
    const request = { method: 'GET', path, timeout: REQUEST_TIMEOUT } as const;
    const details = await this.#again(() => this.connection.json(request, signal));
    const { Descriptor: descriptor, Size: size, Os: os, Architecture } = details as ImageDetails;
    const metadata = {
      ...(typeof descriptor?.digest === 'string'
        ? { 'containerimage.descriptor': descriptor, 'containerimage.digest': descriptor.digest }
        : { 'containerimage.config.digest': this.#id }),
      ...(tags.length > 0 && { 'image.name': tags.map(fullName).join(',') }),
    };
    const architecture = Architecture ?? '';
    return { metadata, size, ...(os && { platform: { os, architecture } }) };
  }

  /**
   * Gives the image all of these names, or none.
   *
   * @throws DockerceptionError of kind engine, TAG_FAILED.
   */
  async accept(tags: readonly string[]): Promise<void> {
    const references = tags.map((tag) => splitTag(tag).join(':'));
    const previous = await Promise.all(references.map((reference) => this.#find(reference)));
    for (const [index, reference] of references.entries()) {
      const previousId = previous[index]?.Id;
      if (previousId === this.#id) continue;
      // A request that fails may have been executed.
      this.#given.set(reference, previousId);
      await this.#tag(this.#id ?? '', reference);
    }
    this.isAccepted = true;
  }

  /** Removes its names, and the image if it is new. Never rejects; failures are reported. */
  async discard(): Promise<void> {
    const id = this.#id;
    if (id === undefined) return;
    try {
      // Undefined if the images before the build are not known.
      const before = await this.#before?.catch((error: unknown) =>
        this.settings.warn(
          `keeping the image ${id}, which may have existed before: ${messageOf(error)}`,
        ),
      );
      const existed = before?.has(id);
      const image = await this.#find(id);
      const isOwn = image !== undefined && existed === false && !this.#isNamed(image);
      const given = [...this.#given].reverse();
      this.#given.clear();
      for (const [name, previousId] of given) await this.#takeBack(id, name, previousId, existed);
      if (isOwn) await this.#remove(id);
    } catch (error) {
      this.settings.warn(`removing the image ${id}: ${messageOf(error)}`);
    }
  }

  /**
   * Not all engines list the images of steps as dangling. BuildKit has none. To list all images takes some 10 ms for each
   * with a containerd image store.
   */
  async #list(isBuildKit: boolean): Promise<ReadonlySet<string>> {
    const dangling = encodeURIComponent(JSON.stringify({ dangling: ['true'] }));
    const path = `/images/json?${isBuildKit ? `filters=${dangling}` : 'all=1'}`;
    const list = await this.#again(() => this.#ask({ method: 'GET', path }));
    return new Set((list as readonly ImageDetails[]).map(({ Id }) => Id));
  }

  /** Whether it has names from elsewhere. A containerd image store has a digest for every name. */
  #isNamed({ RepoTags, RepoDigests }: ImageDetails): boolean {
    const own = new Set([...this.#given.keys()].map(nameIn));
    const names = (RepoTags ?? []).filter((name) => !own.has(nameIn(name)));
    return names.length > 0 || (own.size === 0 && (RepoDigests?.length ?? 0) > 0);
  }

  async #takeBack(
    id: string,
    reference: string,
    previousId: string | undefined,
    existed: boolean | undefined,
  ): Promise<void> {
    const image = await this.#find(reference);
    // Another process may have moved the name since.
    if (image?.Id !== id) return;
    // An engine removes an image with its last name.
    if (existed === true && image.RepoTags?.length === 1 && previousId === undefined)
      throw new Error(`it existed before, and keeps the name ${reference}`);
    if (previousId !== undefined && (await this.#find(previousId)) !== undefined)
      await this.#tag(previousId, reference);
    else await this.#remove(reference);
  }

  /** The engine refuses if something is based on the image. */
  async #remove(reference: string): Promise<void> {
    try {
      const path = `${imagePath(reference)}?noprune=1`;
      await this.#ask({ method: 'DELETE', path, doing: `removing ${reference}` });
    } catch (error) {
      if (!isRefusal(error)) throw error;
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
      const removed = 'another build of the same image, or a prune, has removed it: try again';
      const hint = isNotFound(error) ? removed : (error.hint ?? 'see the engine’s own log');
      throw error.with({ kind: 'engine', code: 'TAG_FAILED', hint });
    }
  }

  #find(reference: string): Promise<ImageDetails | undefined> {
    const { signal } = this.#closed;
    const request = { timeout: REQUEST_TIMEOUT };
    return this.#again(() => inspectImage(this.connection, reference, signal, request));
  }

  /** Asks again if the engine refuses. An image that it does not have is an answer. */
  async #again<T>(question: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++)
      try {
        return await question();
      } catch (error) {
        if (attempt === ATTEMPTS || !isRefusal(error) || isNotFound(error)) throw error;
        await pause(PAUSE, this.#closed.signal);
      }
  }

  #ask(request: ApiRequest): Promise<unknown> {
    const timed = { timeout: REQUEST_TIMEOUT, ...request };
    return this.connection.json(timed, this.#closed.signal);
  }
}

/** The full name. Text that is not a name, such as `<none>:<none>`, stays as it is. */
function nameIn(reference: string): string {
  const parsed = tryParseReference(reference);
  return parsed === undefined ? reference : formatReference(parsed);
}
