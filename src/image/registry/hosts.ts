/** Hosts with an address that was told, as in hosts(5): they are looked up nowhere, and no proxy knows them. */
import { isIP, type LookupFunction } from 'node:net';

/** Names to addresses, from `HOST:IP`, each. */
export function hostsOf(list: readonly string[]): ReadonlyMap<string, string> {
  const pairs = list.map((text): [string, string] => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1)];
  });
  return new Map(pairs);
}

/** A lookup that knows one address alone. */
export function lookupOf(address: string): LookupFunction {
  const family = isIP(address);
  return (_name, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
