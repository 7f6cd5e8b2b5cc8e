import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

/** What a request was answered with. */
export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** The body, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever the server answered.
  body: any;
}

export type Call<Value = string> = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, Value>,
) => Promise<Answer>;

/** Sends requests to a server as plain as can be: an object goes as JSON, text as it is. */
export function callsTo(url: string): Call {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || ArrayBuffer.isView(body) ? (body as string) : JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    return answerOf(response.status, response.headers, Buffer.from(await response.arrayBuffer()));
  };
}

function answerOf(status: number, headers: Headers, bytes: Buffer): Answer {
  const text = bytes.toString();
  const isJson = headers.get('content-type')?.startsWith('application/json');
  return { status, headers, bytes, text, body: isJson && text ? JSON.parse(text) : text };
}

/** What a client trusts and shows, in PEM; without a certificate it shows none. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** As `callsTo`, over TLS and HTTP/1.1, on connections that are kept until `close`; a header of several values is sent as several. */
export function secureCallsTo(url: string, tls: ClientTls): { call: Call<string | string[]>; close(): void } {
  const agent = new Agent({ keepAlive: true, ...tls });
  const call: Call<string | string[]> = async (method, path, body, headers = {}) => {
    const text =
      body === undefined || typeof body === 'string' || ArrayBuffer.isView(body) ? body : JSON.stringify(body);
    const outgoing = request(url + path, {
      method,
      agent,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    // Once there is an answer, it is that which breaks off.
    outgoing.on('error', () => undefined).end(text);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const lines = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    );
    return answerOf(response.statusCode!, new Headers(lines), Buffer.concat(chunks));
  };
  return { call, close: () => agent.destroy() };
}

export interface WatchedEvent {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: as `Answer.body`.
  object: any;
}

/** A watch that a test reads event by event. */
export interface TestWatch {
  status: number;
  /** The next event; undefined when the server ended the watch. */
  next(): Promise<WatchedEvent | undefined>;
  /** The next events, as `TYPE name`. */
  take(count: number): Promise<string[]>;
  close(): void;
}

/** Opens a watch; the path carries its query. */
export async function openWatch(url: string, path: string, headers: Record<string, string> = {}): Promise<TestWatch> {
  const stop = new AbortController();
  const response = await fetch(url + path, { signal: stop.signal, headers });
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let buffered = '';
  const next = async (): Promise<WatchedEvent | undefined> => {
    for (;;) {
      const end = buffered.indexOf('\n');
      if (end >= 0) {
        const line = buffered.slice(0, end);
        buffered = buffered.slice(end + 1);
        return JSON.parse(line) as WatchedEvent;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      buffered += decoder.decode(value, { stream: true });
    }
  };
  return {
    status: response.status,
    next,
    take: async (count) => {
      const seen: string[] = [];
      while (seen.length < count) {
        const event = await next();
        if (!event) break;
        seen.push(`${event.type} ${event.object.metadata?.name ?? event.object.message ?? ''}`.trim());
      }
      return seen;
    },
    close: () => stop.abort(),
  };
}
