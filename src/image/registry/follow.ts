/**
 * Redirects: followed a few times with the method and the body kept; another server never gets to see
 * the credentials, and one that spoke TLS is not left for one that doesn't.
 */
import { discard } from './answer.js';
import type { Answer, Request } from './exchange.js';
import { ContentFailure } from './failure.js';

const MOST = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request with `send`, and again to where the answer points.
 *
 * @param insecure whether a redirect may lead from HTTPS to HTTP.
 * @throws ContentFailure when a redirect leads nowhere.
 */
export async function follow(
  request: Request,
  send: (request: Request) => Promise<Answer>,
  insecure: boolean,
): Promise<Answer> {
  let current = request;
  for (let count = 0; count <= MOST; count++) {
    const answer = await send(current);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    await discard(answer);
    const url = parse(location, current.url);
    if (url.protocol === 'http:' && current.url.protocol === 'https:' && !insecure)
      throw new ContentFailure(`it redirects to ${url.origin}, which is not encrypted`);
    const headers = { ...current.headers };
    if (url.origin !== current.url.origin) delete headers['Authorization'];
    current = { ...current, url, headers };
  }
  throw new ContentFailure(`it redirects more than ${MOST} times`);
}

function parse(location: string, base: URL): URL {
  const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new ContentFailure('it redirects to what is no address');
  // A user in the address would become credentials.
  url.username = url.password = '';
  return url;
}
