/** Files that programs are likely to need at run time: certificate authorities, time zones, /tmp. */
import { posix } from 'node:path';
import { CERTIFICATE_BUNDLES } from '../../elf/elf-file.js';
import { printable } from '../../text/printable.js';
import { type Entry, find } from '../entry.js';
import type { Finding } from '../inspection.js';
import { finding } from './catalogue.js';
import type { Rule } from './rule.js';
import { accountOf, EXECUTE, may, WRITE } from './start/accounts.js';
import type { Run } from './subject.js';

const TLS_LIBRARY = /^lib(?:ssl|gnutls|mbedtls|curl|curl-gnutls|nss3|wolfssl|s2n)(?:[-.].*)?\.so/;
const ZONES = '/usr/share/zoneinfo';
/** Databases of package managers. */
const DATABASES = [
  '/var/lib/dpkg',
  '/lib/apk/db/installed',
  '/usr/lib/apk/db/installed',
  '/var/lib/rpm',
  '/usr/lib/sysimage/rpm',
];
const MAX_PATHS = 3;

/** @param running the files that run when the image does */
export function missing(run: Run, running: ReadonlySet<string>): Rule {
  const { root } = run;
  const isInstalled = DATABASES.some((path) => find(root, path) !== undefined);
  const tlsPrograms: Entry[] = [];
  const zonePrograms: Entry[] = [];
  let hasZones = find(root, ZONES) !== undefined;
  return {
    visit: (entry, place) => {
      const { content } = entry;
      if (content?.elf === undefined) return;
      const { path } = entry;
      // Packages matter only if their programs run.
      if (!running.has(path) && (place.isPackage || (place.isSystem && isInstalled))) return;
      if (!running.has(path) && content.elf.kind !== 'program') return;
      const links = content.elf.needed.some((name) => TLS_LIBRARY.test(name));
      if ((links || content.tls !== undefined) && !content.embeds?.certificates)
        tlsPrograms.push(entry);
      if (content.namesZones && content.elf.kind === 'program') zonePrograms.push(entry);
      hasZones ||= content.embeds?.zones === true && running.has(path);
    },
    findings: function* () {
      if (tlsPrograms.length > 0 && !hasCertificates(run)) yield certificatesMissing(tlsPrograms);
      yield* zoneFindings(run, zonePrograms, hasZones);
      yield* tmpFindings(run);
    },
  };
}

function hasCertificates({ root, env }: Run): boolean {
  if (env.has('SSL_CERT_FILE') || env.has('SSL_CERT_DIR')) return true;
  if (CERTIFICATE_BUNDLES.some((path) => (find(root, path)?.size ?? 0) > 0)) return true;
  const folders = ['/etc/ssl/certs', '/etc/pki/tls/certs', '/usr/lib/ssl/certs'];
  // Folders of OpenSSL may contain links to certificates only.
  const isAuthority = ({ kind, size }: Entry): boolean => kind === 'symlink' || size > 0;
  return folders.some((path) =>
    [...(find(root, path)?.children?.values() ?? [])].some(isAuthority),
  );
}

function certificatesMissing(tlsPrograms: readonly Entry[]): Finding {
  const names = tlsPrograms.slice(0, MAX_PATHS).map(({ path }) => printable(path));
  const more = tlsPrograms.length > MAX_PATHS ? ` and ${tlsPrograms.length - MAX_PATHS} more` : '';
  return finding(
    'certificates-missing',
    tlsPrograms[0]?.path,
    `${names.join(', ')}${more}: may check certificates, and there are no authorities to check them against`,
    `install ca-certificates, or COPY ${CERTIFICATE_BUNDLES[0]} from an image that has it`,
  );
}

function* zoneFindings({ root, env }: Run, zonePrograms: readonly Entry[], hasZones: boolean) {
  const zone = (env.get('TZ') ?? '').replace(/^:/, '');
  const file = posix.resolve(ZONES, zone);
  // `CET-1CEST` needs no file.
  const isRule =
    zone === '' ||
    /^(?:[A-Z]{3,4}|<[^>]+>)[-+]?\d/.test(zone) ||
    /^(?:Etc\/)?(?:UTC|GMT)$/.test(zone);
  const embeds = hasZones && find(root, ZONES) === undefined;
  if (!isRule && !embeds && find(root, file) === undefined)
    yield finding(
      'time-zone-missing',
      file,
      `TZ is ${printable(zone)}, and there is no ${printable(file)}: programs will show UTC`,
      `install tzdata, or COPY ${ZONES} from an image that has it`,
    );
  else if (isRule && !hasZones && zonePrograms[0] !== undefined)
    yield finding(
      'time-zones-missing',
      zonePrograms[0].path,
      `${printable(zonePrograms[0].path)} may look up time zones, and there is no ${ZONES}`,
      'where other zones than UTC matter, install tzdata, or embed it: -tags timetzdata in Go',
    );
}

function* tmpFindings(run: Run) {
  if (run.command.length === 0) return;
  const tmp = find(run.root, '/tmp');
  if (tmp === undefined) {
    yield finding(
      'tmp-missing',
      '/tmp',
      'there is no /tmp: programs that write temporary files will fail',
      'where that matters, add one: COPY --chmod=1777 of an empty folder, or docker run --tmpfs /tmp',
    );
    return;
  }
  const account = accountOf(run);
  if (account === undefined || !('uid' in account)) return;
  if (may(account, tmp, WRITE | EXECUTE)) return;
  yield finding(
    'tmp-not-writable',
    '/tmp',
    `the user ${printable(run.user)} may not write into /tmp: its mode is ${tmp.mode.toString(8)}`,
    'chmod 1777 /tmp',
  );
}
