/** Images without a fault, small ones of the kinds that there are: what one fault is added to. */
import { elf, program } from '../../elf/elf-writer.js';
import { alpine as alpineFiles, debian as debianFiles, library } from '../../elf/memory.js';
import type { Facts, Table } from '../tree.js';

export interface Base {
  readonly facts: Facts;
  readonly files: Table;
}

const CERTIFICATES = { '/etc/ssl/certs/ca-certificates.crt': '-----BEGIN CERTIFICATE-----\n' };
const ACCOUNTS = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n',
  '/etc/group': 'root:x:0:\nstaff:x:50:app\napp:x:1000:\n',
};
const TMP = { '/tmp': { kind: 'directory', mode: 0o1777 } } as const;

/** A static program and nothing else. */
export const scratch: Base = {
  facts: { Entrypoint: ['/app'] },
  files: { '/app': elf({ isStatic: true, type: 2 }), ...TMP },
};

/** A merged Debian with a dynamic program. */
export const debian: Base = {
  facts: {
    Entrypoint: ['app', '--serve'],
    User: 'app',
    WorkingDir: '/srv',
    Env: ['PATH=/usr/local/bin:/usr/bin:/bin'],
  },
  files: {
    ...debianFiles,
    ...ACCOUNTS,
    ...CERTIFICATES,
    ...TMP,
    '/bin': { link: 'usr/bin' },
    '/usr/bin/dash': program({ needed: ['libc.so.6'] }),
    '/usr/bin/sh': { link: 'dash' },
    '/usr/bin/env': program({ needed: ['libc.so.6'] }),
    '/usr/bin/apt-get': program({ needed: ['libc.so.6'] }),
    '/usr/bin/su': { bytes: program({ needed: ['libc.so.6'] }), mode: 0o4755 },
    '/usr/local/bin/app': program({ needed: ['libssl.so.3', 'libc.so.6'] }),
    '/usr/lib/x86_64-linux-gnu/libssl.so.3': library('libssl.so.3', { needed: ['libc.so.6'] }),
    '/srv': undefined,
  },
};

/** Alpine with a script. */
export const alpine: Base = {
  facts: { Cmd: ['/docker-entrypoint.sh'] },
  files: {
    ...(alpineFiles as unknown as Table),
    ...ACCOUNTS,
    ...CERTIFICATES,
    ...TMP,
    '/lib/libc.musl-x86_64.so.1': { link: 'ld-musl-x86_64.so.1' },
    '/bin/busybox': {
      bytes: program({
        interpreter: '/lib/ld-musl-x86_64.so.1',
        needed: ['libc.musl-x86_64.so.1'],
      }),
      mode: 0o755,
    },
    '/bin/sh': { link: '/bin/busybox' },
    '/usr/bin/env': { link: '/bin/busybox' },
    '/docker-entrypoint.sh': '#!/bin/sh\nexec "$@"\n',
  },
};
