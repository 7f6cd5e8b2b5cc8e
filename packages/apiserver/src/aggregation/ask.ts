import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { checkAlternativeNames } from '@coracle/client/server-identity';
import { mastersGroup, type User } from '../chain/user.ts';
import { authorityOf } from '../streaming/ask-upgrade.ts';
import { Attempt } from '../streaming/attempt.ts';
import { limitedBody } from '../webhooks/limited-body.ts';
import type { Address } from '../webhooks/service-resolver.ts';
import type { CertificateAndKey } from './client-certificate.ts';
import { identityHeaders } from './identity-headers.ts';
import { type RemoteServer, tlsOf } from './remote-server.ts';

/** Whom extension servers see where this server asks for itself: discovery, documents, health. */
const aggregator: User = { name: 'system:kube-aggregator', groups: [mastersGroup] };

/** The largest answer, in bytes: ours, so that none can take the server's memory. */
const answerLimit = 64 << 20;

const tooLate = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

/** A question of the server's own. */
export interface Question {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until it has failed. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Takes any certificate, and no body: the answer tells no more than whether somebody is there. */
  readonly presence?: boolean;
}

export interface RemoteAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** GETs a path of an extension server, as the aggregator; redirects are not followed. Rejects with Go's text where there is no answer. */
export function ask(
  remote: RemoteServer,
  address: Address,
  shown: CertificateAndKey,
  { path, headers = {}, timeout, signal, presence = false }: Question,
): Promise<RemoteAnswer> {
  const origin = `https://${authorityOf(address)}`;
  const late = AbortSignal.timeout(timeout);
  return new Promise((resolve, reject) => {
    const failed = (why: string) => reject(new Error(`Get ${JSON.stringify(origin + path)}: ${why}`));
    const own = Object.entries(headers).flat();
    const outgoing = request({
      ...address,
      ...tlsOf(remote, shown),
      // Who fails it is not available, and gets no requests.
      checkServerIdentity: checkAlternativeNames,
      ...(presence ? { rejectUnauthorized: false } : {}),
      path,
      agent: false,
      headers: ['Host', authorityOf(address), ...identityHeaders(aggregator), ...own],
      signal: AbortSignal.any([signal, late]),
    });
    const attempt = new Attempt(outgoing, { ...address, secure: true });
    outgoing.once('error', (error) => failed(late.aborted ? tooLate : attempt.unanswered(error)));
    outgoing.once('response', (response) => {
      if (presence) {
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.alloc(0) });
        response.destroy();
        return;
      }
      limitedBody(response, answerLimit).then(
        (body) => resolve({ code: response.statusCode ?? 0, headers: response.headers, body }),
        (error: Error) => failed(late.aborted ? tooLate : error.message),
      );
    });
    outgoing.end();
  });
}
