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
  // GnuTLS, lib/errors.c; Mbed TLS, library/error.c.
  ['gnutls', 'The TLS connection was non-properly terminated.'],
  ['mbedtls', 'X509 - Certificate verification failed'],
  // An authority in DER is in every bundle: webpki-roots, x509roots/fallback. Node has them as PEM.
  ['certificates', 'ISRG Root X1'],
  ['pem', '-----BEGIN CERTIFICATE-----\nMII'],
  // The first of all zones: in time/tzdata's archive, and in every table of zones.
  ['zones', 'Africa/Abidjan'],
  ['namesZones', '/usr/share/zoneinfo'],
] as const;

export type Trait = (typeof TRAITS)[number][0];

const LIBRARIES = ['go', 'rustls', 'openssl', 'gnutls', 'mbedtls'] as const;

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
