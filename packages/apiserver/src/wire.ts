import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { IncomingMessage as PlainRequest } from '@coracle/client/plain-http';

/**
 * Deals with what no handler is to see, in the way and the words of Go's http.Server: requests in other versions of HTTP, without a host or with several, with
 * bodies in codings nobody knows, or about nothing (`OPTIONS *`). True: the request is answered. Of one that names its server too (`GET https://server/path`),
 * as clients ask proxies, the path is left.
 */
export function answersAtOnce(req: IncomingMessage, res: ServerResponse): boolean {
  req.url = (req.url ?? '').replace(/^https?:\/\/[^/?]*\/?/i, '/');
  const isHttp1 = (req as object) instanceof PlainRequest; // HTTP/2's requests stand in for HTTP/1's
  const refusal = isHttp1 ? refusalOf(req) : undefined;
  if (refusal) {
    const [code, reason, text = `${code} ${reason}`] = refusal;
    res.writeHead(code, reason, { ...plain, 'Content-Length': String(text.length), Connection: 'close' }).end(text);
  } else if (req.method === 'OPTIONS' && req.url === '*') {
    res.writeHead(200, { 'Content-Length': '0' }).end();
  }
  return res.writableEnded;
}

const plain = { 'Content-Type': 'text/plain; charset=utf-8' };

/** Why a request in HTTP/1.x is refused: the code, the reason beside it, and the body where it says something else. */
function refusalOf(req: IncomingMessage): Refusal | undefined {
  if (req.httpVersionMajor !== 1) return [505, 'HTTP Version Not Supported: unsupported protocol version'];
  const coding = req.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return [501, 'Not Implemented', 'Unsupported transfer encoding'];
  const hosts = hostsIn(req.rawHeaders);
  if (hosts > 1) return [400, 'Bad Request: too many Host headers'];
  if (hosts === 0 && req.httpVersionMinor > 0) return [400, 'Bad Request: missing required Host header'];
  if (!isHost(req.headers.host ?? '')) return [400, 'Bad Request: malformed Host header'];
  return hasBadEscape(pathIn(req.url ?? '')) ? [400, 'Bad Request'] : undefined;
}

/** Whether only characters are in it that Go takes for a host's, with or without a port. */
const isHost = (text: string): boolean => /^[a-zA-Z0-9!$%&'()*+,\-.:;=[\]_~]*$/.test(text);

const hasBadEscape = (text: string): boolean => /%(?![0-9a-f]{2})/i.test(text);

const pathIn = (url: string): string => url.split('?', 1)[0]!;

/** The parameters in what follows a URL's question mark. As in Go, one with a semicolon or with an escape that is none is not there. */
export function parametersIn(query: string): URLSearchParams {
  if (!query.includes(';') && !hasBadEscape(query)) return new URLSearchParams(query);
  const known = query.split('&').filter((each) => !each.includes(';') && !hasBadEscape(each));
  return new URLSearchParams(known.join('&'));
}

/** Tells a client that waits for it to send its body, as soon as somebody reads that; one that is refused before is not, and its connection ends. */
export function continueOnceRead(req: IncomingMessage, res: ServerResponse): void {
  const { shouldKeepAlive } = res;
  res.shouldKeepAlive = false;
  const onListener = (event: string | symbol) => {
    if (event !== 'data' && event !== 'readable') return;
    req.off('newListener', onListener);
    res.shouldKeepAlive = shouldKeepAlive;
    if (!res.headersSent) res.writeContinue();
  };
  req.on('newListener', onListener);
}

/** Breaks an answer off in a way its client sees: what it has of it is not all. */
export function breakOff(res: ServerResponse): void {
  const response: unknown = res;
  if (response instanceof Http2ServerResponse) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else res.destroy();
}

/** Refuses a request that expects what no server does. */
export function refuseExpectation(res: ServerResponse): void {
  res.writeHead(417, { 'Content-Length': '0', Connection: 'close' }).end();
}

/** How many of the headers name the host; they are names and values by turns. */
function hostsIn(headers: readonly string[]): number {
  let hosts = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

type Refusal = [code: number, reason: string, text?: string];

/** Tells a client whose bytes are no request that they are none, and ends its connection; one that took too long, or is gone, is told nothing. */
export function refuseBytes({ code = '' }: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || !code.startsWith('HPE_')) {
    socket.destroy();
    return;
  }
  const text = code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${text}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${text}`);
}

/** Tells a client that speaks HTTP without TLS to a port with it what is wrong, before its connection ends. */
export function refusePlain(
  { code }: NodeJS.ErrnoException,
  { _parent: below }: TLSSocket & { _parent?: Duplex },
): void {
  // The connection below TLS is known by that name alone; it outlives a handshake that failed until this returns.
  if (code === 'ERR_SSL_HTTP_REQUEST' && below?.writable)
    below.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n');
}
