/** Values of BuildKit's options that are wrong: each is refused by name before anything is read, and never quotes a secret. */
import { describe, expect, it } from 'vitest';
import { useSharedProcess } from '../support/process/shared-process.js';

const run = useSharedProcess();

const WRONG: Readonly<Record<string, readonly (readonly [value: string, why: RegExp])[]>> = {
  secret: [
    ['npm', /part 1 is not NAME=VALUE/],
    ['src=.npmrc', /has no id/],
    ['id=npm,type=hidden', /the type is file or env/],
    ['id=npm,file=.npmrc', /has no 'file'/],
    ['id=npm,src=', /its source is empty/],
    ['"id=npm', /a quotation mark is misplaced/],
  ],
  ssh: [
    ['', /takes default or ID=SOCKET/],
    ['=/run/agent', /takes default or ID=SOCKET/],
    ['default=', /takes default or ID=SOCKET/],
    ['default=one,two', /takes one socket/],
    ['default=/nowhere,/key', /takes one socket/],
  ],
  'cache-from': [
    ['', /names no cache/],
    ['ref=a', /has no type/],
    ['type=', /has no type/],
    ['type=registry,ref', /part 2 is not NAME=VALUE/],
    ['type=local,src=cache', /'local' is a cache on this machine/],
  ],
  'cache-to': [
    ['', /names no cache/],
    ['mode=max', /has no type/],
    ['type=registry,=a', /part 2 is not NAME=VALUE/],
    ['type=s3,"secret_access_key=a,b', /a quotation mark is misplaced/],
    ['type=local,dest=cache', /'local' is a cache on this machine/],
  ],
  'no-cache-filter': [
    ['', /a string of at least one character/],
    [',', /a string of at least one character/],
    ['one,', /a string of at least one character/],
    [',one', /a string of at least one character/],
    ['one,,two', /a string of at least one character/],
  ],
  allow: [
    ['', /is not one of network\.host, security\.insecure, device/],
    ['insecure', /'insecure' is not one of/],
    ['network.none', /'network.none' is not one of/],
    ['security.insecure=true', /is not one of/],
    ['network.host,security.insecure', /is not one of/],
  ],
  ulimit: [
    ['nofile', /NAME=SOFT\[:HARD\]/],
    ['nofile=', /NAME=SOFT\[:HARD\]/],
    ['nofile=many', /NAME=SOFT\[:HARD\]/],
    ['files=1024', /there is no limit 'files'/],
    ['nofile=2048:1024', /the soft limit is above the hard limit/],
    ['nofile=-1:1024', /the soft limit is above the hard limit/],
  ],
  'shm-size': [
    ['', /is not a size/],
    ['much', /much is not a size/],
    ['big', /: big is not a size/],
    ['-1', /-1 is not a size/],
    ['64 MX', /64 MX is not a size/],
    ['1e9', /1e9 is not a size/],
  ],
  annotation: [
    ['title', /\[TYPE:\]KEY=VALUE/],
    ['=app', /\[TYPE:\]KEY=VALUE/],
    ['a b=c', /its key is empty or has white space/],
    ['layer:a=b', /there is no type 'layer'/],
    ['manifest[linux/pdp11]:a=b', /there is no architecture "pdp11"/],
    ['index:=b', /its key is empty or has white space/],
  ],
  attest: [
    ['', /part 1 is not NAME=VALUE/],
    ['sbom', /part 1 is not NAME=VALUE/],
    ['type=licence', /not type 'licence'/],
    ['mode=max', /not type ''/],
    ['type=sbom,disabled=perhaps', /disabled is true or false/],
  ],
  provenance: [
    ['', /takes true, false or mode=max/],
    ['max', /takes true, false or mode=max/],
    ['yes', /takes true, false or mode=max/],
    ['mode=max,full', /part 2 is not NAME=VALUE/],
    ['"mode=max', /a quotation mark is misplaced/],
  ],
  sbom: [
    ['', /takes true, false or generator=IMAGE/],
    ['yes', /takes true, false or generator=IMAGE/],
    ['image', /takes true, false or generator=IMAGE/],
    ['generator=a,b', /part 2 is not NAME=VALUE/],
    ['generator="a"', /a quotation mark is misplaced/],
  ],
};

describe.each(Object.entries(WRONG))('--%s refuses', (name, rows) => {
  it.each(rows)('%j', async (value, why) => {
    const { code, stdout, stderr } = await run(['-t', 'app', `--${name}=${value}`]);
    expect(stderr).toMatch(/^dockerception: reading [^\n]+\n(hint: [^\n]+\n)?$/);
    expect(stderr.split('\n')[0]).toMatch(why);
    expect(stderr).toContain(`--${name}`);
    expect({ code, output: stdout.toString() }).toEqual({ code: 2, output: '' });
  });
});

it('--no-cache and --no-cache-filter exclude each other', async () => {
  const { code, stderr } = await run(['-t', 'app', '--no-cache', '--no-cache-filter', 'one']);
  expect(stderr).toMatch(/--no-cache and --no-cache-filter exclude each other/);
  expect(code).toBe(2);
});

it.each([
  ['--cache-to', 'type=s3,bucket=b,secret_access_key=hid,den'],
  ['--cache-to', 'type=s3,"secret_access_key=hidden'],
  ['--cache-from', 'secret_access_key=hidden'],
  ['--secret', 'id=npm,hidden'],
])('%s %s is refused without its value', async (option, value) => {
  const { code, stderr } = await run(['-t', 'app', option, value]);
  expect(code).toBe(2);
  expect(stderr).not.toMatch(/hid|den\b/);
});
