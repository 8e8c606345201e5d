/** What a source of COPY and ADD is: a path, a URL, or a Git repository. */

/** A path is in the context, a stage or an image. */
export type SourceKind = 'path' | 'url' | 'git';

/** As BuildKit tells them apart (dfgitutil.ParseGitRef, isHTTPSource). */
export function sourceKind(source: string): SourceKind {
  if (/^https?:\/\/[^#?]*\.git(?:[#?]|$)/.test(source)) return 'git';
  if (/^(?:git|ssh):\/\/|^[\w-]+@[\w.-]+:/.test(source)) return 'git';
  return /^https?:\/\//.test(source) ? 'url' : 'path';
}
