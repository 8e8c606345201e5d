/** What commands of rows name as `$NAME`: programs and addresses, which may be missing, and files, which are written on demand. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MIB, random, writeContext } from './contexts.js';

/** Programs that are searched in PATH, unless `--with NAME=PATH` names them. */
const PROGRAMS = ['bsdtar', 'buildah', 'crane', 'docker', 'pigz'];

/**
 * Given with `--with` only: addresses of engines (28, and 20.10), of a registry without TLS, a builder of buildx, and an
 * image of the engine with a shell and tar.
 */
const ADDRESSES = ['engine', 'engine20', 'registry', 'builder', 'base'];

const smallSize = (/** @type {number} */ index) => 1000 + ((index * 7919) % 1720);
const UPLOAD = 'FROM scratch\nCOPY Dockerfile /\n';
const embedded = '$TOOL --engine embedded --no-check -q -t bench';

/** Files by name: how they are written, as a function or as a command. @type {Record<string, string | ((path: string) => Promise<void>)>} */
const FILES = {
  TINY: (path) => writeContext(path, 1, () => 100),
  SMALL: (path) => writeContext(path, 50_000, smallSize),
  LARGE: (path) => writeContext(path, 2, () => 512 * MIB),
  RANDOM_TAR: (path) => writeContext(path, 2, () => 512 * MIB, random),
  TEXT: (path) => writeContext(path, 2, () => 512 * MIB, textFill()),
  MILLION: (path) => writeContext(path, 1_000_000, () => 100),
  // The image is small, so that the time is that of the context's way.
  LARGE_UPLOAD: (path) => writeContext(path, 2, () => 512 * MIB, undefined, UPLOAD),
  SMALL_GZ: 'gzip -1 < $SMALL > $SMALL_GZ',
  LARGE_GZ: 'gzip -1 < $LARGE > $LARGE_GZ',
  RANDOM_IMAGE: `${embedded} --compression none -o $RANDOM_IMAGE < $RANDOM_TAR`,
  // A context whose base is an image in the registry.
  BASE_TAR: `
    $TOOL --engine embedded --no-check -q --compression none -t $REGISTRY/dockerception-bench:base --push < $RANDOM_TAR
    mkdir $DIR/based
    echo "FROM $REGISTRY/dockerception-bench:base" > $DIR/based/Dockerfile
    tar -cf $BASE_TAR -C $DIR/based .`,
  SMALL_IMAGE: `${embedded} -o $SMALL_IMAGE < $SMALL`,
  MANY_IMAGE: `$NODE $BENCH/endless.js 0 100000 | ${embedded} -o $MANY_IMAGE`,
  TREES_IMAGE: `
    mkdir $DIR/trees
    for name in 1 3; do cp -a $BENCH/../node_modules $DIR/trees/$name; done
    for name in 2 4; do mkdir $DIR/trees/$name; cp $NODE $DIR/trees/$name; done
    printf 'FROM scratch\\nCOPY 1 /1\\nCOPY 2 /2\\nCOPY 3 /3\\nCOPY 4 /4\\n' > $DIR/trees/Dockerfile
    ${embedded} -o $TREES_IMAGE $DIR/trees
    rm -r $DIR/trees`,
  SMALL_LAYERS: layersOf('SMALL'),
  TREES_LAYERS: layersOf('TREES'),
  BUILDER_FOLDER: `
    mkdir -p $BUILDER_FOLDER/out
    printf 'FROM scratch\\nCOPY data /data\\n' > $BUILDER_FOLDER/out/Dockerfile
    head -c 64M /dev/urandom > $BUILDER_FOLDER/out/data
    printf 'FROM %s\\nCOPY out /out\\nWORKDIR /out\\nCMD ["tar", "-cf", "-", "."]\\n' $BASE > $BUILDER_FOLDER/Dockerfile`,
};

export class Inputs {
  /** Variables for the shell. @type {Record<string, string>} */
  env = {};
  #folder;
  /** @type {Set<string>} */
  #written = new Set();

  /** @param {string} folder @param {string[]} given `NAME=VALUE`; @throws for unknown names */
  constructor(folder, given) {
    this.#folder = folder;
    for (const name of Object.keys(FILES)) this.env[name] = join(folder, name.toLowerCase());
    for (const name of PROGRAMS)
      if (spawnSync('which', [name]).status === 0) this.env[name.toUpperCase()] = name;
    for (const pair of given) {
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      if (![...PROGRAMS, ...ADDRESSES].includes(name))
        throw new Error(`--with ${pair}: no ${name}`);
      this.env[name.toUpperCase()] = value;
    }
  }

  /** @param {string} commands @returns {string[]} names of missing programs and addresses */
  missing(commands) {
    return [...PROGRAMS, ...ADDRESSES].filter(
      (name) => !(name.toUpperCase() in this.env) && named(commands, name.toUpperCase()),
    );
  }

  /** Writes the files that commands name. @param {string} commands @param {import('./measure.js').Shell} shell */
  async prepare(commands, shell) {
    for (const [name, recipe] of Object.entries(FILES)) {
      if (!named(commands, name) || this.#written.has(name)) continue;
      this.#written.add(name);
      if (typeof recipe === 'function') {
        await recipe(String(this.env[name]));
      } else {
        await this.prepare(recipe, shell);
        await shell.run(recipe);
      }
    }
  }

  /** Removes the files that no later row names. @param {string[]} later commands */
  keep(later) {
    for (const name of this.#written) {
      if (later.some((commands) => named(commands, name))) continue;
      rmSync(join(this.#folder, name.toLowerCase()), { recursive: true, force: true });
      this.#written.delete(name);
    }
  }
}

/** The compressed layers of an image, in a folder. @param {string} name */
function layersOf(name) {
  const [image, folder] = [`$${name}_IMAGE`, `$${name}_LAYERS`];
  return `mkdir ${folder}; tar -C ${folder} -xf ${image} --strip-components 2 blobs/sha256; find ${folder} -type f -size -1000k -delete`;
}

/** @param {string} commands @param {string} name */
function named(commands, name) {
  return new RegExp(`\\$${name}\\b`).test(commands);
}

/** Source code, again and again. @returns {import('./contexts.js').Fill} */
function textFill() {
  const source = readFileSync(
    new URL('../node_modules/typescript/lib/typescript.js', import.meta.url),
  );
  let at = 0;
  return (block) => {
    for (let filled = 0; filled < block.length;) {
      const copied = source.copy(block, filled, at);
      [filled, at] = [filled + copied, (at + copied) % source.length];
    }
  };
}
