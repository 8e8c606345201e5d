/**
 * The proxy of a request, from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`; upper case before lower (Go,
 * x/net/http/httpproxy).
 */
import { BlockList, isIP } from 'node:net';
import { DockerceptionError } from '../../errors.js';
import { basicAuthorization } from '../../text/redact.js';
import { isLoopback, portOf, withoutBrackets } from './host.js';

/**
 * The proxy for a URL; undefined if it needs none, as loopback addresses.
 * @throws DockerceptionError of kind usage, code PROXY_INVALID
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const text = (env[name] || env[name.toLowerCase()])?.trim();
  if (!text || isLoopback(url.hostname)) return undefined;
  if (isExempt(url, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined;
  return parseProxy(name, text);
}

export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined;
  return basicAuthorization(decodeURIComponent(proxy.username), decodeURIComponent(proxy.password));
}

function parseProxy(name: string, text: string): URL {
  const withScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) throw invalid(name, 'it is not a URL');
  const url = new URL(withScheme);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid(name, `a proxy that speaks ${url.protocol.slice(0, -1)} can’t be used`);
  if (url.hostname === '') throw invalid(name, 'it names no host');
  try {
    proxyAuthorization(url);
  } catch {
    throw invalid(name, 'its user or password is not percent-encoded');
  }
  return url;
}

/** The message doesn't contain the value, which may include a password. */
function invalid(name: string, why: string): DockerceptionError {
  return new DockerceptionError('usage', 'PROXY_INVALID', `reading ${name}: ${why}`, {
    hint: 'as in http://proxy.example:3128',
  });
}

/** Rules are `*`, `host`, `.domain`, `*.domain`, addresses and CIDR blocks; all but the last may have a port. */
function isExempt(url: URL, list: string): boolean {
  const host = withoutBrackets(url.hostname).toLowerCase().replace(/\.$/, '');
  return list
    .split(/[,\s]+/)
    .filter((rule) => rule !== '')
    .some((rule) => matches(rule.toLowerCase(), host, portOf(url)));
}

function matches(rule: string, host: string, port: number): boolean {
  if (rule === '*') return true;
  if (isIP(rule) === 0 && rule.includes('/')) return isInBlock(host, rule);
  const [, name = rule, wanted] = /^(\[.*\]|[^:]*):(\d+)$/.exec(rule) ?? [];
  if (wanted !== undefined && Number(wanted) !== port) return false;
  const pattern = withoutBrackets(name);
  const family = isIP(pattern);
  if (family !== 0) return isInBlock(host, `${pattern}/${family === 4 ? 32 : 128}`);
  const domain = pattern.replace(/^\*(?=\.)/, '').replace(/(?<=.)\.$/, '');
  return domain.startsWith('.')
    ? host.endsWith(domain)
    : host === domain || host.endsWith(`.${domain}`);
}

function isInBlock(host: string, block: string): boolean {
  const [network = '', length = ''] = block.split('/');
  const family = isIP(network);
  if (family === 0 || family !== isIP(host)) return false;
  if (!/^\d+$/.test(length) || Number(length) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(length), `ipv${family as 4 | 6}`);
  return list.check(host, `ipv${family as 4 | 6}`);
}
