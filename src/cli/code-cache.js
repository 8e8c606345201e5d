/**
 * Stores what V8 has compiled of a bundle after typical commands: `node code-cache.js BUNDLE CACHE COMMAND…`. The arguments
 * of a command have single spaces between them; standard input and output are those of all commands.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import v8 from 'node:v8';
import { Script } from 'node:vm';

const [filename = '', cache = '', ...commands] = process.argv.slice(2);
// V8 refuses code that was compiled with other flags.
Object.assign(v8, { setFlagsFromString: () => undefined });
// As bin/dockerception.js: V8 refuses code of another text, too.
const script = new Script(Module.wrap(readFileSync(filename, 'utf8')), { filename });
const bundle = { exports: {} };
/** @type {unknown} */
const run = script.runInThisContext();
const parameters = [bundle.exports, createRequire(filename), bundle, filename, dirname(filename)];
if (typeof run === 'function') Reflect.apply(run, undefined, parameters);
const { main } = /** @type {typeof import('./main.js')} */ (bundle.exports);
for (const command of commands) {
  const code = await main(command.split(' '));
  if (code !== 0) throw new Error(`running ${command}: exit code ${code}`);
}
writeFileSync(cache, script.createCachedData());
