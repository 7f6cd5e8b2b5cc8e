import { StatusError } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';
import { webSocketProtocols } from '../streaming/upgrade.ts';
import { acceptWebSocket, isWebSocket, type Message, WebSocketOutput } from '../streaming/web-socket.ts';

/**
 * The WebSocket that a watch goes to, an event a message; undefined where the client asks for none. Throws Forbidden where it does not say from what
 * page it comes, and BadRequest where it leaves the choice of a subprotocol to the server, as upstream does.
 */
export async function webSocketOf(context: RequestContext, media: string): Promise<WebSocketOutput | undefined> {
  if (!isWebSocket(context)) return undefined;
  const protocols = webSocketProtocols(context.req) ?? [];
  if (context.req.headers.origin === undefined) throw refusal(403, 'Forbidden', 'null origin');
  if (protocols.length > 1) throw refusal(400, 'BadRequest', 'bad WebSocket Protocol');
  const client = await acceptWebSocket(context, protocols[0]);
  return new WebSocketOutput(client, media === 'application/json' ? lines : framed);
}

const refusal = (code: number, reason: string, message: string) => new StatusError({ code, reason, message });

const newline = 0x0a;

/** Events in JSON are lines. */
function* lines(bytes: Buffer): Generator<Message> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(newline, start) + 1 || bytes.length;
    yield bytes.toString('utf8', start, end);
    start = end;
  }
}

const lengthSize = 4;

/** Events in protobuf have their length before them, which messages do without. */
function* framed(bytes: Buffer): Generator<Message> {
  for (let start = 0; start < bytes.length; ) {
    const end = start + lengthSize + bytes.readUInt32BE(start);
    yield bytes.subarray(start + lengthSize, end);
    start = end;
  }
}
