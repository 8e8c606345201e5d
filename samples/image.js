#!/usr/bin/env node
/** Shows the image in the archive that the first argument names: its configuration and its layers. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** @typedef {{ Config: string, RepoTags: string[] | null, Layers: string[] }} Image */
/** @typedef {{ config: { Entrypoint?: string[], Cmd?: string[] } }} Config */
/** @typedef {{ owner: string, mode: number, body: Buffer }} Entry */

const archive = await entries(createReadStream(process.argv[2] ?? 'app.tar'));
const [image] = /** @type {[Image]} */ (json('manifest.json'));
const { config } = /** @type {Config} */ (json(image.Config));

console.log(`image ID  sha256:${image.Config.split('/').at(-1)}`);
console.log(`name      ${image.RepoTags?.join(', ') ?? 'none'}`);
console.log(`runs      ${[...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' ')}`);
for (const [index, path] of image.Layers.entries()) {
  const layer = content(path);
  console.log(`layer ${index + 1}   ${layer.length} bytes, compressed`);
  const inside = await entries(Readable.from([layer]).pipe(createGunzip()));
  for (const [name, { owner, mode, body }] of inside) {
    const permissions = mode.toString(8).padStart(4, '0');
    console.log(`          ${owner}  ${permissions} ${String(body.length).padStart(8)}  /${name}`);
  }
}

/** @param {string} name */
function content(name) {
  const entry = archive.get(name);
  if (entry === undefined) throw new Error(`the archive has no ${name}`);
  return entry.body;
}

/** @param {string} name @returns {unknown} */
function json(name) {
  return JSON.parse(content(name).toString());
}

/** @param {Readable} stream @returns {Promise<Map<string, Entry>>} */
async function entries(stream) {
  const tar = extract();
  stream.on('error', (error) => tar.destroy(error)).pipe(tar);
  /** @type {Map<string, Entry>} */
  const found = new Map();
  for await (const entry of tar) {
    const { name, mode = 0, uid, gid } = entry.header;
    const body = await buffer(/** @type {AsyncIterable<Buffer>} */ (entry));
    found.set(name, { mode, owner: `${uid}:${gid}`, body });
  }
  return found;
}
