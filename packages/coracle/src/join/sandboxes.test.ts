import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { idsIn, removeSandboxes } from './sandboxes.ts';

const long = 'b'.repeat(200);
/** A ListPodSandboxResponse of two pods; the first has further fields, among them numbers. */
const response = Buffer.concat([
  Buffer.from([0x0a, 13, 0x0a, 3, ...Buffer.from('one'), 0x18, 0xac, 0x02, 0x12, 3, ...Buffer.from('abc')]),
  Buffer.from([0x0a, 0xcb, 0x01, 0x0a, 0xc8, 0x01, ...Buffer.from(long)]),
]);

it('the ids of pods are read whatever else is told of them', () => {
  expect(idsIn(response)).toEqual(['one', long]);
  expect(idsIn(Buffer.alloc(0))).toEqual([]);
});

let folder: string;
let runtime: Http2Server;
let asked: string[];
let refuse: string | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandboxes-'));
  asked = [];
  refuse = undefined;
  runtime = createServer();
  runtime.on('stream', answer);
  runtime.listen(join(folder, 'socket'));
  await once(runtime, 'listening');
});
afterEach(() => {
  runtime.close();
  rmSync(folder, { recursive: true });
});

/** A container runtime with two pods. */
function answer(stream: ServerHttp2Stream, headers: Record<string, unknown>): void {
  const method = String(headers[':path']).split('/').at(-1)!;
  const parts: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => parts.push(chunk));
  stream.on('end', () => {
    // The request's only field is the id, the text that ends it.
    const text = Buffer.concat(parts).subarray(5).toString('latin1');
    asked.push(`${method} ${/\w{3,}$/.exec(text)?.[0] ?? ''}`.trim());
    const refused = refuse === method;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () =>
      stream.sendTrailers(refused ? { 'grpc-status': '2', 'grpc-message': 'no%20way' } : { 'grpc-status': '0' }),
    );
    const content = method === 'ListPodSandbox' ? response : Buffer.alloc(0);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(content.length, 1);
    stream.end(refused ? '' : Buffer.concat([prefix, content]));
  });
}

it('each pod is stopped, so that its network is taken down, and removed', async () => {
  await removeSandboxes(join(folder, 'socket'));
  expect(asked).toEqual([
    'ListPodSandbox',
    'StopPodSandbox one',
    'RemovePodSandbox one',
    `StopPodSandbox ${long}`,
    `RemovePodSandbox ${long}`,
  ]);
});

it('what the runtime refuses, or that it is not there, is an error', async () => {
  refuse = 'StopPodSandbox';
  await expect(removeSandboxes(join(folder, 'socket'))).rejects.toThrow('asked to StopPodSandbox: no way');
  await expect(removeSandboxes(join(folder, 'nobody'))).rejects.toThrow('asked to ListPodSandbox: connect ENOENT');
});
