/** Completion in bash, zsh and fish, typed into a terminal as a user does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { five, openShell, type Shell } from '../support.js';

const SHELLS = {
  bash: { start: 'bash --norc --noprofile -i', source: 'source <(dockerception completion bash)' },
  zsh: {
    start: 'zsh -f -i',
    source: 'autoload -Uz compinit; compinit -u -D; source <(dockerception completion zsh)',
  },
  fish: {
    start: 'fish -N -i',
    source:
      'set -g fish_autosuggestion_enabled 0; function fish_prompt; echo "> "; end; dockerception completion fish | source',
  },
} as const;

/** What is typed before the tabulator, and the line after it, up to a blank at its end. */
const LINES = [
  ['dockerception ins', 'dockerception inspect'],
  ['dockerception --engine em', 'dockerception --engine embedded'],
  ['dockerception --engine=em', 'dockerception --engine=embedded'],
  ['dockerception --compression zs', 'dockerception --compression zstd'],
  ['dockerception help fil', 'dockerception help filter'],
  ['true | dockerception filter --ow', 'true | dockerception filter --owner'],
  ['dockerception -f Docker', 'dockerception -f Dockerfile'],
  ['dockerception -f a\\ b', 'dockerception -f a\\ b.tar'],
  ['dockerception --dockerignore=Docker', 'dockerception --dockerignore=Dockerfile'],
  ['dockerception --cache-dir my', 'dockerception --cache-dir my\\ folder/'],
  ['dockerception -t x ./buil', 'dockerception -t x ./builder/'],
  ['dockerception -o type=oc', 'dockerception -o type=oci,dest='],
  ['dockerception inspect IMAGE:', 'dockerception inspect IMAGE:latest'],
  ['dockerception inspect ap', 'dockerception inspect app.tar'],
  ['dockerception inspect --diff=ap', 'dockerception inspect --diff=app.tar'],
  ['dockerception -qt IMAGE:', 'dockerception -qt IMAGE:latest'],
  ['dockerception --tag=IMAGE:', 'dockerception --tag=IMAGE:latest'],
] as const;

describe.each(Object.entries(SHELLS))('completion in %s', (name, { start, source }) => {
  let shell: Shell;
  let image: string;

  const tmux = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await shell.run(`tmux -L ${name}${process.pid} ${command}`, {
      // Of fish, in the folder for temporary files.
      litters: true,
    });
    expect(code, stderr).toBe(0);
    return stdout.toString();
  };

  /** Waits until the screen has a line that is accepted, and returns all lines. */
  async function screen(accepts: (line: string) => boolean): Promise<string[]> {
    let lines: string[] = [];
    const end = performance.now() + 30_000;
    while (performance.now() < end) {
      lines = (await tmux('capture-pane -p -t s')).split('\n').map((line) => line.trimEnd());
      if (lines.some(accepts)) break;
    }
    return lines;
  }

  beforeAll(async () => {
    const [variant] = five;
    if (variant === undefined) throw new Error('there is no engine');
    shell = await openShell(variant);
    image = shell.name();
    await shell.file('Dockerfile', 'FROM scratch\nLABEL a=b\n');
    await shell.file('a b.tar', '');
    await shell.file('app.tar', '');
    expect((await shell.run(`mkdir 'my folder' builder; cp Dockerfile builder`)).code).toBe(0);
    const built = await shell.tool(['-q', '-t', `${image}:latest`, 'builder']);
    expect(built.code, built.stderr).toBe(0);
    await tmux(
      `-f /dev/null new-session -d -x 150 -y 40 -s s "env HOME=$PWD PS1='> ' PROMPT='> ' ${start}"`,
    );
    // fish drops what is typed before its prompt.
    await screen((line) => line !== '');
    await tmux(`send-keys -t s -l '${source}; clear; echo ready'`);
    await tmux('send-keys -t s Enter');
    expect(await screen((line) => line === 'ready')).toContain('ready');
  }, 120_000);

  afterAll(async () => {
    await tmux('kill-server');
    await shell.close();
  });

  it.each(LINES)('of %s is %s', { timeout: 60_000 }, async (typed, expected) => {
    const line = (text: string): string => text.replace('IMAGE', image);
    await tmux('send-keys -t s C-u');
    await tmux(`send-keys -t s -l '${line(typed)}'`);
    await tmux('send-keys -t s Tab');
    const wanted = line(expected);
    const lines = await screen((one) => one.endsWith(` ${wanted}`));
    expect(
      lines.filter((one) => one.endsWith(` ${wanted}`)),
      lines.join('\n'),
    ).not.toEqual([]);
  });
});
