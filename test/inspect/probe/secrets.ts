/** Secrets that are none: made for these tests, by the form that real ones have. */

/** Base64 that is the same in every run. */
function base64(bytes: number, start = ''): string {
  const made = Buffer.from(start, 'latin1');
  const rest = Array.from({ length: bytes }, (_, index) => (index * 97 + 31 * (index >> 3)) & 0xff);
  return Buffer.concat([made, Buffer.from(rest)]).toString('base64');
}

function pem(label: string, body: string, headers = ''): string {
  const lines = (body.match(/.{1,64}/g) ?? []).join('\n');
  return `-----BEGIN ${label}-----\n${headers}${lines}\n-----END ${label}-----\n`;
}

export const KEYS = {
  pkcs8: pem('PRIVATE KEY', base64(180, '\x30\x82')),
  ed25519: pem('PRIVATE KEY', base64(46, '\x30\x2e')),
  rsa: pem('RSA PRIVATE KEY', base64(600, '\x30\x82')),
  ec: pem('EC PRIVATE KEY', base64(119, '\x30\x77')),
  openssh: pem('OPENSSH PRIVATE KEY', base64(300, 'openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none')),
  pgp: pem('PGP PRIVATE KEY BLOCK', `${base64(300, '\x95')}`, 'Version: 2\n\n'),
};

export const ENCRYPTED = {
  pkcs8: pem('ENCRYPTED PRIVATE KEY', base64(300, '\x30\x82')),
  pkcs1: pem(
    'RSA PRIVATE KEY',
    base64(600, '\x30\x82'),
    'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n',
  ),
  openssh: pem('OPENSSH PRIVATE KEY', base64(300, 'openssh-key-v1\0\0\0\0\x0aaes256-ctr')),
};

const WORD = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2g3H4i5J6k7L8';
const word = (length: number): string => WORD.slice(0, length);

export const AWS = `aws_access_key_id = AKIA${'Q3EGTVHFNJ5ZXW7P'}\naws_secret_access_key = ${word(40)}\n`;
export const GITHUB = `ghp_${word(36)}`;
export const GITHUB_FINE = `github_pat_${word(22)}_${word(59)}`;
export const GITLAB = `glpat-${word(20)}`;
export const SLACK = `xoxb-${'1234567890'}-${'1234567890123'}-${word(24)}`;
export const NPM = `//registry.npmjs.org/:_authToken=npm_${word(36)}\n`;
export const PYPI = `pypi-AgEIcHlwaS5vcmc${word(70)}`;
export const GCP = JSON.stringify({ type: 'service_account', private_key: KEYS.pkcs8 });
export const DOCKER = JSON.stringify({
  auths: { 'r.example': { auth: Buffer.from('me:secret').toString('base64') } },
});
