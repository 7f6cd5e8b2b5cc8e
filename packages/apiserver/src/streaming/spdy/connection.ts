import type { Duplex } from 'node:stream';
import { encodeFrame, type Frame, FrameReader, maxData } from './frames.ts';
import { HeaderCompressor, HeaderReader, type Headers } from './headers.ts';

/** What happens on a stream, in the order in which the peer did it. */
export interface StreamEvents {
  data(bytes: Buffer): void;
  /** The peer sends no more: it finished or reset the stream, or the connection ended. Called once. */
  end(reason: 'finished' | 'reset' | 'closed'): void;
}

/** A stream that this side opened. */
export interface SpdyStream {
  readonly id: number;
  /** Sends bytes; false when the connection is congested and `drained` should be waited for. */
  write(bytes: Buffer): boolean;
  /** Sends no more on this stream; the peer may go on. */
  finish(): void;
}

interface Open {
  readonly events: StreamEvents;
  replied(error?: Error): void;
  ended: boolean;
}

const cancel = 5;
const invalidStream = 2;

/**
 * The client's end of a SPDY/3.1 connection, over a socket that has been upgraded to it: what kubectl and the API server speak to
 * runtimes. The flow-control windows of the draft are not used by Kubernetes' implementations, nor here: the socket's own
 * back-pressure does (`pause`, `resume`).
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #reader = new FrameReader();
  readonly #compressor = new HeaderCompressor();
  readonly #headers = new HeaderReader();
  readonly #streams = new Map<number, Open>();
  readonly #closed: ((error?: Error) => void)[] = [];
  /** Frames are handled one after the other, though reading a header block takes a moment. */
  #handled: Promise<void> = Promise.resolve();
  #nextId = 1;
  #over = false;

  /** `head`: what came over the socket with the answer to the upgrade. */
  constructor(socket: Duplex, head: Buffer = Buffer.alloc(0)) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.once('error', (error) => this.#end(error));
    socket.once('close', () => this.#end());
    socket.once('end', () => this.#end());
    if (head.length > 0) this.#receive(head);
  }

  /** Opens a stream and waits until the peer has accepted it. Rejects when it resets it, or the connection ends. */
  async open(headers: Headers, events: StreamEvents): Promise<SpdyStream> {
    if (this.#over) throw new Error('the connection is closed');
    const id = this.#nextId;
    this.#nextId += 2;
    const accepted = new Promise<void>((resolve, reject) => {
      const replied = (error?: Error) => (error ? reject(error) : resolve());
      this.#streams.set(id, { events, replied, ended: false });
    });
    accepted.catch(() => undefined); // awaited below, unless sending fails first
    this.#send({ type: 'synStream', streamId: id, fin: false, headers: await this.#compressor.compress(headers) });
    await accepted;
    return {
      id,
      write: (bytes) => this.#write(id, bytes),
      finish: () => this.#send({ type: 'data', streamId: id, fin: true, data: Buffer.alloc(0) }),
    };
  }

  /** Calls back once when the connection has ended, by either side; at once if it has. */
  onClose(callback: (error?: Error) => void): void {
    if (this.#over) callback();
    else this.#closed.push(callback);
  }

  /** Calls back when what was written has left. */
  onceDrained(callback: () => void): void {
    this.#socket.once('drain', callback);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#send({ type: 'goAway', lastStreamId: 0, status: 0 });
    this.#socket.end(() => this.#socket.destroy());
    this.#end();
  }

  #write(id: number, bytes: Buffer): boolean {
    let free = true;
    for (let at = 0; at < bytes.length; at += maxData) {
      free = this.#send({ type: 'data', streamId: id, fin: false, data: bytes.subarray(at, at + maxData) });
    }
    return free;
  }

  #send(frame: Exclude<Frame, { type: 'other' }>): boolean {
    if (this.#over || this.#socket.writableEnded) return true;
    return this.#socket.write(encodeFrame(frame));
  }

  #receive(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.read(bytes)) {
        this.#handled = this.#handled.then(() => this.#handle(frame)).catch((error: Error) => this.#fail(error));
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'data': {
        const stream = this.#streams.get(frame.streamId);
        if (!stream) return void this.#send({ type: 'reset', streamId: frame.streamId, status: invalidStream });
        if (frame.data.length > 0 && !stream.ended) stream.events.data(frame.data);
        if (frame.fin) endStream(stream, 'finished');
        return;
      }
      case 'synReply':
      case 'headers': {
        await this.#headers.read(frame.headers); // keeps the decompressor in step
        const stream = this.#streams.get(frame.streamId);
        stream?.replied();
        if (stream && frame.fin) endStream(stream, 'finished');
        return;
      }
      case 'synStream':
        await this.#headers.read(frame.headers);
        this.#send({ type: 'reset', streamId: frame.streamId, status: cancel }); // servers open none here
        return;
      case 'reset': {
        const stream = this.#streams.get(frame.streamId);
        stream?.replied(new Error(`the peer refused the stream (status ${frame.status})`));
        if (stream) endStream(stream, 'reset');
        this.#streams.delete(frame.streamId);
        return;
      }
      case 'ping':
        // Odd numbers are answers to our own pings, of which there are none.
        if (frame.id % 2 === 0) this.#send(frame);
        return;
      default:
        return; // GOAWAY: open streams live on; windows and settings are not used
    }
  }

  #fail(error: Error): void {
    this.#socket.destroy();
    this.#end(error);
  }

  #end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    // What has arrived is handed out before the end is told.
    void this.#handled.then(() => {
      for (const stream of this.#streams.values()) {
        stream.replied(error ?? new Error('the connection was closed'));
        endStream(stream, 'closed');
      }
      this.#streams.clear();
      this.#compressor.close();
      this.#headers.close();
      for (const callback of this.#closed) callback(error);
    });
  }
}

function endStream(stream: Open, reason: 'finished' | 'reset' | 'closed'): void {
  if (stream.ended) return;
  stream.ended = true;
  stream.events.end(reason);
}
