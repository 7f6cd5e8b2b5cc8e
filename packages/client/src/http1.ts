import type { Agent, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { RestConfig } from './config.ts';
import { tlsMaterial } from './credentials.ts';
import { Agent as HttpAgent, request as httpRequest } from './plain-http.ts';
import { ConnectionError, type Transport, type TransportRequest, type TransportResponse } from './transport.ts';

const keepAlive = { keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 4 };

/** HTTP/1.1 with keep-alive: for plain-text test servers and servers without HTTP/2. */
export class Http1Transport implements Transport {
  readonly #server: URL;
  readonly #config: RestConfig | undefined;
  readonly #agent: Agent;
  readonly #tls: boolean;

  /** Without `config` the connection is plain text. */
  constructor(server: URL, config: RestConfig | undefined) {
    this.#server = server;
    this.#config = config;
    this.#tls = server.protocol === 'https:';
    this.#agent = this.#tls ? new HttpsAgent(keepAlive) : new HttpAgent(keepAlive);
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#server;
      const options = {
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port || (this.#tls ? 443 : 80),
        method: request.method,
        path: request.path,
        headers: {
          ...request.headers,
          ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
        },
        agent: this.#agent,
        signal: request.signal,
        ...(this.#tls && this.#config ? tlsMaterial(this.#config) : {}),
      };
      const outgoing = this.#tls ? httpsRequest(options, answered) : httpRequest(options, answered);
      function answered(incoming: IncomingMessage): void {
        resolve({ status: incoming.statusCode!, headers: incoming.headers, body: incoming });
      }
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (request.signal?.aborted) return reject(request.signal.reason);
        // A kept connection that the server closed in the meantime: the request never arrived.
        const unsent = error.code === 'ECONNREFUSED' || (outgoing.reusedSocket && error.code === 'ECONNRESET');
        reject(new ConnectionError(dialMessage(this.#server, error), unsent, error));
      });
      const send = (): void => {
        try {
          request.beforeSend?.();
        } catch (error) {
          reject(error);
          outgoing.destroy();
          return;
        }
        outgoing.end(request.body);
      };
      // Nothing is written before `end`, so a new connection stands by the time of the check.
      outgoing.once('socket', (socket) => {
        if (socket.connecting) socket.once(this.#tls ? 'secureConnect' : 'connect', send);
        else send();
      });
    });
  }

  reconnect(): void {
    // The agent asks for a connection by its certificate: those in use serve no later request.
    for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy();
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** The text Go programs show when they cannot connect: `dial tcp 127.0.0.1:6443: connect: connection refused`. */
export function dialMessage(server: URL, error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  const target = `${error.address ?? server.hostname}:${error.port ?? (server.port || (server.protocol === 'https:' ? 443 : 80))}`;
  if (error.code === 'ECONNREFUSED') return `dial tcp ${target}: connect: connection refused`;
  // Closed in good order, but before there was an answer: no system call failed.
  if (error.code === 'ECONNRESET' && error.syscall === undefined) return 'EOF';
  if (error.code === 'ECONNRESET') return `read tcp ${target}: read: connection reset by peer`;
  if (error.code === 'ETIMEDOUT') return `dial tcp ${target}: i/o timeout`;
  if (error.code === 'EHOSTUNREACH') return `dial tcp ${target}: connect: no route to host`;
  if (error.code === 'ENETUNREACH') return `dial tcp ${target}: connect: network is unreachable`;
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
    return `dial tcp: lookup ${server.hostname}: no such host`;
  if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') return otherNameMessage(error);
  if (error.code === 'EPROTO') return protocolMessage(error.message);
  return tlsMessages[error.code ?? ''] ?? (error.message || String(error.code));
}

/** What OpenSSL says of a handshake that fails, in Go's words. */
function protocolMessage(text: string): string {
  if (text.includes('wrong version number')) return 'http: server gave HTTP response to HTTPS client';
  const alert = /alert ([a-z ]+[a-z])/.exec(text)?.[1];
  return alert === undefined ? text : `remote error: tls: ${alerts[alert] ?? alert}`;
}

const alerts: Readonly<Record<string, string>> = {
  'unknown ca': 'unknown certificate authority',
  'protocol version': 'protocol version not supported',
};

/** The certificate is another host's: `x509: certificate is valid for 10.96.0.1, not 127.0.0.1`. */
function otherNameMessage(error: Error & { host?: string; cert?: { subjectaltname?: string } }): string {
  const host = error.host ?? '';
  const isAddress = isIP(host) !== 0;
  const prefix = isAddress ? 'IP Address:' : 'DNS:';
  const names = (error.cert?.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  const head = 'tls: failed to verify certificate: x509: ';
  if (names.length > 0) return `${head}certificate is valid for ${names.join(', ')}, not ${host}`;
  if (isAddress) return `${head}cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  return `${head}certificate is not valid for any names, but wanted to match ${host}`;
}

const tlsMessages: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
};
