import type { Duplex } from 'node:stream';
import { internalError } from '@coracle/api/meta/status';
import type { KubeletClient, KubeletPlace } from './kubelet.ts';
import { refusalText } from './log.ts';

/** A connection to the runtime that speaks SPDY/3.1. */
export interface SpdyUpgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
  /** What is spoken over its streams, as the runtime chose among those offered. */
  readonly protocol: string;
}

/**
 * Upgrades a connection to SPDY/3.1, offering protocols for its streams. Throws an InternalError that says what the kubelet or runtime
 * refuses with, and what `failure` makes of the reason where there is no connection.
 */
export async function upgradeToSpdy(
  kubelets: KubeletClient,
  place: KubeletPlace,
  wish: { path: string; protocols: readonly string[] },
  signal: AbortSignal,
  failure?: (why: string) => Error,
): Promise<SpdyUpgrade> {
  const headers = ['Connection', 'Upgrade', 'Upgrade', 'SPDY/3.1', 'Content-Length', '0'];
  for (const protocol of wish.protocols) headers.push('X-Stream-Protocol-Version', protocol);
  const answer = await kubelets.upgrade(place, { method: 'POST', path: wish.path, headers }, signal, failure);
  if (!answer.socket) throw notUpgraded((await refusalText(answer.response)).trim());
  const { upgrade = '', 'x-stream-protocol-version': protocol = '' } = answer.response.headers;
  if (upgrade.toLowerCase() !== 'spdy/3.1') {
    answer.socket.destroy();
    throw notUpgraded(`the kubelet answered with ${JSON.stringify(upgrade)}`);
  }
  return { socket: answer.socket, head: answer.head, protocol: String(protocol) };
}

function notUpgraded(why: string): Error {
  return internalError(new Error(`unable to upgrade connection: ${why}`));
}
