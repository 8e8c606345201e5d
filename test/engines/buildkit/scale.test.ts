/**
 * Memory that a large context needs on its way to BuildKit. The reader of the context has BuildKit's API and stores nothing:
 * a real one writes the context to a disk twice.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basename } from 'node:path/posix';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient, serveGrpc, type UnaryMethod } from '../../../src/engine/buildkit/grpc.js';
import { SolveRequest, SolveResponse } from '../../../src/engine/buildkit/messages.js';
import { REPORT_PEAK } from '../peak.js';
import { BIN } from '../support.js';
import { serveBuildKit } from './bridge.js';
import { docker28 } from './docker28.js';

const CONTROL = '/moby.buildkit.v1.Control';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const LIMIT = 90_000_000;
/** Milliseconds: 4 GiB take a loaded machine a while. */
const TIMEOUT = 170_000;

let folder: string;
let server: Server;
let address: string;
/** Reads a context and returns the number of its bytes. */
let read: (context: Duplex) => Promise<number>;
let received = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-scale-'));
  await mkdir(join(folder, 'context'));
  await writeFile(join(folder, 'context', 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
  server = createServer(serve);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  address = `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** One build of a connection: it pulls the context and answers that there is an image. */
function serve(socket: Socket): void {
  let setSolved = (_status: Buffer): void => undefined;
  const solved = new Promise<Buffer>((resolve) => (setSolved = resolve));
  let session: GrpcClient | undefined;
  const solve = async (request: Buffer): Promise<Buffer> => {
    const { context = '' } = SolveRequest.parse(request).frontendAttrs;
    const call = session?.bytes('/moby.upload.v1.Upload/Pull', { urlpath: basename(context) });
    if (call === undefined) throw new Error('there is no session');
    received = await read(call);
    call.end();
    setSolved(Buffer.alloc(0));
    const exporterResponse = {
      'containerimage.digest': DIGEST,
      'containerimage.config.digest': DIGEST,
    };
    return SolveResponse.encode({ exporterResponse });
  };
  serveGrpc(socket, {
    unary: new Map<string, UnaryMethod>([
      [`${CONTROL}/Info`, () => Buffer.alloc(0)],
      [`${CONTROL}/Status`, () => solved],
      [`${CONTROL}/Solve`, solve],
    ]),
    streams: new Map([
      [`${CONTROL}/Session`, (_headers, call) => void (session = new GrpcClient(call))],
    ]),
  });
}

async function lengthOf(context: Duplex): Promise<number> {
  let length = 0;
  for await (const chunk of context) length += (chunk as Buffer).length;
  return length;
}

/** Sends a context with a file of so many MiB. Returns the peak memory in bytes. */
async function peakOf(mib: number, args: readonly string[], path = ''): Promise<number> {
  const script = `truncate -s ${mib}M context/data; tar -cf - -C context . | "$NODE" --import "$REPORT" "$BIN" -q ${args.join(' ')}`;
  const { stdout } = await promisify(execFile)('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: folder,
    timeout: TIMEOUT,
    env: {
      PATH: `${path}:${process.env['PATH']}`,
      HOME: folder,
      NODE: process.execPath,
      BIN,
      REPORT: REPORT_PEAK,
      PEAK: join(folder, 'peak'),
    },
  });
  expect(stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  return Number(await readFile(join(folder, 'peak'), 'utf8')) * 1024;
}

const PUSH = ['-t', 'registry.invalid/app', '--push'];

describe('the client needs at most 90 MB', () => {
  it(
    'for 4 GiB to an address',
    async () => {
      read = lengthOf;
      expect(await peakOf(4096, [...PUSH, '--builder', address])).toBeLessThan(LIMIT);
      expect(received).toBeGreaterThan(4 * 2 ** 30);
    },
    TIMEOUT,
  );

  it(
    'for 4 GiB to a builder of buildx',
    async () => {
      read = lengthOf;
      const { hostname, port } = new URL(address);
      const program = `const s = require("net").connect(${port}, "${hostname}"); process.stdin.pipe(s).pipe(process.stdout)`;
      const path = join(folder, 'bin');
      await mkdir(path);
      await writeFile(
        join(path, 'docker'),
        `#!/bin/sh\nexec ${process.execPath} -e '${program}'\n`,
      );
      await chmod(join(path, 'docker'), 0o755);
      expect(await peakOf(4096, [...PUSH, '--builder', 'farm'], path)).toBeLessThan(LIMIT);
      expect(received).toBeGreaterThan(4 * 2 ** 30);
    },
    TIMEOUT,
  );

  it(
    'for a reader that pauses',
    async () => {
      read = async (context) => {
        await once(context, 'readable');
        await sleep(2_000);
        return lengthOf(context);
      };
      expect(await peakOf(256, [...PUSH, '--builder', address])).toBeLessThan(LIMIT);
      expect(received).toBeGreaterThan(256 << 20);
    },
    TIMEOUT,
  );

  it(
    'for 128 MiB to a real BuildKit',
    async () => {
      const buildkit = await serveBuildKit(docker28.host);
      try {
        const args = ['-o', 'type=oci,dest=image.tar', '--builder', buildkit.address];
        expect(await peakOf(128, args)).toBeLessThan(LIMIT);
      } finally {
        await buildkit.close();
      }
    },
    TIMEOUT,
  );
});
