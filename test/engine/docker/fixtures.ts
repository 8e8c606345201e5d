/**
 * Answers of real engines to `POST /build`. Made with
 *
 *     printf 'FROM BASE AS a\nRUN printf "gr\\303\\274n\\n"; echo bad >&2\nFROM BASE\n
 *     COPY --from=a /bin/sh /sh\nCOPY hello /hello\nRUN cat /hello\n' > Dockerfile    (one line)
 *     echo hello > hello; tar --owner=0 --group=0 -cf fx.tar Dockerfile hello
 *     curl -s -X POST --unix-socket ENGINE.sock -H 'Content-Type: application/x-tar' \
 *       --data-binary @fx.tar 'http://engine/build?nocache=1&t=eng-fx&version=VERSION'
 *
 * with BASE `dockerception-base`; `-failed` has `RUN false` as its last line. docker20 is Engine 20.10.24,
 * docker28 is 28.5.2 with the containerd image store, podman is 4.3.1.
 */
import { readFileSync } from 'node:fs';

/** The names of the files, without their ending. */
export type Fixture =
  | 'docker20-buildkit'
  | 'docker20-classic'
  | 'docker20-classic-failed'
  | 'docker28-buildkit'
  | 'docker28-buildkit-failed'
  | 'podman';

export function bytesOf(name: Fixture): Buffer {
  return readFileSync(new URL(`fixtures/${name}.jsonl`, import.meta.url));
}

/** The values of an answer's lines. */
export function messagesOf(name: Fixture): unknown[] {
  const lines = bytesOf(name).toString('utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}
