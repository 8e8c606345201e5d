/**
 * One HTML file that shows an inspection, or a comparison of two. It loads nothing: it contains the client's script and
 * style, whose hashes are the only ones that its policy allows, and the data as JSON, which a browser never runs.
 */
import { createHash } from 'node:crypto';
import { DockerceptionError, messageOf } from '../errors.js';
import { programText } from '../files/program-file.js';
import { comparedCheck } from '../inspect/difference.js';
import { type Inspection, inspectionCheck } from '../inspect/inspection.js';
import { checkArgument, normalise, optional } from '../options/schema.js';
import { shape, text } from '../options/values.js';
import { encodeDifference, encodeSide, type PageDifference } from './encode.js';

export interface PageSubject {
  readonly inspection: Inspection;
  /** The side after, of a comparison. */
  readonly other?: { readonly inspection: Inspection; readonly difference: PageDifference };
}

/** The client, built by build.js. */
export interface ClientBundle {
  readonly script: string;
  readonly style: string;
}

/** The folder of the built client, the same from src and from dist. */
const BUILT = new URL('../../dist/page/', import.meta.url);

/**
 * Renders a page.
 * @param bundle the client. @default the one that is part of the package
 * @returns the parts of the file
 * @throws DockerceptionError `PAGE_CLIENT` if the package was built without a client
 */
export function renderPage(
  subject: PageSubject,
  bundle?: ClientBundle,
): AsyncGenerator<string, void, undefined> {
  normalise(SUBJECT, subject, 'the subject of the page');
  checkArgument('subject.inspection', subject.inspection, inspectionCheck);
  if (bundle !== undefined) checkArgument('bundle', bundle, CLIENT);
  return parts(subject, bundle);
}

const SUBJECT = { inspection: optional(inspectionCheck), other: optional(comparedCheck) };
const CLIENT = shape<ClientBundle>({ script: text, style: text }, ['script', 'style']);

async function* parts(
  subject: PageSubject,
  bundle?: ClientBundle,
): AsyncGenerator<string, void, undefined> {
  const { script, style } = bundle ?? readBundle();
  const { inspection, other } = subject;
  const hashes = `script-src '${hashOf(script)}'; style-src '${hashOf(style)}'`;
  const policy = `default-src 'none'; ${hashes}; img-src data:; base-uri 'none'; form-action 'none'`;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>dockerception inspect</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<noscript><p>This page needs JavaScript to show its data; it loads nothing.</p></noscript>
<script type="application/json" id="data">{"sides":[`;
  yield json(encodeSide(inspection));
  if (other !== undefined) yield `,${json(encodeSide(other.inspection))}`;
  yield ']';
  if (other !== undefined)
    yield `,"difference":${json(encodeDifference(other.difference, inspection.root, other.inspection.root))}`;
  yield `}</script>\n<script>${script}</script>\n</body>\n</html>\n`;
}

/** JSON without `<`, so that it contains no tag. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** @throws DockerceptionError `PAGE_CLIENT` */
export function readBundle(folder = BUILT): ClientBundle {
  const read = (name: string): string => programText(new URL(name, folder));
  try {
    return { script: read('client.js'), style: read('client.css') };
  } catch (error) {
    const message = `reading the page's client: ${messageOf(error)}`;
    throw new DockerceptionError('output', 'PAGE_CLIENT', message, {
      hint: 'npm run build creates it',
      cause: error,
    });
  }
}
