import type { Readable } from 'node:stream';
import type { KubeObject } from '@coracle/api/kind';
import { StatusError } from '@coracle/api/meta/status';
import type { Status } from '@coracle/api/types/meta/v1';
import { brokenOff, decodeBody } from './body.ts';
import type { TransportResponse } from './transport.ts';

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** The changes of a watch response: one JSON object a line. Ends with the body; an ERROR event throws its Status, a broken connection ConnectionError. */
export async function* watchEvents<T extends KubeObject>(
  open: () => Promise<TransportResponse>,
  signal?: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const { body } = await open();
  for await (const line of whole(body, signal)) {
    const event = decodeBody(line) as WatchEvent<T> | { type: 'ERROR'; object: Status };
    if (event.type === 'ERROR') throw new StatusError(event.object);
    yield event;
  }
}

/** The lines of a body; an error of the connection as this package's. */
async function* whole(body: Readable, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  try {
    yield* lines(body);
  } catch (error) {
    throw brokenOff(error, signal);
  }
}

const lineFeed = 10;

/** The complete lines of a stream of bytes; a broken last line is dropped with the connection that broke. */
export async function* lines(body: Readable): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, from);
      if (end < 0) break;
      const tail = chunk.subarray(from, end);
      const line = pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
      pending = [];
      from = end + 1;
      if (line.length > 0) yield line;
    }
    if (from < chunk.length) pending.push(chunk.subarray(from));
  }
}
