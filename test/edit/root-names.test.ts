/** Names as they land in a root, whatever symbolic links were on their way before the root was moved. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moveRoot } from '../../src/edit/root-names.js';
import { isDirectory, type Node } from '../../src/filesystem/node.js';
import { Tree } from '../../src/filesystem/tree.js';
import { unpack } from '../../src/filesystem/unpack.js';
import { filtered } from '../support/filter.js';
import { readTar } from '../support/read-tar.js';
import { member, tar, type Member } from '../support/write-tar.js';
