/** The base images of the cases, with all that a base can have. */
import { baseImage } from './base-image.js';
import { dir, file, hardLink, symlink } from './entries.js';

/** CAP_NET_BIND_SERVICE, as Linux keeps it: linux/capability.h, vfs_cap_data. */
export const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');

const PASSWD = [
  'root:x:0:0:root:/root:/bin/sh',
  'alice:x:1001:1002::/home/alice:/bin/sh',
  'bob:x:1003:1003::/:/bin/sh',
  '',
].join('\n');
const GROUP = ['root:x:0:', 'alice:x:1002:', 'staff:x:50:alice', 'bob:x:1003:', ''].join('\n');

/** Links in every direction, owners and modes, users, a second layer that takes away. */
export const rich = baseImage('rich', {
  layers: [
    [
      dir('usr'),
      dir('usr/bin'),
      dir('usr/lib'),
      symlink('bin', 'usr/bin'),
      symlink('lib', '/usr/lib'),
      dir('tmp', { mode: 0o1777 }),
      dir('odd', { mode: 0o750, uid: 7, gid: 8 }),
      dir('odd/sub', { mode: 0o700, uid: 9, gid: 9 }),
      file('odd/sub/keep', 'keep', { mode: 0o600, uid: 9, gid: 9 }),
      dir('etc'),
      file('etc/passwd', PASSWD),
      file('etc/group', GROUP),
      file('file', 'old', { mode: 0o640, uid: 5, gid: 6 }),
      symlink('tofile', 'file'),
      symlink('dangling', 'nowhere/x'),
      symlink('outside', '../../../../beyond/x'),
      symlink('absolute', '/nope/absolute'),
      symlink('loop', 'loop'),
      file('hard1', 'hard'),
      hardLink('hard2', 'hard1'),
      file('capable', 'x', { xattrs: { 'user.k': 'v', 'security.capability': CAPABILITY } }),
      file('gone', 'x'),
      dir('opaque'),
      file('opaque/a', 'a'),
    ],
    [file('.wh.gone', ''), dir('opaque'), file('opaque/.wh..wh..opq', ''), file('opaque/b', 'b')],
  ],
  config: {
    Env: ['PATH=/base/bin', 'A=b'],
    Cmd: ['base-cmd'],
    Labels: { base: '1' },
  },
});

/** Every field of a configuration. */
export const configured = baseImage('configured', {
  layers: [[dir('home'), file('home/x', 'x')]],
  config: {
    User: '5:6',
    Env: ['Q=1'],
    Entrypoint: ['/entry'],
    Cmd: ['cmd', 'two'],
    WorkingDir: '/home',
    Labels: { a: '1', b: '2' },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000 },
    Shell: ['/bin/bash', '-c'],
  },
});

/** Triggers. */
export const triggering = baseImage('triggering', {
  layers: [[file('x')]],
  config: {
    Env: ['Q=1'],
    OnBuild: ['COPY a /from-trigger', 'ENV X=${Q}2', 'WORKDIR /w', 'LABEL l=$X'],
  },
});

/** An index of two architectures, one of them with a variant. */
export const several = baseImage(
  'several',
  { layers: [[file('arch', 'amd64')]], config: { Env: ['PATH=/amd64'] } },
  {
    layers: [[file('arch', 'arm64')]],
    config: { Env: ['PATH=/arm64'] },
    architecture: 'arm64',
  },
  {
    layers: [[file('arch', 'armv7')]],
    config: { Env: ['PATH=/armv7'] },
    architecture: 'arm',
    variant: 'v7',
  },
);

/** All of them. */
export const bases = [rich, configured, triggering, several];
