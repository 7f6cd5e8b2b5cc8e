import type { StatusError } from '@coracle/api/meta/status';
import { internalError } from '@coracle/api/meta/status';
import { WebSocket } from 'ws';
import type { RequestContext } from '../chain/link.ts';
import type { SpdyConnection, SpdyStream } from './spdy/connection.ts';
import { acceptWebSocket, highWater, normalClosure } from './web-socket.ts';

/** Which streams a remote command has. */
export interface RemoteStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export const remoteCommandV5 = 'v5.channel.k8s.io';
/** What the runtime is offered: the streams of all of these are the same to us. */
export const spdyProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
type Channel = 'stdin' | 'stdout' | 'stderr' | 'error' | 'resize';

/**
 * Answers a client that speaks the WebSocket protocol `v5.channel.k8s.io` by speaking SPDY to the runtime: no runtime needs to know
 * how a WebSocket closes one of its channels (https://kep.k8s.io/4006). Resolves when the connections are closed.
 */
export async function translateRemoteCommand(
  context: RequestContext,
  wanted: RemoteStreams,
  dial: () => Promise<SpdyConnection>,
): Promise<void> {
  const client = await acceptWebSocket(context, remoteCommandV5);
  const ended = new Promise<void>((resolve) => client.once('close', () => resolve()));
  client.on('error', () => client.terminate()); // a client that breaks the protocol is let go
  // What the client sends before the runtime is there waits in its connection.
  client.pause();
  try {
    const connection = await dial();
    client.once('close', () => connection.close());
    if (client.readyState === WebSocket.CLOSED) connection.close();
    await new Translation(client, connection).run(wanted);
  } catch (error) {
    fail(client, error as Error);
  }
  await ended;
}

function fail(client: WebSocket, error: Error): void {
  const { status } = 'status' in error ? (error as StatusError) : internalError(error);
  if (client.readyState !== WebSocket.OPEN) {
    client.terminate();
    return;
  }
  client.send(onChannel('error', Buffer.from(JSON.stringify(status))));
  client.resume();
  client.close(normalClosure);
}

function onChannel(channel: Channel, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([channels[channel]]), bytes]);
}

class Translation {
  readonly #client: WebSocket;
  readonly #runtime: SpdyConnection;
  readonly #streams = new Map<number, SpdyStream>();
  #reported = false;

  constructor(client: WebSocket, runtime: SpdyConnection) {
    this.#client = client;
    this.#runtime = runtime;
  }

  /** Opens the streams, in the order in which runtimes expect them, and carries what comes over them until all have ended. */
  async run({ stdin, stdout, stderr, tty }: RemoteStreams): Promise<void> {
    const outputs: Promise<void>[] = [];
    const open = async (channel: Channel, isOutput: boolean) => {
      let finished: () => void = () => undefined;
      if (isOutput) outputs.push(new Promise((resolve) => (finished = resolve)));
      const stream = await this.#runtime.open(
        { streamtype: [channel] },
        { data: (bytes) => isOutput && this.#toClient(channel, bytes), end: () => finished() },
      );
      if (!isOutput) this.#streams.set(channels[channel], stream);
    };
    this.#client.on('message', (data: Buffer) => this.#fromClient(data));
    await open('error', true);
    if (stdin) await open('stdin', false);
    if (stdout) await open('stdout', true);
    if (stderr && !tty) await open('stderr', true);
    if (tty) await open('resize', false);
    this.#client.resume();
    await Promise.all(outputs);
    if (!this.#reported) throw new Error('the runtime closed the connection without the status of the command');
    this.#client.close(normalClosure);
    this.#runtime.close();
  }

  #toClient(channel: Channel, bytes: Buffer): void {
    if (channel === 'error') this.#reported = true;
    if (this.#client.readyState !== WebSocket.OPEN) return;
    this.#client.send(onChannel(channel, bytes), () => {
      if (this.#client.bufferedAmount <= highWater) this.#runtime.resume();
    });
    if (this.#client.bufferedAmount > highWater) this.#runtime.pause();
  }

  #fromClient(data: Buffer): void {
    const [channel, closing] = data;
    if (channel === channels.close) {
      if (closing !== undefined) this.#streams.get(closing)?.finish();
      return;
    }
    const stream = channel === undefined ? undefined : this.#streams.get(channel);
    if (!stream || data.length === 1 || stream.write(data.subarray(1))) return;
    this.#client.pause();
    this.#runtime.onceDrained(() => this.#client.resume());
  }
}
