import { Agent } from 'node:https';
import { posix } from 'node:path';
import { badRequest, StatusError } from '@coracle/api/meta/status';
import type { RequestContext } from '../chain/link.ts';
import { requestInfoOf } from '../chain/request-info.ts';
import { send } from '../endpoints/response.ts';
import { decodedPath, escapedPath, orderedQuery } from '../proxy/url-forms.ts';
import { authorityOf } from '../streaming/ask-upgrade.ts';
import type { Address, ServiceResolver } from '../webhooks/service-resolver.ts';
import type { CertificateAndKey } from './client-certificate.ts';
import { identityHeaders } from './identity-headers.ts';
import { type RemoteServer, tlsOf } from './remote-server.ts';

/** Kept connections that are idle this long (ms) are closed. */
const idle = 90_000;

/** How long (ms) after the end of a request's time its connection is given up: the answer to the client comes first. */
const grace = 1_000;

/** All extension servers share it: connections are kept by address, server name, authority and what is shown. */
const agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxFreeSockets: 25, timeout: idle });

/** What passing on needs of the server. */
export interface Passing {
  readonly resolve: ServiceResolver;
  readonly shown: CertificateAndKey;
  /** Whether redirects of extension servers stay here (--aggregator-reject-forwarding-redirect). */
  readonly refuseRedirects: boolean;
  readonly log: { warn(details: object, message: string): void };
}

/** How long (ms) what a server says of a group-version may take: clients ask all servers before they do anything. */
const discoveryPatience = 5_000;

/**
 * Lets an extension server answer a request, in the user's name: it has passed authentication and authorization here, and passes the extension
 * server's own. Where that cannot be reached the answer is 503 with a line of text, and 500 where its `caBundle` holds no certificate, as upstream's.
 */
export async function passOn(context: RequestContext, remote: RemoteServer, passing: Passing): Promise<void> {
  if (remote.available && remote.caProblem !== undefined) return sendText(context, 500, remote.caProblem);
  const address = remote.available ? addressOf(remote, passing) : undefined;
  if (!address) return sendText(context, 503, 'service unavailable');
  const { path, query } = placeOf(context);
  context.begun?.(); // what a watch costs is the extension server's to count
  const [{ forward }, { clientLocation }] = await Promise.all([
    import('../proxy/forward.ts'),
    import('../proxy/location.ts'),
  ]);
  const late = new AbortController();
  // The client was answered when the time was over: nobody waits for the extension server any more.
  const { deadline } = context;
  const timer =
    deadline === undefined ? undefined : setTimeout(() => late.abort(), Math.max(0, deadline - Date.now()) + grace);
  const signal = AbortSignal.any([context.signal, late.signal]);
  const host = authorityOf(address);
  const frame = { prefix: '', target: host, asked: host, origin: `https://${host}` };
  try {
    await forward(
      { ...context, signal },
      {
        secure: true,
        ...address,
        path: path + (query === '' ? '' : `?${query}`),
        tls: tlsOf(remote, passing.shown),
        agent,
        headers: [...identityHeaders(context.user), 'Audit-Id', context.auditId],
        ways: ['X-Forwarded-Uri', posix.join(path), 'X-Forwarded-Host', host, 'X-Forwarded-Proto', 'https'],
        ...(isDiscovery(context) ? { patience: discoveryPatience } : {}),
        location: (location) => clientLocation(location, frame),
        refusesRedirects: passing.refuseRedirects,
      },
    );
  } catch (error) {
    if (late.signal.aborted) return;
    if (!(error instanceof StatusError)) throw error;
    await sendText(context, 503, error.message);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What is asked for, in the form it is passed on in. Throws BadRequest where a slash that was escaped would make it something else than what was
 * authorized.
 */
function placeOf({ req, info }: RequestContext): { path: string; query: string } {
  const url = req.url ?? '/';
  const path = escapedPath(decodedPath(info.path));
  if (/%2f/i.test(info.path)) {
    const passed = requestInfoOf(req.method ?? '', path);
    const isSame = (['namespace', 'resource', 'name', 'subresource'] as const).every(
      (key) => passed[key] === info[key],
    );
    if (!isSame) throw badRequest('the name of an object must not have a slash');
  }
  return { path, query: orderedQuery(url.slice(info.path.length + 1)) };
}

/** Whether it is what a server says of a group-version, `/apis/example.com/v1`. */
const isDiscovery = ({ info }: RequestContext): boolean =>
  !info.isResourceRequest && info.path.replace(/^\/+|\/+$/g, '').split('/').length === 3;

function addressOf({ name, service }: RemoteServer, { resolve, log }: Passing): Address | undefined {
  try {
    return resolve(service.namespace, service.name, service.port);
  } catch (error) {
    log.warn({ reason: (error as Error).message, apiService: name }, 'The Service of an APIService leads nowhere');
    return undefined;
  }
}

function sendText(context: RequestContext, code: number, text: string): Promise<void> {
  context.res.setHeader('X-Content-Type-Options', 'nosniff');
  return send(context, code, 'text/plain; charset=utf-8', Buffer.from(`${text}\n`));
}
