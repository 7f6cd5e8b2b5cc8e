import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';

/** How long the runtime may take for one call, in milliseconds. */
const limit = 60_000;
const service = '/runtime.v1.RuntimeService';

/**
 * Removes all pods of a container runtime, by CRI: their containers end, and their networks are taken down. Throws when the runtime does not
 * answer or refuses.
 */
export async function removeSandboxes(socket: string): Promise<void> {
  for (const id of idsIn(await call(socket, 'ListPodSandbox', Buffer.alloc(0)))) {
    await call(socket, 'StopPodSandbox', stringField(1, id));
    await call(socket, 'RemovePodSandbox', stringField(1, id));
  }
}

/** One call of gRPC: these three messages are so small that they need no library. */
function call(socket: string, method: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2('http://localhost', { createConnection: () => connect(socket) });
    const fail = (error: Error) => {
      session.destroy();
      reject(new Error(`the container runtime at ${socket}, asked to ${method}: ${error.message}`, { cause: error }));
    };
    session.once('error', fail); // tells why; the stream's own error then says only that it was cancelled
    const stream = session.request({
      ':method': 'POST',
      ':path': `${service}/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const parts: Buffer[] = [];
    let status: string | undefined;
    let told = '';
    const note = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] === undefined) return;
      status = String(headers['grpc-status']);
      told = decodeURIComponent(String(headers['grpc-message'] ?? ''));
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('data', (chunk: Buffer) => parts.push(chunk));
    stream.setTimeout(limit, () => fail(new Error(`no answer within ${limit / 1000} s`)));
    stream.once('error', (error) => setImmediate(() => fail(error)));
    stream.once('end', () => {
      session.close();
      if (status === '0') resolve(Buffer.concat(parts).subarray(5));
      else fail(new Error(told || `it ended with ${status ?? 'no status'}`));
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}

function stringField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** The ids in a ListPodSandboxResponse: of each of its items (field 1) the field 1. */
export function idsIn(response: Buffer): string[] {
  return fieldsOne(response).flatMap((item) => fieldsOne(item).slice(0, 1).map(String));
}

/** The length-delimited fields of number 1 in a protobuf message. */
function fieldsOne(message: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const number = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = number();
    const kind = tag & 7;
    if (kind === 2) {
      const length = number();
      if (tag >>> 3 === 1) found.push(message.subarray(at, at + length));
      at += length;
    } else if (kind === 0) number();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else throw new Error(`the container runtime's answer has a field of kind ${kind}`);
  }
  return found;
}
