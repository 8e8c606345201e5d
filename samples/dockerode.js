#!/usr/bin/env node
/**
 * A program that has dockerode: the corrected context goes into its buildImage. The engine is DOCKER_HOST's.
 *
 *     node samples/hello/builder.js | node samples/dockerode.js hello
 */
import { filter } from 'dockerception';
import Docker from 'dockerode';

const [name] = process.argv.slice(2);
if (name === undefined) {
  process.stderr.write('usage: dockerode.js NAME\n');
  process.exit(2);
}
const context = filter({ context: process.stdin });
// buildImage itself waits forever when its stream fails.
const failed = new AbortController();
context.on('error', (error) => failed.abort(error));
try {
  const docker = new Docker();
  const answer = await docker.buildImage(context, { t: name, abortSignal: failed.signal });
  /** @type {{ readonly error?: string }[]} */
  const events = await new Promise((resolve, reject) => {
    docker.modem.followProgress(answer, (error, all) => (error ? reject(error) : resolve(all)));
  });
  // A build that failed has a last event with the reason, and no error.
  const reason = events.at(-1)?.error;
  if (reason !== undefined) throw new Error(reason);
} catch (error) {
  /** @type {unknown} */
  const cause = failed.signal.aborted ? failed.signal.reason : error;
  process.stderr.write(`dockerode: ${cause instanceof Error ? cause.message : String(cause)}\n`);
  process.exitCode = 1;
}
