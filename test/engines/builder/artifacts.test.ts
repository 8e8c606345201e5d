/** Artifacts out of builders that have ended, on every engine, and the libraries that they need. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, variantOf } from '../engines.js';
import { expectFailure, imageIdOf, program, type Shell } from '../support.js';
import {
  buildersOf,
  DEBIAN,
  expectNothingLeft,
  folderOf,
  good,
  imageOf,
  marked,
  openOpenShell,
  printed,
  three,
  two,
} from './support.js';

/** Files, links and folders, some of them in a volume; and what isn't an artifact on standard output. */
const MAKES = [
  'echo not a tar',
  'mkdir -p /out/sub /out/empty /vol/data',
  'echo one > /out/one',
  'chmod 640 /out/one',
  'echo two > /out/sub/two',
  'ln /out/sub/two /out/sub/same',
  'ln -s one /out/link',
  'ln -s /out/sub /out/folder',
  'ln -s link /out/chain',
  'ln -s nowhere /out/broken',
  'ln -s loop /out/loop',
  'echo three > /vol/data/three',
  'mkfifo /out/pipe',
].join(' && ');

describe.concurrent.each(three)('artifacts with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  let image: string;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    image = await imageOf(shell);
  });
  afterAll(() => shell.close());

  /** What `take` makes of the builder's files: `tar -tv`, with neither owners nor times, the names sorted. */
  const taken = async (mark: string, ...take: string[]): Promise<string[]> => {
    const options = take.map((artifact) => `--artifacts ${artifact}`).join(' ');
    const outcome = await shell.run(
      `dockerception filter --allow-no-dockerfile --from-image ${image} ${options} ` +
        `-- sh -c '${marked(mark, MAKES)}' | tar --numeric-owner -tv`,
    );
    expect(outcome.stderr).toContain('not a tar');
    expect(await buildersOf(host, mark)).toEqual([]);
    return good(outcome)
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^(\S+) \S+ +\d+ \S+ \S+ /, '$1 '))
      .filter((line) => !/ (\.\/)?$/.test(line))
      .sort((one, other) => (one.slice(11) < other.slice(11) ? -1 : 1));
  };

  it('are files, folders and links, several at once, each at its place', async () => {
    const list = await taken(
      shell.name(),
      '/out',
      '/out/one:renamed',
      '/out/one:dir/',
      'out/sub/two:.',
      '/out/sub/:deep/er',
      '/vol/data',
    );
    expect(list).toEqual([
      'drwxr-xr-x data/',
      '-rw-r--r-- data/three',
      'drwxr-xr-x deep/er/',
      '-rw-r--r-- deep/er/same',
      expect.stringMatching(/^.rw-r--r-- deep\/er\/two(?: link to deep\/er\/same)?$/) as string,
      '-rw-r----- dir/one',
      'drwxr-xr-x out/',
      'lrwxrwxrwx out/broken -> nowhere',
      'lrwxrwxrwx out/chain -> link',
      'drwxr-xr-x out/empty/',
      'lrwxrwxrwx out/folder -> /out/sub',
      'lrwxrwxrwx out/link -> one',
      'lrwxrwxrwx out/loop -> loop',
      '-rw-r----- out/one',
      'prw-r--r-- out/pipe',
      'drwxr-xr-x out/sub/',
      '-rw-r--r-- out/sub/same',
      expect.stringMatching(/^.rw-r--r-- out\/sub\/two(?: link to out\/sub\/same)?$/) as string,
      '-rw-r----- renamed',
      '-rw-r--r-- two',
    ]);
  });

  it('that are links are what they lead to, under the link’s name', async () => {
    const list = await taken(shell.name(), '/out/chain', '/out/folder:.', '/out/folder/two:via');
    expect(list).toEqual([
      '-rw-r----- chain',
      '-rw-r--r-- same',
      expect.stringMatching(/^.rw-r--r-- two(?: link to same)?$/) as string,
      '-rw-r--r-- via',
    ]);
  });

  const wrong = [
    ['/out/on', /taking \/out\/on out of the builder: it is not there/, /\/out\/one/],
    ['/out/sub/tow', /taking \/out\/sub\/tow .*not there/, /\/out\/sub\/two/],
    ['/ot/one', /taking \/ot\/one .*not there/, /\/out/],
    ['/out/empty/app', /taking \/out\/empty\/app .*not there/, /\/out\/empty is empty/],
    ['/out/loop', /^dockerception: taking \/out\/loop out of the builder: .*too many/, undefined],
  ] as const;
  it.each(wrong)(
    'that aren’t there are told, the nearest with them: %s',
    async (path, why, hint) => {
      const app = shell.name();
      const args = ['-q', '--from-image', image, '--artifacts', '/out/one', '--artifacts', path];
      const command = ['--', 'sh', '-c', marked(app, MAKES)];
      expectFailure(await shell.tool([...args, '-t', app, ...command]), 4, why, hint);
      await expectNothingLeft(variant, app);
    },
  );

  it('come out of a builder without a shell, a tar or anything else', async () => {
    const [app, image] = [shell.name(), shell.name()];
    const folder = join(shell.folder, 'bare');
    await mkdir(folder);
    await writeFile(join(folder, 'hello'), program('bare'), { mode: 0o755 });
    const lines = ['FROM scratch', `LABEL builder=${app}`, 'COPY hello /bin/hello'];
    await writeFile(join(folder, 'Dockerfile'), `${lines.join('\n')}\nCMD ["/bin/hello"]\n`);
    const take = ['--artifacts', '/bin/hello', '--base', 'scratch', '-c', 'CMD ["/hello"]'];
    const outcome = await shell.tool(['--from', 'bare', ...take, '-t', app]);
    imageIdOf(outcome);
    // It was run.
    expect(outcome.stderr).toMatch(/^bare$/m);
    expect(await printed(shell, app)).toBe('bare\n');

    imageIdOf(await shell.tool(['-q', '--engine', 'docker', '-t', image, 'bare']));
    const missing = await shell.tool(['-q', '--from-image', image, '--artifacts', '/bin/hell']);
    expectFailure(missing, 4, /taking \/bin\/hell /, /\/bin\/hello/);
    // Nothing says what to run: it is opened.
    const root = ['--libs', '--base', 'scratch', '-c', 'ENTRYPOINT ["/bin/hello"]', '-t', app];
    imageIdOf(await shell.tool(['--from-image', image, '--artifacts', '/bin/hello', ...root]));
    expect(await printed(shell, app)).toBe('bare\n');
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('are taken of no builder that fails', async () => {
    const app = shell.name();
    const args = ['-q', '--from-image', image, '--artifacts', '/out/one', '-t', app];
    const command = ['--', 'sh', '-c', `${marked(app, MAKES)}; echo why >&2; exit 3`];
    const why = /it exited with 3; its last lines: (?:not a tar \| )?why(?: \| not a tar)?$/;
    expectFailure(await shell.tool([...args, ...command]), 4, why);
    await expectNothingLeft(variant, app);
  });
});

