import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from '../../src/files/lock-file.js';
import { processMark } from '../../src/files/process-mark.js';

const times = { reported: 50, stale: 200, limit: 400 };

describe('a lock', () => {
  let folder: string;
  let path: string;
  let messages: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dockerception-lock-'));
    path = join(folder, 'lock');
    messages = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const locked = (signal?: AbortSignal): Promise<string> =>
    withLock(path, () => Promise.resolve('done'), {
      signal,
      times,
      waiting: (message) => messages.push(message),
    });

  it('with a time in the future is stale when it does not change, and the wait is reported', async () => {
    writeFileSync(path, '');
    const future = Date.now() / 1000 + 86_400;
    utimesSync(path, future, future);
    expect(await locked()).toBe('done');
    expect(messages).toEqual([`waiting for ${path}, which another process has created`]);
    expect(existsSync(path)).toBe(false);
  });

  it('of a process that has ended is not waited for', async () => {
    writeFileSync(path, `${processMark().replace(/\d+$/, '1')} 0123456789ab`);
    expect(await locked()).toBe('done');
    expect(messages).toEqual([]);
  });

  it('of a process that runs is waited for up to a limit, and stays', async () => {
    writeFileSync(path, `${processMark()} 0123456789ab`);
    await expect(locked()).rejects.toMatchObject({ kind: 'output', code: 'OUTPUT_LOCKED' });
    expect(existsSync(path)).toBe(true);
  });

  it('is waited for until the signal is aborted', async () => {
    writeFileSync(path, `${processMark()} 0123456789ab`);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 60);
    await expect(locked(controller.signal)).rejects.toThrow('enough');
  });
});
