import { createHash } from 'node:crypto';
import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { sourceKind } from '../../../../src/dockerfile/instructions/parse-copy.js';
import {
  fetchFile,
  type FetchOptions,
  nameOfUrl,
} from '../../../../src/engine/embedded/steps/remote-file.js';

const BODY = Buffer.from('the file\n'.repeat(20_000));
const SHA256 = `sha256:${createHash('sha256').update(BODY).digest('hex')}`;
const timing = { silence: 2000, delay: 1, longest: 100, tries: 3 };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server of this answer; its address. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fetched(
  url: string,
  options: Partial<FetchOptions> = {},
): Promise<{ name: string; mode: number; mtime: number; size: number | undefined; body: Buffer }> {
  const signal = new AbortController().signal;
  const file = await fetchFile(url, { env: {}, signal, timing, ...options });
  const chunks: Buffer[] = [];
  for await (const chunk of file.body) chunks.push(Buffer.from(chunk));
  return { ...file, body: Buffer.concat(chunks) };
}

const failed = (code: string, message: RegExp): object =>
  expect.objectContaining({
    kind: 'build',
    code,
    message: expect.stringMatching(message) as string,
  }) as object;

describe('a file that ADD fetches', () => {
  test('comes with its name, its date and its size', async () => {
    const base = await serve((asked, answer) => {
      expect(asked.headers['accept-encoding']).toBe('identity');
      const headers = {
        'Last-Modified': 'Wed, 21 Oct 2015 07:28:00 GMT',
        'Content-Length': BODY.length,
      };
      answer.writeHead(200, { ...headers, 'Content-Disposition': 'attachment; filename="other"' });
      answer.end(BODY);
    });
    const file = await fetched(`${base}/a/b%20c.txt?query#fragment`);
    expect(file).toMatchObject({
      name: 'b c.txt',
      mode: 0o600,
      mtime: 1445412480,
      size: BODY.length,
    });
    expect(file.body.equals(BODY)).toBe(true);
  });

  test('is dated 1970 when the server says no date, or none that is one', async () => {
    const base = await serve((asked, answer) => {
      if (asked.url === '/odd') answer.setHeader('Last-Modified', 'yesterday');
      answer.end('x');
    });
    expect(await fetched(`${base}/none`)).toMatchObject({ mtime: 0 });
    expect(await fetched(`${base}/odd`)).toMatchObject({ mtime: 0 });
  });

  test('is looked for where redirects point, under its first name', async () => {
    const base = await serve((asked, answer) => {
      if (asked.url === '/second/other') answer.end(BODY);
      else answer.writeHead(302, { Location: '/second/other' }).end();
    });
    const file = await fetched(`${base}/first/name`);
    expect(file.name).toBe('name');
    expect(file.body.equals(BODY)).toBe(true);
  });

  test('is refused behind redirects without an end', async () => {
    const base = await serve(
      (_, answer) => void answer.writeHead(301, { Location: '/again' }).end(),
    );
    await expect(fetched(`${base}/x`)).rejects.toEqual(
      failed('ADD_FAILED', /redirects more than 10 times/),
    );
  });

  test.each([404, 403, 410, 501])('is refused with the status %i', async (status) => {
    const base = await serve((_, answer) => void answer.writeHead(status).end('<html>'));
    await expect(fetched(`${base}/x`)).rejects.toEqual(
      failed('ADD_FAILED', new RegExp(`^fetching ${base}/x: the server answered ${status} `)),
    );
  });

  test('is asked for again when the server is busy', async () => {
    let asked = 0;
    const base = await serve(
      (_, answer) => void answer.writeHead(++asked < 3 ? 503 : 200).end('x'),
    );
    expect((await fetched(`${base}/x`)).body.toString()).toBe('x');
    expect(asked).toBe(3);
  });

  test('is refused when nothing listens, and when nothing answers', async () => {
    const base = await serve(() => undefined);
    await expect(
      fetched(`${base}/x`, { timing: { ...timing, silence: 50, tries: 1 } }),
    ).rejects.toEqual(failed('ADD_FAILED', /nothing came for/));
    const closed = servers.pop() as Server;
    closed.closeAllConnections();
    await new Promise((resolve) => closed.close(resolve));
    await expect(fetched(`${base}/x`)).rejects.toEqual(
      failed('ADD_FAILED', /: connection refused, nothing listens there$/),
    );
  });

  test.each<[string, RequestListener]>([
    [
      'of a length',
      (_, answer) => {
        answer.writeHead(200, { 'Content-Length': BODY.length + 1 });
        answer.write(BODY, () => answer.destroy());
      },
    ],
    ['in chunks', (_, answer) => void answer.write(BODY, () => answer.destroy())],
    [
      'in gzip',
      (_, answer) => {
        answer.setHeader('Content-Encoding', 'gzip');
        answer.end(gzipSync(BODY).subarray(0, -9));
      },
    ],
  ])('is refused when an answer %s ends early', async (_, answer) => {
    const base = await serve(answer);
    await expect(fetched(`${base}/x`)).rejects.toEqual(failed('ADD_FAILED', /: ended early: /));
  });

  test('comes unpacked when the server has packed it for the way', async () => {
    const base = await serve((_, answer) => {
      answer.setHeader('Content-Encoding', 'gzip');
      answer.end(gzipSync(BODY));
    });
    const file = await fetched(`${base}/x.gz`, { checksum: SHA256 });
    expect(file).toMatchObject({ name: 'x.gz', size: undefined });
    expect(file.body.equals(BODY)).toBe(true);
  });

  test('is held against its checksum', async () => {
    const base = await serve((_, answer) => void answer.end(BODY));
    expect((await fetched(`${base}/x`, { checksum: SHA256 })).body.length).toBe(BODY.length);
    const wrong = `sha256:${'0'.repeat(64)}`;
    await expect(fetched(`${base}/x`, { checksum: wrong })).rejects.toEqual(
      failed('ADD_CHECKSUM', new RegExp(`digest mismatch: ${SHA256} \\(expected: ${wrong}\\)$`)),
    );
  });

  test('is asked for with the user of the URL, whom no message shows', async () => {
    const base = await serve((asked, answer) => {
      const basic = `Basic ${Buffer.from('me:se cret').toString('base64')}`;
      answer.writeHead(asked.headers.authorization === basic ? 404 : 500).end();
    });
    const url = `${base.replace('//', '//me:se%20cret@')}/x`;
    await expect(fetched(url)).rejects.toEqual(
      failed('ADD_FAILED', new RegExp(`^fetching ${base}/x: .* 404`)),
    );
  });

  test('comes through a proxy, but for loopback addresses', async () => {
    const seen: string[] = [];
    const origin = await serve((_, answer) => void answer.end('origin'));
    const proxy = await serve((asked, answer) => {
      seen.push(asked.url as string);
      request(origin, (response) => response.pipe(answer)).end();
    });
    const env = { HTTP_PROXY: proxy };
    expect((await fetched('http://files.example/x', { env })).body.toString()).toBe('origin');
    expect((await fetched(`${origin}/x`, { env })).body.toString()).toBe('origin');
    expect(seen).toEqual(['http://files.example/x']);
  });

  test('is given up when the signal says so', async () => {
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const base = await serve((_, answer) => {
      answer.write(BODY);
      setTimeout(() => controller.abort(reason), 20);
    });
    await expect(fetched(`${base}/x`, { signal: controller.signal })).rejects.toBe(reason);
    await expect(fetched(`${base}/x`, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('the source of an ADD', () => {
  // Each tried with ADD of BuildKit 0.25 (Docker Engine 28.5) but for the last.
  test.each([
    ['http://h/a/b.txt', 'b.txt'],
    ['http://h/a/', 'a'],
    ['http://h/', '__unnamed__'],
    ['http://h', '__unnamed__'],
    ['http://h?a/b', '__unnamed__'],
    ['http://h/a%20b.txt?x=1', 'a b.txt'],
    ['http://h/a%2Fb.txt', 'b.txt'],
    ['http://h/a/..', 'download'],
    ['http://h/%FF', '%FF'],
  ])('%s is called %s', (url, name) => {
    expect(nameOfUrl(url)).toBe(name);
  });

  test.each([
    ['git@github.com:a/b.git', true],
    ['ssh://git@host/a', true],
    ['git://host/a', true],
    ['https://host/a.git', true],
    ['https://host/a.git#main:dir', true],
    ['https://host/a.git?ref=main', true],
    ['https://host/a.git/x', false],
    ['https://host/a?b.git', false],
    ['a.git', false],
    ['github.com/a/b.git', false],
    ['a@b', false],
    ['dir/a@b:c', false],
  ])('%s is a Git repository: %s', (source, is) => {
    expect(sourceKind(source) === 'git').toBe(is);
  });

  test('is a URL in small letters alone', () => {
    expect(
      ['http://h', 'https://h', 'HTTP://h', 'ftp://h', 'http:/h'].map(
        (url) => sourceKind(url) === 'url',
      ),
    ).toEqual([true, true, false, false, false]);
  });
});