describe.concurrent.each(two)('files with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
  });
  afterAll(() => shell.close());

  it('join others on their way into an archive, without the engine', async () => {
    const app = shell.name();
    await folderOf(shell, 'joined', app, 'true');
    await shell.file('note', 'of the host\n');
    const take = ['--artifacts', '/context:.', '--add', 'note:notes/', '-o', 'joined.tar'];
    imageIdOf(await shell.tool(['--from', 'joined', ...take, '-t', app]));
    expect(await buildersOf(host, app)).toEqual([]);
    const listed = good(
      await shell.run(
        'dockerception filter --from joined --artifacts /context:. --add note:notes/ | tar -t',
      ),
    );
    expect(listed.split('\n')).toEqual(
      expect.arrayContaining(['Dockerfile', 'hello', 'notes/note']),
    );
  });

  it('may be as large as they like', async () => {
    const script =
      'dd if=/dev/zero of=/vol/large bs=1 count=1 seek=255M 2>/dev/null; echo end >> /vol/large';
    const outcome = await shell.run(
      `dockerception filter --allow-no-dockerfile --from-image ${engines.base} --volume large-${shell.name()}:/vol ` +
        `--artifacts /vol/large -- sh -c '${script}' | tar -xO | tail -c 4`,
    );
    await shell.run(`docker volume ls -q | grep ^large-dockerception-cli | xargs docker volume rm`);
    expect(good(outcome)).toBe('end\n');
  });
});

/** Podman's copy all of an image for each container, which takes its time for this one. */
const withDebian = ['docker20 classic', 'docker28 BuildKit'].map(variantOf);

const SOURCE = `
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) { printf("%.3f\\n", cos(argc > 1 ? atof(argv[1]) : 0)); return 0; }
`;

describe.each(withDebian)('libraries with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    await folderOf(shell, 'dynamic', shell.name(), 'exit 9', {
      base: DEBIAN,
      instructions: [
        'COPY app.c /src/',
        'RUN gcc -O1 -o /usr/local/bin/app /src/app.c -lm && ldd /usr/local/bin/app',
      ],
      files: { 'app.c': SOURCE },
    });
  });
  afterAll(() => shell.close());

  const take = ['--from', 'dynamic', '--artifacts', '/usr/local/bin/app', '--libs'];

  it('let a dynamic program run in an image from scratch', async () => {
    const app = shell.name();
    const made = ['--base', 'scratch', '-c', 'ENTRYPOINT ["/usr/local/bin/app"]', '-t', app];
    const outcome = await shell.tool([...take, ...made, '--', 'true']);
    imageIdOf(outcome);
    expect(await printed(shell, app)).toBe('1.000\n');
    expect(outcome.stderr).toMatch(/builder \d{3} MB, image [\d.]+ MB, 1\/\d+ of it$/m);
    const listing = good(
      await shell.run(
        `dockerception filter ${take.join(' ')} --allow-no-dockerfile -- true | tar -t`,
      ),
    );
    expect(listing).toMatch(/^app$/m);
    expect(listing).toMatch(/\/libm\.so\.6$/m);
    expect(listing).toMatch(/\/libc\.so\.6$/m);
    expect(listing).toMatch(/^(?:usr\/)?lib.*\/ld-linux-[^/]+$/m);
  });

  it('that aren’t found are told, with who needs them', async () => {
    const app = shell.name();
    const script = marked(app, 'rm -f /lib/*/libm.so.6 /usr/lib/*/libm.so.6');
    const outcome = await shell.tool(['-q', ...take, '-t', app, '--', 'sh', '-c', script]);
    const why = /finding libm\.so\.6, which \/usr\/local\/bin\/app needs: it is not in the builder/;
    expectFailure(outcome, 4, why, /apt-file search libm\.so\.6/);
    await expectNothingLeft(variant, app);
  });
});
