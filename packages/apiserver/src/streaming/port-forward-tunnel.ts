import type { Duplex } from 'node:stream';
import { createWebSocketStream } from 'ws';
import type { RequestContext } from '../chain/link.ts';
import type { SpdyUpgrade } from './spdy-upgrade.ts';
import { joined } from './upgrade.ts';
import { acceptWebSocket } from './web-socket.ts';

const tunnelPrefix = 'SPDY/3.1+';

/** The protocol for the streams of a tunnel: `portforward.k8s.io` of `SPDY/3.1+portforward.k8s.io`; undefined where none is offered. */
export function tunnelledProtocol(offered: readonly string[]): string | undefined {
  return offered.find((each) => each.startsWith(tunnelPrefix))?.slice(tunnelPrefix.length);
}

/** Carries a SPDY connection's bytes in the binary messages of a WebSocket (https://kep.k8s.io/4006). Resolves when both are closed. */
export async function tunnel(context: RequestContext, protocol: string, runtime: SpdyUpgrade): Promise<void> {
  const client = await acceptWebSocket(context, `${tunnelPrefix}${protocol}`);
  const bytes: Duplex = createWebSocketStream(client);
  if (runtime.head.length > 0) bytes.write(runtime.head);
  await joined(bytes, runtime.socket);
}
