/** The messages of a gRPC call (grpc.io, PROTOCOL-HTTP2), and a stream of bytes over them. */
import { constants, type Http2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { countGarbage } from '../../compression/young-garbage.js';
import { BytesMessage } from './messages.js';
import { lengthOf } from './protobuf.js';

/** Bytes of a message to the client. */
const MAX_MESSAGE = 16 << 20;
/** Bytes in a message to the other side, which refuses more than 4 MiB by default. */
const MAX_BYTES = 1 << 20;
export const PREFIX = 5;

export function frame(...message: readonly Buffer[]): Buffer[] {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(lengthOf(message), 1);
  return [prefix, ...message];
}

export function closed(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}

/**
 * Calls `take` with each message of a call, and `end` after the last one. If a message is too long or cut, the call is aborted, or
 * `take` throws, the call is destroyed.
 */
export function onMessages(
  stream: Http2Stream,
  take: (message: Buffer) => void,
  end?: (error?: Error) => void,
): void {
  let pieces: Buffer[] = [];
  let length = 0;
  /** Bytes of the prefix, or of the prefix and the message. */
  let wanted = PREFIX;
  const add = (chunk: Buffer): void => {
    pieces.push(chunk);
    length += chunk.length;
    while (length >= wanted) {
      const received = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
      const end = PREFIX + received.readUInt32BE(1);
      if (end > MAX_MESSAGE) throw new RangeError('a message is too long');
      const isWhole = length >= end;
      if (isWhole) take(received.subarray(PREFIX, end));
      pieces = [isWhole ? received.subarray(end) : received];
      length -= isWhole ? end : 0;
      wanted = isWhole ? PREFIX : end;
    }
  };
  stream.on('data', (chunk: Buffer) => {
    try {
      add(chunk);
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  stream.on('end', () => {
    // A call that was aborted ends, too.
    const error = length > 0 || stream.aborted ? closed() : undefined;
    if (error) stream.destroy(error);
    end?.(error);
  });
}

function partsOf(data: Buffer): Buffer[] {
  const count = Math.ceil(data.length / MAX_BYTES);
  return Array.from({ length: count }, (_, at) =>
    data.subarray(at * MAX_BYTES, (at + 1) * MAX_BYTES),
  );
}

/** A stream of bytes over the messages of a call, `BytesMessage` in both directions. */
export function bytesOver(stream: Http2Stream): Duplex {
  const bytes = new Duplex({
    read: () => void stream.resume(),
    // All that waits is one message, without a copy, unless a caller writes its whole context at once.
    writev(chunks, done) {
      const data = chunks.map(({ chunk }) => chunk as Buffer);
      const length = lengthOf(data);
      countGarbage(length);
      const messages = length > MAX_BYTES ? data.flatMap(partsOf) : [data];
      const next = (): void => {
        const message = messages.shift();
        if (message === undefined) return done();
        stream.cork();
        for (const piece of frame(...BytesMessage.pieces({ data: message }))) stream.write(piece);
        stream.uncork();
        if (stream.writableNeedDrain) stream.once('drain', next);
        else next();
      };
      next();
    },
    final(done) {
      stream.end();
      done();
    },
    destroy(error, done) {
      const isOver = error === null && bytes.writableFinished && bytes.readableEnded;
      if (!isOver) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      done(error);
    },
  });
  // Its reader and its writer receive the error, too.
  bytes.on('error', () => undefined);
  onMessages(
    stream,
    (message) => {
      if (!bytes.push(BytesMessage.parse(message).data)) stream.pause();
    },
    (error) => void (error ? bytes.destroy(error) : bytes.push(null)),
  );
  stream.on('error', (error) => bytes.destroy(error));
  stream.on('close', () => {
    if (!stream.readableEnded || !bytes.writableFinished) bytes.destroy();
  });
  return bytes;
}
