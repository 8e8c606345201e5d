/** A certificate of a test's own: self-signed, made in memory (X.509, RFC 5280, in DER). */
import { generateKeyPairSync, sign } from 'node:crypto';
import { isIP } from 'node:net';

const ECDSA_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const ALT_NAME = [0x55, 0x1d, 0x11];
const CONSTRAINTS = [0x55, 0x1d, 0x13];

const der = (tag: number, ...parts: readonly (Buffer | readonly number[])[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: readonly (Buffer | readonly number[])[]): Buffer => der(0x30, ...parts);
const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

/** A certificate for these hosts, valid from 2020 to 2049. */
export function certificateFor(hosts: readonly string[]): { cert: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(der(6, ECDSA_SHA256));
  const name = sequence(
    der(0x31, sequence(der(6, COMMON_NAME), der(12, Buffer.from('dockerception test')))),
  );
  const validity = sequence(
    der(23, Buffer.from('200101000000Z')),
    der(23, Buffer.from('491231235959Z')),
  );
  const names = hosts.map((host) =>
    isIP(host) === 4 ? der(0x87, host.split('.').map(Number)) : der(0x82, Buffer.from(host)),
  );
  const extensions = der(
    0xa3,
    sequence(
      sequence(der(6, ALT_NAME), der(4, sequence(...names))),
      sequence(der(6, CONSTRAINTS), der(1, [0xff]), der(4, sequence(der(1, [0xff])))),
    ),
  );
  const body = sequence(
    der(0xa0, der(2, [2])),
    der(2, [Math.floor(Math.random() * 127) + 1]),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
  const certificate = sequence(body, algorithm, der(3, [0], sign('sha256', body, privateKey)));
  return {
    cert: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}
