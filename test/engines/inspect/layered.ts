/** An image of three layers with all that layers do to each other, as `docker save` would write it. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

interface Headers {
  readonly name: string;
  readonly mode?: number;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link';
  readonly linkname?: string;
}

type Member = readonly [Headers, string?];

const file = (name: string, content: string, mode = 0o644): Member => [{ name, mode }, content];
const folder = (name: string, mode = 0o755): Member => [{ name, mode, type: 'directory' }];
const symlink = (name: string, linkname: string): Member => [{ name, linkname, type: 'symlink' }];
const link = (name: string, linkname: string, mode = 0o644): Member => [
  { name, linkname, mode, type: 'link' },
];

const LAYERS: readonly (readonly Member[])[] = [
  [
    folder('opaque'),
    file('opaque/gone', 'gone\n'),
    folder('opaque/sub'),
    file('opaque/sub/gone', 'gone, too\n'),
    folder('kept', 0o1777),
    file('kept/deleted', 'deleted later\n'),
    file('kept/changed', 'first\n'),
    folder('kept/folder'),
    file('kept/folder/inside', 'inside\n'),
    file('twice', 'with two names\n', 0o4755),
    link('again', 'twice', 0o4755),
    symlink('lib', 'usr/lib'),
    folder('usr'),
    folder('usr/lib'),
  ],
  [
    folder('opaque', 0o700),
    file('opaque/.wh..wh..opq', ''),
    file('opaque/new', 'new\n'),
    file('kept/.wh.deleted', ''),
    file('kept/changed', 'second\n', 0o600),
    file('usr/lib/through', 'a library\n'),
  ],
  [
    file('kept/folder', 'no longer a folder\n'),
    file('.wh.again', ''),
    symlink('kept/deleted', '/x'),
  ],
];

async function tarOf(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const [headers, content = ''] of members)
    archive.entry({ uid: 0, gid: 0, mtime: new Date(1e12), ...headers }, content);
  archive.finalize();
  return buffer(archive);
}

/** The archive of it. */
export async function layered(name: string): Promise<Buffer> {
  const layers = await Promise.all(LAYERS.map(tarOf));
  const hex = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/nothing'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${hex(layer)}`) },
    history: layers.map((_, at) => ({ created_by: `layer ${at}` })),
  });
  const manifest = [
    {
      Config: 'config.json',
      RepoTags: [`${name}:latest`],
      Layers: layers.map((_, at) => `${at}/layer.tar`),
    },
  ];
  const members = layers.map((layer, at): readonly [string, Buffer] => [`${at}/layer.tar`, layer]);
  const archive = pack();
  for (const [path, bytes] of members) archive.entry({ name: path }, bytes);
  archive.entry({ name: 'config.json' }, config);
  archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  archive.finalize();
  return buffer(archive);
}
