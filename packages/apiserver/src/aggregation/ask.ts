import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { dialMessage } from '@coracle/client/http1';
import { checkAlternativeNames } from '@coracle/client/server-identity';
import { mastersGroup, type User } from '../chain/user.ts';
import { authorityOf } from '../streaming/ask-upgrade.ts';
import { limitedBody } from '../webhooks/limited-body.ts';
import type { Address } from '../webhooks/service-resolver.ts';
import type { CertificateAndKey } from './client-certificate.ts';
import { identityHeaders } from './identity-headers.ts';
import { type RemoteServer, tlsOf } from './remote-server.ts';

/** Whom extension servers see where this server asks for itself: discovery, documents, health. */
const aggregator: User = { name: 'system:kube-aggregator', groups: [mastersGroup] };

/** The largest answer, in bytes: ours, so that none can take the server's memory. */
const answerLimit = 64 << 20;

/** A question of the server's own. */
export interface Question {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until it has failed. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Takes any certificate: the answer tells no more than whether somebody is there. */
  readonly unchecked?: boolean;
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
  { path, headers = {}, timeout, signal, unchecked = false }: Question,
): Promise<RemoteAnswer> {
  const origin = `https://${authorityOf(address)}`;
  const late = AbortSignal.timeout(timeout);
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      const why = late.aborted ? 'context deadline exceeded' : dialMessage(new URL(origin), error);
      reject(new Error(`Get ${JSON.stringify(origin + path)}: ${why}`));
    };
    const own = Object.entries(headers).flat();
    const outgoing = request({
      ...address,
      ...tlsOf(remote, shown),
      // Who fails it is not available, and gets no requests.
      checkServerIdentity: checkAlternativeNames,
      ...(unchecked ? { rejectUnauthorized: false } : {}),
      path,
      agent: false,
      headers: ['Host', authorityOf(address), ...identityHeaders(aggregator), ...own],
      signal: AbortSignal.any([signal, late]),
    });
    outgoing.once('error', failed);
    outgoing.once('response', (response) => {
      limitedBody(response, answerLimit).then(
        (body) => resolve({ code: response.statusCode ?? 0, headers: response.headers, body }),
        failed,
      );
    });
    outgoing.end();
  });
}
