/**
 * References of images, `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, in the grammar of distribution/reference. The default host
 * is Docker Hub, and its default path `library/`.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { isDigest } from './digest.js';
import type { RepositoryName } from './manifest.js';

/** The parts of a reference, with a tag, a digest, which overrides it, or both. */
export interface Reference extends RepositoryName {
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

const HUB = 'docker.io';
const MAX_NAME = 255;
const LABEL = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)';
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?$`);
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const NAME = new RegExp(
  `^(?:(?:[A-Za-z0-9.-]+|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?/)?${COMPONENT}(?:/${COMPONENT})*$`,
);
const TAG = /^\w[\w.-]{0,127}$/;

/** A colon before a slash belongs to a port. */
const PARTS = /^([^@]*?)(?::([^:/@]*))?(?:@(.*))?$/s;

/** The parts as they are written. */
function splitReference(text: string): [name: string, tag?: string, digest?: string] {
  const [, name = '', tag, digest] = PARTS.exec(text) ?? [];
  return [name, tag, digest];
}

/** The name and the tag, `latest` by default. */
export function splitTag(text: string): [name: string, tag: string] {
  const [name, tag = 'latest'] = splitReference(text);
  return [name, tag];
}

/** The registry of a name, which may be invalid; `docker.io` by default. */
export function registryOf(text: string): string {
  return splitName(splitReference(text)[0])[0];
}

/** Whether an engine accepts this as a name for an image. */
export function isImageName(text: string): boolean {
  const [name, tag, digest] = splitReference(text);
  return digest === undefined && NAME.test(name) && (tag === undefined || TAG.test(tag));
}

/** Parses a reference; undefined if it is invalid. */
export function tryParseReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/**
 * Parses a reference; the tag is `latest` without a tag and a digest.
 * @throws DockerceptionError of kind usage, code REFERENCE_INVALID
 */
export function parseReference(text: string): Reference {
  const [name, tag, digest] = splitReference(text);
  if (name === '') throw invalid(text, 'it has no name');
  const [registry, repository] = splitName(name);
  if (!HOST.test(registry)) throw invalid(text, `"${printable(registry)}" is not a host`);
  const port = /:([0-9]+)$/.exec(registry)?.[1];
  if (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65535))
    throw invalid(text, `there is no port ${port}`);
  // The grammar accepts invalid addresses.
  if (!URL.canParse(`https://${registry}/`))
    throw invalid(text, `"${printable(registry)}" is not a host`);
  if (!PATH.test(repository)) {
    const why = /[A-Z]/.test(repository)
      ? 'the name has to be in lowercase'
      : `"${printable(repository)}" is not a repository’s path`;
    throw invalid(text, why);
  }
  if (registry === HUB && /^library\/[0-9a-f]{64}$/.test(repository))
    throw invalid(text, '64 hexadecimal digits are an image’s ID, not a name');
  if (repository.length > MAX_NAME) throw invalid(text, `it is longer than ${MAX_NAME} characters`);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `"${printable(tag)}" is not a tag`);
  if (digest !== undefined && !isDigest(digest))
    throw invalid(text, `"${printable(digest)}" is not a digest`);
  return {
    registry,
    repository,
    ...((tag !== undefined || digest === undefined) && { tag: tag ?? 'latest' }),
    ...(digest !== undefined && { digest }),
  };
}

/** The full name: `docker.io/library/app:latest`. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  const suffix = `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  return `${registry}/${repository}${suffix}`;
}

/** The full name of a reference. Throws as {@link parseReference}. */
export function fullName(text: string): string {
  return formatReference(parseReference(text));
}

/** The familiar name: `app:latest`, `user/app:1`, `host:5000/app:1`. */
export function familiarReference(reference: Reference): string {
  return familiarName(formatReference(reference));
}

/** The familiar form of a full name. */
export function familiarName(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/(?=[^/]*$))?/, '');
}

/** The first component is a host if it contains a dot, a colon or a capital, or is localhost. */
function splitName(name: string): [registry: string, repository: string] {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  const host = isHost && first !== 'index.docker.io' ? first : HUB;
  const path = isHost ? name.slice(slash + 1) : name;
  return [host, host === HUB && !path.includes('/') ? `library/${path}` : path];
}

function invalid(text: string, why: string): DockerceptionError {
  return new DockerceptionError(
    'usage',
    'REFERENCE_INVALID',
    `reading the image name "${printable(text)}": ${why}`,
    { hint: 'as in debian:12, user/app or registry.example:5000/app:1.0' },
  );
}
