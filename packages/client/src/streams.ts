import { Duplex, type Readable, type Writable } from 'node:stream';
import type { Status } from '@coracle/api/types/meta/v1';
import WebSocket from 'ws';
import { responseError } from './body.ts';
import type { Client } from './client.ts';
import { credentialHeaders, tlsMaterial } from './credentials.ts';
import { dialMessage } from './http1.ts';
import { type Query, queryString } from './paths.ts';
import { ConnectionError } from './transport.ts';

/** Channels of the remote-command protocol. */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

const remoteCommandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const portForwardProtocols = ['v4.channel.k8s.io'];

export interface TerminalSize {
  width: number;
  height: number;
}

export interface RemoteCommandStreams {
  stdin?: Readable;
  stdout?: Writable;
  stderr?: Writable;
  /** Sizes of the terminal, the first at once. */
  resize?: AsyncIterable<TerminalSize>;
  signal?: AbortSignal;
}

/**
 * Runs a command in a container, or attaches to it: `path` is the exec or attach subresource with its query. Settles with the
 * Status of the end (Success, or Failure with reason NonZeroExitCode and the exit code as a cause). Throws StatusError when the
 * server refuses and ConnectionError when the connection breaks.
 */
export async function remoteCommand(
  client: Client,
  path: string,
  query: Query,
  streams: RemoteCommandStreams,
): Promise<Status> {
  const socket = await openSocket(client, path, query, remoteCommandProtocols, streams.signal);
  const outputs: Record<number, Writable | undefined> = {
    [channel.stdout]: streams.stdout,
    [channel.stderr]: streams.stderr,
  };
  let status = '';
  const ended = new Promise<Status>((resolve, reject) => {
    socket.on('message', (data: Buffer) => {
      const id = data[0];
      const payload = data.subarray(1);
      if (id === channel.error) status += payload.toString('utf8');
      else if (id !== undefined && payload.length > 0) write(socket, outputs[id], payload);
    });
    socket.on('close', (code, reason) => {
      if (streams.signal?.aborted) return reject(streams.signal.reason);
      if (status !== '') return resolve(JSON.parse(status) as Status);
      if (code === 1000) return resolve({ metadata: {}, status: 'Success' });
      reject(
        new ConnectionError(
          `websocket: close ${code}${reason.length > 0 ? `: ${reason.toString('utf8')}` : ' (abnormal closure): unexpected EOF'}`,
          false,
        ),
      );
    });
  });
  socket.resume();
  const stdin = streams.stdin;
  const feed = stdin ? feedStdin(socket, stdin) : undefined;
  if (streams.resize) {
    sendSizes(socket, streams.resize).catch((error: Error) => socket.emit('error', error));
  }
  try {
    return await ended;
  } finally {
    feed?.();
  }
}

/** Pauses the connection while the reader of an output is behind. */
function write(socket: WebSocket, output: Writable | undefined, payload: Buffer): void {
  if (!output || output.write(payload)) return;
  socket.pause();
  output.once('drain', () => socket.resume());
}

/** Sends what stdin brings, with back-pressure. v4 cannot say that stdin ended; v5 closes its channel. */
function feedStdin(socket: WebSocket, stdin: Readable): () => void {
  const data = (chunk: Buffer | string): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    stdin.pause();
    socket.send(framed(channel.stdin, typeof chunk === 'string' ? Buffer.from(chunk) : chunk), (error) => {
      if (!error) stdin.resume();
    });
  };
  const end = (): void => {
    if (socket.protocol === 'v5.channel.k8s.io' && socket.readyState === WebSocket.OPEN) {
      socket.send(Buffer.from([channel.close, channel.stdin]));
    }
  };
  stdin.on('data', data);
  stdin.on('end', end);
  return () => {
    stdin.off('data', data);
    stdin.off('end', end);
    stdin.pause();
  };
}

async function sendSizes(socket: WebSocket, sizes: AsyncIterable<TerminalSize>): Promise<void> {
  for await (const { width, height } of sizes) {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(framed(channel.resize, Buffer.from(JSON.stringify({ Width: width, Height: height }))));
  }
}

const framed = (id: number, payload: Buffer): Buffer => Buffer.concat([Buffer.from([id]), payload]);

/** One forwarded connection: bytes to and from the port in the pod. Errors of the other side destroy it with their text. */
export async function portForward(client: Client, path: string, port: number, signal?: AbortSignal): Promise<Duplex> {
  const socket = await openSocket(client, path, { ports: port }, portForwardProtocols, signal);
  // Each of the two channels (0 data, 1 error) starts with a frame of the port's number, little endian.
  const started = new Set<number>();
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => socket.send(framed(0, chunk), done),
    // A side that has said all it has to say still listens; this protocol has no word for it, so the other side is not told.
    final: (done) => done(),
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on('message', (data: Buffer) => {
    const id = data[0]!;
    const payload = data.subarray(1);
    if (!started.has(id)) {
      started.add(id);
      return;
    }
    if (id === 1) stream.destroy(new Error(payload.toString('utf8')));
    else if (!stream.push(payload)) socket.pause();
  });
  socket.on('close', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  socket.resume();
  return stream;
}

async function openSocket(
  client: Client,
  path: string,
  query: Query,
  protocols: string[],
  signal?: AbortSignal,
): Promise<WebSocket> {
  const { config } = client;
  const credentials = await credentialHeaders(config)();
  const server = new URL(config.server);
  const url = `${server.origin.replace(/^http/, 'ws')}${server.pathname.replace(/\/$/, '')}${path}${queryString(query)}`;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = new WebSocket(url, protocols, {
      ...tlsMaterial(config),
      headers: { 'user-agent': config.userAgent ?? 'coracle', ...credentials } as Record<string, string>,
      perMessageDeflate: false,
      maxPayload: 0,
    });
    const abort = (): void => socket.terminate();
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal?.removeEventListener('abort', abort));
    socket.once('open', () => {
      socket.off('error', failed);
      // What breaks later shows as an abnormal close.
      socket.on('error', () => {});
      // What the server sends first must wait for its reader.
      socket.pause();
      resolve(socket);
    });
    const failed = (error: Error): void => {
      if (signal?.aborted) reject(signal.reason);
      else reject(new ConnectionError(dialMessage(server, error), true, error));
    };
    socket.once('error', failed);
    socket.once('unexpected-response', (request, response) => {
      responseError({ status: response.statusCode!, headers: response.headers, body: response }, 'GET')
        .then(reject, reject)
        .finally(() => request.destroy());
    });
  });
}
