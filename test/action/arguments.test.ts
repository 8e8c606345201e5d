import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildArguments, inspectArguments, isOn } from '../../action/arguments.js';
import { readAction } from '../support/github/files.js';

const HEX = 'a'.repeat(64);
const built = { imageId: `sha256:${HEX}`, digest: `sha256:${HEX}` };

describe('the arguments of the build', () => {
  it('are the inputs, each joined to its option', () => {
    const inputs = {
      tag: 'app:1\n\n  app:latest \r\n',
      platforms: 'linux/amd64\nlinux/arm64',
      'build-args': 'A=1 2\nB=$(touch x)',
      file: '--push',
      'max-size': '10MB',
      deny: '**/*.c\n--x',
      push: 'true',
      load: 'false',
      'must-run': 'true',
      args: '--label=a=b\n--no-cache',
    };
    expect(buildArguments(inputs, ['--own'])).toEqual([
      'build',
      '--own',
      '--file=--push',
      '--max-size=10MB',
      '--tag=app:1',
      '--tag=app:latest',
      '--platform=linux/amd64',
      '--platform=linux/arm64',
      '--build-arg=A=1 2',
      '--build-arg=B=$(touch x)',
      '--deny=**/*.c',
      '--deny=--x',
      '--push',
      '--must-run',
      '.',
      '--label=a=b',
      '--no-cache',
    ]);
  });

  it('have the workspace as context only without a builder', () => {
    expect(buildArguments({}, [])).toEqual(['build', '.']);
    expect(buildArguments({ context: '--load' }, [])).toEqual(['build', './--load']);
    expect(buildArguments({ from: './builder' }, [])).toEqual(['build', '--from=./builder']);
    expect(buildArguments({ 'from-image': 'b' }, [])).toEqual(['build', '--from-image=b']);
  });

  it('use every input of action.yml', () => {
    const file = fileURLToPath(new URL('../../action.yml', import.meta.url));
    expect(readFileSync(file, 'utf8')).toContain('inputs:');
    for (const name of Object.keys(readAction(file).inputs)) {
      const value = name === 'push' || isSwitch(name) ? 'true' : 'a-value';
      const inputs = { tag: 'app', [name]: value };
      const change = [
        ...buildArguments(inputs, []),
        isOn({ inspect: 'true', ...inputs }, 'inspect'),
      ];
      const without = [...buildArguments({}, []), false];
      expect(change, name).not.toEqual(without);
    }
  });

  it('are refused for a switch that is neither true nor false', () => {
    expect(() => buildArguments({ push: 'yes' }, [])).toThrow(
      'the input push is true or false, not "yes"',
    );
  });
});

describe('the arguments of the inspection', () => {
  const targetOf = (inputs: Record<string, string>): string | undefined =>
    inspectArguments(inputs, built)[0]?.at(-1);

  it('name what was pushed by its digest', () => {
    expect(targetOf({ tag: 'localhost:5000/a/b:1', push: 'true' })).toBe(
      `docker-image://localhost:5000/a/b@sha256:${HEX}`,
    );
    expect(targetOf({ tag: 'localhost:5000/b', push: 'true' })).toBe(
      `docker-image://localhost:5000/b@sha256:${HEX}`,
    );
  });

  it('name an archive, else the image in the engine', () => {
    expect(targetOf({ output: 'type=tar,dest=files.tar\ntype=oci,dest=a.tar' })).toBe('a.tar');
    expect(targetOf({ output: '-a.tar' })).toBe('./-a.tar');
    expect(targetOf({ tag: 'app' })).toBe(built.imageId);
  });

  it('are one list for each of several platforms', () => {
    const inputs = { platforms: 'linux/amd64, linux/arm64', insecure: 'r.example' };
    expect(inspectArguments(inputs, built)).toEqual([
      ['inspect', '--json', '--insecure=r.example', '--platform=linux/amd64', built.imageId],
      ['inspect', '--json', '--insecure=r.example', '--platform=linux/arm64', built.imageId],
    ]);
  });
});

function isSwitch(name: string): boolean {
  return ['load', 'deny-setuid', 'deny-ids', 'must-run', 'inspect'].includes(name);
}
