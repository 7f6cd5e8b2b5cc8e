import type { Transport } from './responder.ts';

/** Answers a message from a client; `family` is 1 for IPv4 and 2 for IPv6, as metrics have it. Undefined: no answer. */
export type Serve = (message: Buffer, transport: Transport, family: 1 | 2) => Buffer | undefined | Promise<Buffer>;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}
