/** Files that programs are likely to need at run time: certificate authorities, time zones, /tmp. */
import { posix } from 'node:path';
import { CERTIFICATE_BUNDLES } from '../../elf/elf-file.js';
import { listed, printable } from '../../text/printable.js';
import { type Entry, find } from '../entry.js';
import type { Finding } from '../facts.js';
import { finding } from './catalogue.js';
import type { Rule } from './rule.js';
import { EXECUTE, may, WRITE } from './start/accounts.js';
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
  const names = tlsPrograms.map(({ path }) => path);
  const message = `${listed(names, MAX_PATHS)}: may check certificates, and there are no authorities to check them against`;
  const advice = `install ca-certificates, or COPY ${CERTIFICATE_BUNDLES[0]} from an image that has it`;
  return finding('certificates-missing', tlsPrograms[0]?.path, message, advice);
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
  const [program] = zonePrograms;
  if (!isRule && !embeds && find(root, file) === undefined) {
    const message = `TZ is ${printable(zone)}, and there is no ${printable(file)}: programs will show UTC`;
    const advice = `install tzdata, or COPY ${ZONES} from an image that has it`;
    yield finding('time-zone-missing', file, message, advice);
  } else if (isRule && !hasZones && program !== undefined) {
    const message = `${printable(program.path)} may look up time zones, and there is no ${ZONES}`;
    const advice =
      'where other zones than UTC matter, install tzdata, or embed it: -tags timetzdata in Go';
    yield finding('time-zones-missing', program.path, message, advice);
  }
}

function* tmpFindings({ root, command, account, user }: Run) {
  if (command.length === 0) return;
  const tmp = find(root, '/tmp');
  if (tmp === undefined) {
    const message = 'there is no /tmp: programs that write temporary files will fail';
    const advice =
      'where that matters, add one: COPY --chmod=1777 of an empty folder, or docker run --tmpfs /tmp';
    yield finding('tmp-missing', '/tmp', message, advice);
  } else if (account !== undefined && !may(account, tmp, WRITE | EXECUTE)) {
    const message = `the user ${printable(user)} may not write into /tmp: its mode is ${tmp.mode.toString(8)}`;
    yield finding('tmp-not-writable', '/tmp', message, 'chmod 1777 /tmp');
  }
}
