import type { IncomingMessage } from 'node:http';

/** About one connection, not about the message (RFC 9110, 7.6.1). */
const hopByHop =
  /^(connection|proxy-connection|keep-alive|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|upgrade|http2-settings)$/i;
/** Who the client is to this server; with these the target could act as the client. */
const credentials = /^(authorization|impersonate-.*|x-remote-.*)$/i;

/** Whether a header has one value: HTTP/2 takes no second one. */
export const isSingle = (name: string): boolean =>
  /^(access-control-.*|age|content-(encoding|length|location|md5|range|type)|date|dnt|etag|expires|last-modified|location|retry-after|tk|x-content-type-options)$/i.test(
    name,
  );

/** Name and value in turn, without what is about the connection it came over. */
export function endToEnd({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = new Set((headers.connection ?? '').split(',').map((each) => each.trim().toLowerCase()));
  return pick(rawHeaders, (name) => !hopByHop.test(name) && !named.has(name.toLowerCase()));
}

/** What a request carries on to its target: its end-to-end headers without the client's credentials and the host. */
export function forwarded(req: IncomingMessage): string[] {
  const takesTrailers = /(^|,)\s*trailers\s*(,|;|$)/i.test(String(req.headers.te ?? ''));
  return [
    ...withWay(
      req,
      pick(endToEnd(req), (name) => !isOurs(name)),
    ),
    ...(takesTrailers ? ['TE', 'trailers'] : []),
  ];
}

/** What a request to upgrade carries on: as `forwarded`, with what asks for the upgrade. */
export function forwardedUpgrade(req: IncomingMessage): string[] {
  const headers = pick(req.rawHeaders, (name) => !isOurs(name));
  // The list may have lost a subprotocol that carried the client's token.
  const protocols = req.headers['sec-websocket-protocol'];
  const isProtocols = (name: string) => name.toLowerCase() === 'sec-websocket-protocol';
  const rest = withWay(
    req,
    pick(headers, (name) => !isProtocols(name)),
  );
  return protocols === undefined ? rest : [...rest, 'Sec-WebSocket-Protocol', protocols];
}

/** The headers, with the address the request comes from behind those it came by before. */
function withWay(req: IncomingMessage, headers: readonly string[]): string[] {
  const from = req.socket.remoteAddress;
  const before = req.headers['x-forwarded-for'];
  const way = [...(before ? [before] : []), ...(from ? [from] : [])].join(', ');
  const rest = pick(headers, (name) => name.toLowerCase() !== 'x-forwarded-for');
  return way === '' ? rest : [...rest, 'X-Forwarded-For', way];
}

function isOurs(name: string): boolean {
  // Names that begin with a colon are HTTP/2's pseudo headers.
  return name.startsWith(':') || name.toLowerCase() === 'host' || credentials.test(name);
}

function pick(raw: readonly string[], keep: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) if (keep(raw[i]!)) kept.push(raw[i]!, raw[i + 1]!);
  return kept;
}
