/** Progress without secrets: what an engine, a server or a Dockerfile names may have credentials in it. */
import { redactAll } from '../text/redact.js';
import type { Report } from './events.js';

/** A report that gets every text redacted. */
export function redacted(report: Report): Report {
  return (event) => report(event.kind === 'context' ? event : redactAll(event));
}
