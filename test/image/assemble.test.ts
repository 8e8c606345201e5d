import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ArchiveStore } from '../../src/image/archive/archive-store.js';
import { writeImage, writeIndex } from '../../src/image/assemble.js';
import { configJson, type ImageConfig } from '../../src/image/config.js';
import { digestOf } from '../../src/image/digest.js';
import { assemble } from './images.js';

const config: ImageConfig = {
  created: '2020-01-01T00:00:00Z',
  architecture: 'amd64',
  os: 'linux',
  config: {
    User: 'u',
    ExposedPorts: { '9/udp': {}, '80/tcp': {} },
    Env: ['B=1', 'A=2'],
    Cmd: ['b', 'a'],
    Labels: { b: '1', ä: '2', B: '3' },
    Healthcheck: { Test: ['CMD', 'x'], Interval: 1, Retries: 3 },
  },
  rootfs: { type: 'layers', diff_ids: ['sha256:b', 'sha256:a'] },
  history: [{ created: '2020-01-01T00:00:00Z', created_by: 'COPY', empty_layer: true }],
};

/** The same members in the other order, all the way down; lists keep theirs. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]));
}

describe('a configuration as JSON', () => {
  it('is the same whatever the order in which its object was made', () => {
    expect(configJson(reversed(config) as ImageConfig)).toBe(configJson(config));
    expect(JSON.parse(configJson(config))).toEqual(config);
  });

  it('has Docker’s order of members, sorted maps, and lists as they were', () => {
    expect(configJson(config)).toBe(
      '{"created":"2020-01-01T00:00:00Z","architecture":"amd64","os":"linux","config":{"User":"u",' +
        '"ExposedPorts":{"80/tcp":{},"9/udp":{}},"Env":["B=1","A=2"],"Cmd":["b","a"],' +
        '"Labels":{"B":"3","b":"1","ä":"2"},"Healthcheck":{"Test":["CMD","x"],"Interval":1,"Retries":3}},' +
        '"rootfs":{"type":"layers","diff_ids":["sha256:b","sha256:a"]},' +
        '"history":[{"created":"2020-01-01T00:00:00Z","created_by":"COPY","empty_layer":true}]}',
    );
  });

  it('keeps what it doesn’t know, behind what it does', () => {
    const more = { zebra: 1, ...config, config: { Zebra: [1], ...config.config } };
    const text = configJson(more);
    expect(JSON.parse(text)).toEqual(more);
    expect(text.endsWith('"zebra":1}')).toBe(true);
    expect(configJson(reversed(more) as ImageConfig)).toBe(text);
  });
});

describe('an image', () => {
  it('is a configuration and a manifest, all in the store', async () => {
    const store = await ArchiveStore.temporary();
    const image = await writeImage(store, {
      config,
      layers: [
        {
          mediaType: 'l',
          digest: digestOf('l'),
          size: 1,
          platform: { os: 'x', architecture: 'y' },
        },
      ],
      platform: { os: 'linux', variant: 'v2', architecture: 'amd64' },
    });
    const text = configJson(config);
    expect(image.manifest).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: digestOf(text),
        size: text.length + 1,
      },
      layers: [{ mediaType: 'l', digest: digestOf('l'), size: 1 }],
    });
    expect(JSON.stringify(image.descriptor.platform)).toBe(
      '{"architecture":"amd64","os":"linux","variant":"v2"}',
    );
    expect((await buffer(await store.open(image.manifest.config))).toString()).toBe(text);
    const manifest = (await buffer(await store.open(image.descriptor))).toString();
    expect(JSON.parse(manifest)).toEqual(image.manifest);
    expect(await writeIndex(store, [image])).toMatchObject({ descriptor: image.descriptor });
    await store.close();
  });

  it('of several platforms has an index, in the order asked for', async () => {
    const store = await ArchiveStore.temporary();
    const { descriptor, images } = await assemble(store, ['s390x', 'amd64']);
    const index: unknown = JSON.parse((await buffer(await store.open(descriptor))).toString());
    expect(index).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: images.map((image) => image.descriptor),
    });
    expect(images.map((image) => image.descriptor.platform?.architecture)).toEqual([
      's390x',
      'amd64',
    ]);
    await store.close();
  });
});
