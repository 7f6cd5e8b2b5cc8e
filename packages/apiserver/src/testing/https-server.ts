import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Authority, issueCertificate, makeAuthority } from '@coracle/process/pki';

/** What a test's server was asked. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever was sent.
  readonly body: any;
  /** Tells connections apart. */
  readonly connection: number;
  /** Common name of the client's certificate; empty for none. */
  readonly client: string;
}

/** What it answers: an object goes as JSON; undefined: it never answers. */
export type Respond = (
  received: Received,
) => object | { raw: string; code?: number; headers?: Record<string, string> } | undefined;

/** A real HTTPS server on loopback, for what the API server calls: webhooks, issuers of tokens. */
export interface HttpsServer {
  readonly url: string;
  readonly port: number;
  readonly authority: Authority;
  /** The authority in the form of clientConfig.caBundle. */
  readonly caBundle: string;
  /** Everything it was asked, in order. */
  readonly received: readonly Received[];
  /** Answers from now on. */
  respond: Respond;
  close(): Promise<void>;
}

/** Starts it, with a certificate for 127.0.0.1 and `names` of an authority of its own. */
export async function startHttpsServer(respond: Respond, names: readonly string[] = []): Promise<HttpsServer> {
  const authority = await makeAuthority({ commonName: 'test-ca', days: 1 });
  const { certificate, key } = await issueCertificate({
    authority,
    commonName: 'test',
    dnsNames: [...names],
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    days: 1,
  });
  const received: Received[] = [];
  const sockets = new Map<unknown, number>();
  const server = createServer(
    { cert: certificate, key, requestCert: true, rejectUnauthorized: false },
    async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      if (!sockets.has(req.socket)) sockets.set(req.socket, sockets.size);
      const subject = (req.socket as TLSSocket).getPeerCertificate()?.subject;
      const one: Received = {
        path: req.url ?? '',
        headers: req.headers,
        body: text === '' ? undefined : JSON.parse(text),
        connection: sockets.get(req.socket)!,
        client: String(subject?.CN ?? ''),
      };
      received.push(one);
      const answer = it.respond(one);
      if (answer === undefined) return;
      if ('raw' in answer) {
        res.writeHead(answer.code ?? 200, { 'content-type': 'application/json', ...answer.headers }).end(answer.raw);
      } else {
        res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      }
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const it: HttpsServer = {
    url: `https://127.0.0.1:${port}`,
    port,
    authority,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    received,
    respond,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return it;
}
