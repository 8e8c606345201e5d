/** Modes and capabilities that give users more rights, owners that can't be mapped, and device nodes. */
import { posix } from 'node:path';
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';
import type { Finding } from '../../inspection.js';
import { finding } from '../catalogue.js';
import type { Rule } from '../rule.js';
import type { Subject } from '../subject.js';
import { counted, Groups, namesOf } from './group.js';

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

export function permissions(): Rule {
  const usual = new Groups();
  const capable = new Groups();
  const special: Entry[] = [];
  const writable = new Groups();
  const folders = new Set<string>();
  return {
    visit: (entry, place) => {
      const { kind, mode, name, xattrs } = entry;
      if (kind !== 'file' && kind !== 'directory') return;
      if (kind === 'file') {
        if ((mode & (SETUID | SETGID)) !== 0 && (mode & 0o111) !== 0)
          if (place.isSystem && USUAL.has(name)) usual.add('', entry);
          else special.push(entry);
        if (xattrs?.has(CAPABILITY)) capable.add('', entry);
      }
      if ((mode & 0o002) === 0 || (kind === 'directory' && (mode & STICKY) !== 0)) return;
      const above = entry.parent?.path ?? '/';
      const top = [...folders].find((folder) =>
        `${above}/`.startsWith(folder === '/' ? folder : `${folder}/`),
      );
      if (top === undefined && kind === 'directory') folders.add(entry.path);
      writable.add(top ?? (kind === 'directory' ? entry.path : above), entry);
    },
    findings: function* () {
      for (const entry of special) yield specialFinding(entry);
      for (const [, group] of usual)
        yield finding(
          'setuid-usual',
          group.first.path,
          `${counted(group.count, 'a program', 'programs')} of the distribution with setuid or setgid: ${namesOf(group)}`,
          'chmod a-s takes it away, where nobody in the container is to become another user',
        );
      for (const [, group] of capable)
        yield finding(
          'capability',
          group.first.path,
          `${counted(group.count, 'a program', 'programs')} with capabilities: ${namesOf(group)}`,
          'setcap -r takes them away; a container that may not have them can’t start the program',
        );
      for (const [folder, { first, count }] of writable) {
        const mode = first.mode.toString(8).padStart(4, '0');
        yield finding(
          'world-writable',
          count === 1 ? first.path : folder,
          count === 1
            ? `${printable(first.path)} can be changed by every user: its mode is ${mode}`
            : `${counted(count, '', 'entries')} at and below ${printable(folder)} can be changed by every user, such as ${printable(posix.basename(first.path) || '/')}: its mode is ${mode}`,
          'chmod o-w, COPY --chmod, or --mode o-w on the context',
        );
      }
    },
  };
}

function specialFinding({ path, mode, uid, gid }: Entry): Finding {
  const isUser = (mode & SETUID) !== 0;
  const who = isUser ? `user ${uid}` : `group ${gid}`;
  return finding(
    isUser ? 'setuid' : 'setgid',
    path,
    `${printable(path)} runs as ${who}, whoever starts it: its mode is ${mode.toString(8)}`,
    'chmod a-s, unless that is what it is for; --mode a-s on the context',
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
  return [
    finding(
      'unmappable-owner',
      path,
      `${printable(path)}${others}: the owner ${uid}:${gid} is beyond the 65,536 ids of a rootless engine, which can’t unpack it`,
      kind === 'context'
        ? 'filter and build set 0:0; --keep-owner does not'
        : 'COPY --chown=0:0, or build without --keep-owner',
    ),
  ];
}

/** Engines create the devices that a container may use. */
export function devices(): Rule {
  const groups = new Groups();
  return {
    visit: (entry) => {
      if (entry.kind === 'char-device' || entry.kind === 'block-device')
        groups.add(entry.parent?.path ?? '/', entry);
    },
    findings: function* () {
      for (const [folder, group] of groups)
        yield finding(
          'device',
          group.count === 1 ? group.first.path : folder,
          `device nodes in ${printable(folder)}: ${namesOf(group)}`,
          'leave them out: a container gets its own /dev, and more with docker run --device',
        );
    },
  };
}
