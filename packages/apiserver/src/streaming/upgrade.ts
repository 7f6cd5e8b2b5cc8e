import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { badRequest, plainFailure } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';
import type { UpgradeAnswer } from './ask-upgrade.ts';
import type { KubeletClient, KubeletPlace } from './kubelet.ts';

/** The client's connection of a request to upgrade. Throws BadRequest when the request is none. */
export function upgradeOf({ upgrade }: RequestContext): { socket: Duplex; head: Buffer } {
  if (!upgrade) throw badRequest('Upgrade request required');
  return upgrade;
}

/** The subprotocols a WebSocket request offers; undefined when the request is no WebSocket's. */
export function webSocketProtocols({ headers }: IncomingMessage): string[] | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
  const offered = headers['sec-websocket-protocol'] ?? '';
  return offered
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** Takes the connection out of the hands of the HTTP server; from here on its bytes are ours. */
export function detach({ res }: RequestContext, socket: Duplex): void {
  res.statusCode = 101;
  res.detachSocket(socket as never); // the socket it was assigned
}

/** Not for the kubelet: it does not know the client, and must not be able to act as the client. */
const ours = /^(host|authorization|cookie|origin|impersonate-.*|x-remote-.*|x-forwarded-.*|audit-id)$/i;

/**
 * Lets the kubelet upgrade the client's connection itself: its answer goes to the client as it is, and so does every byte after it in
 * both directions, whatever they speak. Resolves when both ends are closed.
 */
export async function passThrough(
  context: RequestContext,
  kubelets: KubeletClient,
  place: KubeletPlace,
  path: string,
): Promise<void> {
  upgradeOf(context);
  const { req, signal } = context;
  const headers: string[] = [];
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] ?? '';
    // The list may have lost a subprotocol that carried the client's token.
    const value =
      name.toLowerCase() === 'sec-websocket-protocol' ? req.headers['sec-websocket-protocol'] : req.rawHeaders[i + 1];
    if (!ours.test(name) && value !== undefined) headers.push(name, value);
  }
  await passAnswerThrough(
    context,
    await kubelets.upgrade(place, { method: req.method ?? 'GET', path, headers }, signal),
  );
}

/**
 * Answers a request to upgrade with what its target answered. Resolves when both ends are closed. Throws an error without a reason where the target
 * neither upgrades nor refuses.
 */
export async function passAnswerThrough(context: RequestContext, answer: UpgradeAnswer): Promise<void> {
  const { socket, head } = upgradeOf(context);
  const code = answer.response.statusCode ?? 0;
  if (!answer.socket && code < 400) {
    answer.response.destroy();
    throw plainFailure(`invalid upgrade response: status code ${code}`);
  }
  detach(context, socket);
  socket.write(headOf(answer.response));
  if (!answer.socket) {
    context.res.statusCode = code;
    answer.response.pipe(socket);
    await closed(socket);
    return;
  }
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) answer.socket.write(head);
  await joined(socket, answer.socket);
}

/** Carries bytes both ways until both ends are closed; the end of either ends the other once its bytes are out. */
export async function joined(a: Duplex, b: Duplex): Promise<void> {
  a.pipe(b);
  b.pipe(a);
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on('error', () => other.destroy()); // a broken connection breaks the other; there is nobody else to tell
    one.once('close', () => other.end(() => other.destroy()));
  }
  await Promise.all([closed(a), closed(b)]);
}

function closed(socket: Duplex): Promise<void> {
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => socket.once('close', resolve));
}

function headOf(response: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage ?? ''}`];
  for (let i = 0; i < response.rawHeaders.length; i += 2) {
    const name = response.rawHeaders[i] ?? '';
    // The body comes out of the parser without its chunks: it ends with the connection.
    if (response.statusCode !== 101 && /^(transfer-encoding|connection)$/i.test(name)) continue;
    lines.push(`${name}: ${response.rawHeaders[i + 1]}`);
  }
  if (response.statusCode !== 101) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}
