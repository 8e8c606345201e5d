/** Modes and capabilities that give users more rights, owners that can't be mapped, and device nodes. */
import { posix } from 'node:path';
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import type { Finding } from '../../facts.js';
import { finding } from '../catalogue.js';
import { entryRule, groupRule, type Place, type Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, namesOf } from './wording.js';

const [SETUID, SETGID, STICKY] = [0o4000, 0o2000, 0o1000];
const CAPABILITY = 'security.capability';

/** Programs that are setuid or setgid in distributions. */
const USUAL = new Set(
  (
    'su sudo sudoedit mount umount passwd chsh chfn gpasswd newgrp sg chage expiry unix_chkpwd unix_update ' +
    'pam_extrausers_chkpwd pam_timestamp_check pkexec polkit-agent-helper-1 ping ping6 traceroute6 fusermount ' +
    'fusermount3 bbsuid doas dbus-daemon-launch-helper ssh-keysign ssh-agent wall write bsd-write crontab at ' +
    'newuidmap newgidmap locate mlocate plocate utempter utmp pt_chown Xorg.wrap exim4 sendmail postdrop ' +
    'postqueue dotlockfile ksu mount.nfs mount.cifs usernetctl userhelper grub2-set-bootflag cockpit-session ' +
    'chrome-sandbox snap-confine camel-lock-helper-1.2 mutt_dotlock slocate vlock screen'
  ).split(' '),
);

export function permissions(): Rule[] {
  return [
    entryRule((entry, place) => {
      if (!isSpecial(entry) || isUsual(entry, place)) return undefined;
      const { path, mode, uid, gid } = entry;
      const isUser = (mode & SETUID) !== 0;
      const who = isUser ? `user ${uid}` : `group ${gid}`;
      const message = `${printable(path)} runs as ${who}, whoever starts it: its mode is ${mode.toString(8)}`;
      const advice = 'chmod a-s, unless that is what it is for; --mode a-s on the context';
      return finding(isUser ? 'setuid' : 'setgid', path, message, advice);
    }),
    groupRule(
      (entry, place) => (isSpecial(entry) && isUsual(entry, place) ? '' : undefined),
      (_, group) => {
        const message = `${counted(group.count, 'a program', 'programs')} of the distribution with setuid or setgid: ${namesOf(group)}`;
        const advice =
          'chmod a-s takes it away, where nobody in the container is to become another user';
        return finding('setuid-usual', group.first.path, message, advice);
      },
    ),
    groupRule(
      ({ kind, xattrs }) => (kind === 'file' && xattrs?.has(CAPABILITY) ? '' : undefined),
      (_, group) => {
        const message = `${counted(group.count, 'a program', 'programs')} with capabilities: ${namesOf(group)}`;
        const advice =
          'setcap -r takes them away; a container that may not have them can’t start the program';
        return finding('capability', group.first.path, message, advice);
      },
    ),
    worldWritable(),
    devices(),
  ];
}

function isSpecial({ kind, mode }: Entry): boolean {
  return kind === 'file' && (mode & (SETUID | SETGID)) !== 0 && (mode & 0o111) !== 0;
}

function isUsual({ name }: Entry, { isSystem }: Place): boolean {
  return isSystem && USUAL.has(name);
}

/** By the topmost writable folder. */
function worldWritable(): Rule {
  const folders = new Set<string>();
  return groupRule(
    (entry) => {
      const { kind, mode, parent } = entry;
      if ((kind !== 'file' && kind !== 'directory') || (mode & 0o002) === 0) return undefined;
      if (kind === 'directory' && (mode & STICKY) !== 0) return undefined;
      const above = parent?.path ?? '/';
      const top = [...folders].find((folder) =>
        `${above}/`.startsWith(folder === '/' ? folder : `${folder}/`),
      );
      if (top === undefined && kind === 'directory') folders.add(entry.path);
      return top ?? (kind === 'directory' ? entry.path : above);
    },
    (folder, { first, count }) => {
      const start =
        count === 1
          ? `${printable(first.path)} can be changed by every user`
          : `${counted(count, '', 'entries')} at and below ${printable(folder)} can be changed by every user, such as ${printable(posix.basename(first.path) || '/')}`;
      const message = `${start}: its mode is ${first.mode.toString(8).padStart(4, '0')}`;
      const advice = 'chmod o-w, COPY --chmod, or --mode o-w on the context';
      return finding('world-writable', count === 1 ? first.path : folder, message, advice);
    },
  );
}

/** Engines create the devices that a container may use. */
function devices(): Rule {
  return groupRule(
    ({ kind, parent }) =>
      kind === 'char-device' || kind === 'block-device' ? (parent?.path ?? '/') : undefined,
    (folder, group) => {
      const message = `device nodes in ${printable(folder)}: ${namesOf(group)}`;
      const advice =
        'leave them out: a container gets its own /dev, and more with docker run --device';
      return finding('device', group.count === 1 ? group.first.path : folder, message, advice);
    },
  );
}

/** A rootless engine fails to unpack such entries. */
export function unmappableOwners({ kind, context, unmappable }: Subject): Finding[] {
  const [first] = unmappable?.first ?? [];
  if (unmappable === undefined || first === undefined) return [];
  // The owners of a directory's entries are set when it is packed.
  if (kind === 'context' && context === 'directory') return [];
  const { path, uid, gid } = first;
  const more = unmappable.count - 1;
  const others = more === 0 ? '' : ` and ${more.toLocaleString('en')} more`;
  const message = `${printable(path)}${others}: the owner ${uid}:${gid} is beyond the 65,536 ids of a rootless engine, which can’t unpack it`;
  const advice =
    kind === 'context'
      ? 'filter and build set 0:0; --keep-owner does not'
      : 'COPY --chown=0:0, or build without --keep-owner';
  return [finding('unmappable-owner', path, message, advice)];
}
