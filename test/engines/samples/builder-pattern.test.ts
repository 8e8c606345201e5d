/** samples/builder-pattern: two Dockerfiles, and one with two stages. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdOf, type Shell } from '../support.js';
import { expectClean, openSample, succeeds, two } from './sample.js';

/** What is in a file system, time stamps left out: files are made anew each time. */
async function contentsOf(tar: Buffer): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const { name, type, mode, uid, gid, linkname } = entry.header;
    const digest = createHash('sha256')
      .update(await buffer(entry))
      .digest('hex');
    contents[name] = [type, ((mode ?? 0) & 0o7777).toString(8), uid, gid, linkname, digest].join(
      ' ',
    );
  }
  return contents;
}

describe.each(two)('the builder-pattern sample, with $name', (variant) => {
  let shell: Shell;
  let separate: string;
  let multistage: string;
  beforeAll(async () => {
    shell = await openSample('builder-pattern', variant);
    separate = shell.name();
    multistage = shell.name();
    const builder = shell.name();
    await succeeds(shell.run(`docker build -q -t ${builder} -f Dockerfile.build .`));
    const tar = `docker run --rm ${builder} tar -c bin`;
    imageIdOf(await shell.run(`${tar} | dockerception --add Dockerfile -t ${separate}`));
    imageIdOf(await shell.run(`dockerception -f Dockerfile.multistage -t ${multistage} .`));
  });
  afterAll(() => shell.close());

  const fileSystem = async (image: string): Promise<Record<string, string>> => {
    const script = `id=$(docker create ${image}) && docker export $id; docker rm $id >&2`;
    const { code, stdout, stderr } = await shell.run(script);
    expect(code, stderr).toBe(0);
    return contentsOf(stdout);
  };

  it('has the same file system from two Dockerfiles and from two stages', async () => {
    const one = await fileSystem(separate);
    expect(one['bin/app']).toMatch(/^file 755 0 0 /);
    expect(await fileSystem(multistage)).toEqual(one);
  });

  it.each(['two Dockerfiles', 'two stages'])('runs from %s', async (from) => {
    const image = from === 'two stages' ? multistage : separate;
    await expectClean(shell, image);
    const says = await succeeds(shell.run(`docker run --rm ${image}`));
    expect(says).toBe('built in one image, run in another\n');
  });
});
