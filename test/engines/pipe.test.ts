/** The two pipelines of the README, through a shell: a builder, this tool, an engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, inspectImage } from './engines.js';
import {
  expectFailure,
  five,
  helloEntries,
  imageIdOf,
  makeBuilder,
  openShell,
  type Shell,
  tracesOf,
} from './support.js';
import { create } from './tar.js';

describe.each(five)('a builder’s stream, with $name', (variant) => {
  const { host, buildkit, podman } = variant;
  let shell: Shell;
  let builder: string;
  beforeAll(async () => {
    shell = await openShell(variant);
    const greeting = helloEntries('hello from the builder');
    builder = await makeBuilder(shell, 'tar -c Dockerfile hello', greeting);
  });
  afterAll(() => shell.close());

  const runs = async (image: string): Promise<string> => {
    const { code, stdout, stderr } = await shell.run(`docker run --rm ${image}`);
    expect(code, stderr).toBe(0);
    return stdout.toString();
  };

  it('becomes an image: docker run --rm builder | dockerception -t app', async () => {
    const app = shell.name();
    const id = imageIdOf(await shell.run(`docker run --rm ${builder} | dockerception -t ${app}`));
    expect(`sha256:${(await inspectImage(host, app)).Id.replace('sha256:', '')}`).toBe(id);
    expect(await runs(app)).toBe('hello from the builder\n');
  });

  it('passes to any builder: docker run --rm builder | dockerception filter | docker build -', async () => {
    const app = shell.name();
    const pipeline = `docker run --rm ${builder} | dockerception filter | docker build -t ${app} -`;
    const { code, stderr } = await shell.run(pipeline, { litters: true });
    expect(code, stderr).toBe(0);
    expect(await runs(app)).toBe('hello from the builder\n');
  });

  it('that stops in the middle builds nothing, whatever exit code the pipe has', async () => {
    const app = shell.name();
    const entries = [
      { name: 'Dockerfile', content: `FROM ${engines.base}\nLABEL is=${app}\n` },
      { name: 'data', content: 'x'.repeat(3000) },
    ];
    // Dies between two entries, where tar itself sees nothing wrong.
    const dying = await makeBuilder(
      shell,
      'tar -c Dockerfile data | head -c 1024; exit 9',
      entries,
    );
    const { code, stdout, stderr } = await shell.run(
      `docker run --rm ${dying} | dockerception -q -t ${app}`,
    );
    expect(code, stderr).toBe(3);
    expect(stdout.toString()).toBe('');
    expect(stderr).toContain('cut short between two entries');
    expect(await tracesOf(host, app)).toEqual([]);
  });

  it('through docker run -t is told from a tar, and what to leave out', async () => {
    const app = shell.name();
    const outcome = await shell.run(`docker run --rm -t ${builder} | dockerception -q -t ${app}`);
    expectFailure(outcome, 3, /LF in it has become CRLF/, /docker run without -t/);
    expect(await tracesOf(host, app)).toEqual([]);
  });

  const long = 'n'.repeat(140);
  const forms = [
    { form: 'a PAX header', options: '--format=posix', names: 'Dockerfile hello', refused: true },
    {
      form: 'a global PAX header',
      options: '--format=posix --pax-option=globexthdr.name=pax_global_header,comment=abcdef',
      names: 'Dockerfile hello',
      refused: false,
    },
    {
      form: 'a GNU long name',
      options: '--format=gnu',
      names: `${long} Dockerfile hello`,
      refused: true,
    },
  ];

  describe.each(forms)('whose first header is $form', ({ options, names, refused }) => {
    const tar = `tar -c ${options} --owner=197609 --group=197121 ${names}`;
    beforeAll(async () => {
      for (const { name, content } of [
        ...helloEntries('an odd beginning'),
        { name: long, content: 'long' },
      ])
        await shell.file(name, content);
      await shell.run('chmod 755 hello');
    });

    it('builds with this tool, and with docker build - behind the filter', async () => {
      const [app, other] = [shell.name(), shell.name()];
      imageIdOf(await shell.run(`${tar} | dockerception -q -t ${app}`));
      const { code, stderr } = await shell.run(
        `${tar} | dockerception filter | docker build -t ${other} -`,
        { litters: true },
      );
      expect(code, stderr).toBe(0);
      expect(await runs(other)).toBe('an odd beginning\n');
      expect((await inspectImage(host, app)).Id).not.toBe('');
    });

    // The reason for the filter. Podman's own command line looks at more than the first bytes, but
    // then can't make the owner.
    it(`${refused || podman ? 'fails' : 'builds too'} with docker build - alone`, async () => {
      const { code, stderr } = await shell.run(`${tar} | docker build -t ${shell.name()} -`, {
        litters: true,
      });
      if (!refused && !podman) expect(code, stderr).toBe(0);
      else expect(code).not.toBe(0);
      if (refused && !podman) expect(stderr).toMatch(/unknown instruction/i);
    });
  });

  describe('with an owner of another machine', () => {
    const Dockerfile = `FROM ${engines.base}\nCOPY data /data\nCMD ["stat", "-c", "%u:%g", "/data"]\n`;
    // What one has of the other in BuildKit 20.10's cache has the other's owner: it isn't in the key.
    const owned = (app: string, id: number): Promise<Buffer> =>
      create([
        { name: 'Dockerfile', content: Dockerfile, uid: id, gid: id },
        { name: 'data', content: app, uid: id, gid: id },
      ]);

    it('builds as 0:0, though 197609 is an owner that rootless Podman can’t make', async () => {
      const app = shell.name();
      imageIdOf(await shell.tool(['-t', app], { input: await owned(app, 197609) }));
      expect(await runs(app)).toBe('0:0\n');
    });

    it('has 0:0 in the image, and its own with --keep-owner where the builder keeps it', async () => {
      const [app, kept] = [shell.name(), shell.name()];
      imageIdOf(await shell.tool(['-t', app], { input: await owned(app, 1000) }));
      imageIdOf(await shell.tool(['--keep-owner', '-t', kept], { input: await owned(kept, 1000) }));
      expect(await runs(app)).toBe('0:0\n');
      expect(await runs(kept)).toBe(buildkit ? '1000:1000\n' : '0:0\n');
    });

    it('is told by --keep-owner when the engine can’t make it', async () => {
      const app = shell.name();
      const outcome = await shell.tool(['-q', '--keep-owner', '-t', app], {
        input: await owned(app, 197609),
      });
      if (!podman) {
        imageIdOf(outcome);
        return;
      }
      expect(outcome.code, outcome.stderr).toBe(1);
      expect(outcome.stderr).toMatch(/^dockerception: building the image: .* answered 500/);
      expect(outcome.stderr).toMatch(/\nhint: .*owner.*user namespace.*--keep-owner/);
      expect((await tracesOf(host, app)).join()).toBe('');
    });
  });
});
