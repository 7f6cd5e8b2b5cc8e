import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A target's answer to a request to upgrade: the connection, or a refusal with its response. */
export type UpgradeAnswer =
  | { readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }
  | { readonly response: IncomingMessage; readonly socket?: undefined };

/** `host:port` as URLs have it. */
export function authorityOf({ host, port }: { host: string; port: number }): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Sends a request to upgrade; ends it when the client is gone. Rejects with what `failure` makes of an error. */
export function askUpgrade(
  outgoing: ClientRequest,
  signal: AbortSignal,
  failure: (error: Error) => Error,
): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    const abort = () => outgoing.destroy(new Error('the client is gone'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const settled = () => signal.removeEventListener('abort', abort);
    outgoing.once('upgrade', (response, socket, head) => {
      settled();
      (socket as Partial<Socket>).setNoDelay?.(true);
      resolve({ response, socket, head });
    });
    outgoing.once('response', (response) => {
      settled();
      resolve({ response });
    });
    outgoing.once('error', (error) => {
      settled();
      reject(failure(error));
    });
    outgoing.end();
  });
}
