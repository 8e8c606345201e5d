/**
 * This program as a plugin of the docker CLI (docker/cli, cli-plugins), which calls it as
 * `docker-ception [DOCKER'S OPTIONS] ception ARGUMENT…`.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { DockerceptionError } from '../../errors.js';

/** What precedes the arguments if docker calls: the name of the executable. */
export const PLUGIN = 'docker-ception';

/** Set by docker for every call but that for the metadata. */
const CALLED = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND';
/** The address of a Unix socket which docker closes to cancel the plugin; since Docker 25. */
const SOCKET = 'DOCKER_CLI_PLUGIN_SOCKET';

/** Milliseconds between two checks of a docker that can't be listened to. */
const INTERVAL = 250;
/** Milliseconds in which a signal to docker's whole process group arrives here, too. */
const SIGNAL_DELAY = 100;

/** Whether docker calls, rather than a user. */
export function isCall(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env[CALLED]);
}

export function asksMetadata(argv: readonly string[]): boolean {
  return argv[0] === 'docker-cli-plugin-metadata';
}

export function metadata(version: string): string {
  const text = {
    SchemaVersion: '0.1.0',
    Vendor: 'dockerception',
    Version: `v${version}`,
    ShortDescription: 'Build a small image from a streamed tar context',
    URL: 'https://github.com/dockerception/dockerception#readme',
  };
  return `${JSON.stringify(text)}\n`;
}

/** Docker's own options (docker/cli, cli/flags). */
const GLOBAL = {
  config: { type: 'string' },
  context: { type: 'string', short: 'c' },
  debug: { type: 'boolean', short: 'D' },
  help: { type: 'boolean', short: 'h' },
  host: { type: 'string', short: 'H' },
  'log-level': { type: 'string', short: 'l' },
  tls: { type: 'boolean' },
  tlsverify: { type: 'boolean' },
  tlscacert: { type: 'string' },
  tlscert: { type: 'string' },
  tlskey: { type: 'string' },
} as const;

/**
 * The arguments as `dockerception` has them: `ception` is removed, and the options before it become variables.
 * @param env is changed as docker's options say
 * @throws DockerceptionError of kind usage for an option that has no variable
 */
export function ownArguments(argv: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  const args = [...argv];
  const { tokens } = parseArgs({
    args,
    options: GLOBAL,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const start = tokens.find(({ kind }) => kind === 'positional')?.index ?? args.length;
  // `docker help ception` and `docker __complete ception` have a word before it.
  const rest = args.slice(start);
  const at = rest.indexOf('ception');
  if (at >= 0) rest.splice(at, 1);
  for (const token of tokens) {
    if (token.kind !== 'option' || token.index >= start) continue;
    if (token.name === 'help') rest.push('--help');
    else apply(token.name, token.value ?? '', env);
  }
  return rest;
}

function apply(name: string, written: string, env: NodeJS.ProcessEnv): void {
  // As docker reads `-c=NAME`.
  const value = written.replace(/^=/, '');
  switch (name) {
    case 'debug':
    case 'log-level':
      break;
    case 'config':
      env['DOCKER_CONFIG'] = value;
      break;
    case 'host':
      env['DOCKER_HOST'] = value;
      // Without an address, it is the default one.
      env['DOCKER_CONTEXT'] = 'default';
      break;
    case 'context':
      if (value === '') break;
      env['DOCKER_CONTEXT'] = value;
      // The variable would overrule it, but is the address of the default context.
      if (value !== 'default') delete env['DOCKER_HOST'];
      break;
    case 'tlsverify':
    case 'tls':
      env['DOCKER_TLS'] = name === 'tlsverify' || isOn(value) ? '1' : '';
      if (name === 'tlsverify') env['DOCKER_TLS_VERIFY'] = isOn(value) ? '1' : '';
      break;
    default:
      throw new DockerceptionError(
        'usage',
        'USAGE',
        `reading the command line: docker ception does not support docker's option --${name}`,
        name.startsWith('tls')
          ? { hint: 'DOCKER_CERT_PATH names the folder of ca.pem, cert.pem and key.pem' }
          : {},
      );
  }
}

/** As docker reads a flag, whose value it has checked. */
function isOn(value: string): boolean {
  return /^(?:1|t|true|)$/i.test(value);
}

/** A text with the commands that a user of the plugin types. */
export function asTyped(text: string): string {
  return text.replace(/(?<![\w./-])dockerception (?=\S)/g, 'docker ception ');
}

/** Candidates of completion/complete.ts as docker's completion scripts read them (spf13/cobra, ShellCompDirective). */
export function asCobra(text: string): string {
  const [paths, ...lines] = text.trimEnd().split('\n');
  const directive = paths === 'file' ? 0 : paths === 'folder' ? 16 : 4;
  const attached = lines.length === 1 && lines[0]?.endsWith('=') ? 2 : 0;
  return `${[...lines, `:${directive + attached}`].join('\n')}\n`;
}

/**
 * Ends the command as SIGTERM does when docker cancels it, unless a signal has: docker keeps a signal for itself, but
 * closes its socket. A docker without a socket, before version 25, is only noticed when it has ended.
 */
export function endWithDocker(signal: AbortSignal, env: NodeJS.ProcessEnv): void {
  const address = env[SOCKET];
  const parent = process.ppid;
  const end = (): void => {
    const kill = (): boolean => signal.aborted || process.kill(process.pid, 'SIGTERM');
    setTimeout(kill, SIGNAL_DELAY).unref();
  };
  const poll = (): void => {
    const wasListed = isListed(address);
    const timer = setInterval(() => {
      if (process.ppid === parent && isListed(address) === wasListed) return;
      clearInterval(timer);
      end();
    }, INTERVAL).unref();
  };
  if (!address) {
    poll();
    return;
  }
  // Node 20 can't connect to an abstract socket, whose name it pads: that the socket is gone can still be seen.
  const socket = connect(address.replace(/^@/, '\0')).on('error', poll).unref();
  socket.on('connect', () => socket.on('close', end)).resume();
}

/** Whether Linux has a socket of this address. */
function isListed(address: string | undefined): boolean {
  try {
    return address !== undefined && readFileSync('/proc/net/unix', 'utf8').includes(address);
  } catch {
    return false;
  }
}
