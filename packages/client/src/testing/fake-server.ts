import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Client, connect } from '../client.ts';

export type FakeHandler = (
  request: IncomingMessage & { json: () => Promise<unknown> },
  response: ServerResponse,
) => void | Promise<void>;

/** A scripted API server for tests of this package: every request goes to `handler`. */
export async function fakeServer(
  handler: FakeHandler,
): Promise<{ client: Client; url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const json = async (): Promise<unknown> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return JSON.parse(Buffer.concat(chunks).toString('utf8'));
    };
    void Promise.resolve(handler(Object.assign(request, { json }), response)).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connect({ server: url });
  return {
    client,
    url,
    close: () =>
      new Promise((resolve) => {
        client.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers JSON. */
export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Waits until `probe` returns something true; fails with the last error or value after `limitMs`. */
export async function until<T>(probe: () => T | Promise<T>, limitMs = 20_000): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${probe.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
