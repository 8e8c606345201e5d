/**
 * Texts that give away what a program carries in itself. Each is one that its library can't do
 * without, in all versions that are about; all are long, so that a search skips most of a file.
 */
import type { Content } from './content.js';

/** What is looked for, and the text. */
export const TRAITS = [
  // crypto/x509, UnknownAuthorityError.Error: crypto/tls links it always.
  ['go', 'x509: certificate signed by unknown authority'],
  // rustls, Display of Error, since 0.12.
  ['rustls', 'received corrupt message of type '],
  // OpenSSL since 1.1, ssl/ssl_stat.c.
  ['openssl', 'SSLv3/TLS write client hello'],
  // Of an authority in DER, which every bundle has: webpki-roots, x509roots/fallback.
  ['certificates', 'Internet Security Research Group'],
  // Node has them in PEM.
  ['pem', '-----BEGIN CERTIFICATE-----\nMII'],
  // A zone with a long name: it is in time/tzdata's archive, and in every table of zones.
  ['zones', 'America/North_Dakota/New_Salem'],
  ['namesZones', '/usr/share/zoneinfo'],
] as const;

export type Trait = (typeof TRAITS)[number][0];

const LIBRARIES = ['go', 'rustls', 'openssl'] as const;

/** What was found, as contents have it. */
export function traitsOf(
  found: ReadonlySet<Trait>,
): Pick<Content, 'tls' | 'embeds' | 'namesZones'> {
  const tls = LIBRARIES.find((library) => found.has(library));
  const certificates = found.has('certificates') || found.has('pem');
  const zones = found.has('zones');
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(certificates || zones
      ? { embeds: { ...(certificates ? { certificates } : {}), ...(zones ? { zones } : {}) } }
      : {}),
    ...(found.has('namesZones') ? { namesZones: true as const } : {}),
  };
}
