import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/builder/run.js';
import { listens, untilServing } from '../../src/builder/serve.js';
import type { Container } from '../../src/engine/docker/container.js';

/**
 * What a container of busybox printed for
 *   httpd -p 80; httpd -p 127.0.0.1:8080; sleep 2 | nc 127.0.0.1 80 &
 *   wget http://127.0.0.1:8080/x; cat /proc/net/tcp /proc/net/tcp6
 */
const LISTS = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 579568 1 0000000091986fec 100 0 0 10 0
   1: 0100007F:ECFC 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 579576 2 000000005ec69fff 20 0 0 10 -1
   2: 0100007F:1F90 0100007F:BFDA 06 00000000:00000000 03:00001751 00000000     0        0 0 3 00000000a5d03d00
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 579564 1 000000005b7d600c 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000100007F:ECFC 01 00000000:00000000 02:000AFC61 00000000     0        0 579565 2 000000001182ea35 20 0 0 10 -1
`;

describe('a list of sockets', () => {
  it('says which port is listened at', () => {
    expect(listens(LISTS, 80)).toBe(true);
    // As it comes from a terminal.
    expect(listens(LISTS.replaceAll('\n', '\r\n'), 80)).toBe(true);
    const on = (address: string): string => LISTS.replace('0100007F:1F90 0', `${address}:1F90 0`);
    for (const address of ['00000000', '020011AC', '7F000002', '0000000000000000FFFF0000020011AC'])
      expect(listens(on(address), 8080), address).toBe(true);
    for (const address of [
      '0100007F',
      '3500007F',
      '0000000000000000FFFF00000100007F',
      '00000000000000000000000001000000',
    ])
      expect(listens(on(address), 8080), address).toBe(false);
  });

  it.each([
    [8080, 'the loopback alone has it'],
    [0xecfc, 'it is a client’s'],
    [0xbfda, 'it has been, and waits to be forgotten'],
    [81, 'nobody has it'],
    [5, 'another one starts like it'],
    [0, 'it is where nobody is connected'],
  ])('does not say so of port %i: %s', (port) => {
    expect(listens(LISTS, port)).toBe(false);
  });

  it.each(['', 'cat: can’t open /proc/net/tcp6: No such file or directory\n', 'no: such 0050 0A '])(
    'may be no list: %j',
    (text) => {
      expect(listens(text, 80)).toBe(false);
    },
  );

  it.skipIf(process.platform !== 'linux')('of this machine is parsed', async () => {
    for (const [host, wanted] of [
      ['127.0.0.1', false],
      ['0.0.0.0', true],
    ] as const) {
      const server = createServer().listen(0, host);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const read = (): Promise<string> => readFile('/proc/net/tcp', 'latin1');
      expect(listens(await read(), port)).toBe(wanted);
      server.close();
      await once(server, 'close');
      expect(listens(await read(), port)).toBe(false);
    }
  });
});

describe('waiting for a builder that serves', () => {
  it.each([true, false])(
    'ends with the reason of the signal; the builder runs: %s',
    async (running) => {
      const controller = new AbortController();
      const reason = new Error('interrupted');
      const inspect = () => Promise.resolve({ running, address: '127.0.0.1', health: 'starting' });
      const options = { port: 1, timeout: 60_000, name: 'a builder', signal: controller.signal };
      const run = { complete: new Promise<void>(() => undefined) } as unknown as Run;
      const serving = untilServing(run, { inspect } as unknown as Container, options);
      setTimeout(() => controller.abort(reason), 50);
      await expect(serving).rejects.toBe(reason);
    },
  );
});
