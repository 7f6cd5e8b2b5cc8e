import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { caBundleProblem } from '@coracle/api/meta/ca-bundle';
import { messageOf } from '@coracle/api/meta/message-of';
import { statusFromResponse } from '@coracle/api/meta/response-status';
import { StatusError } from '@coracle/api/meta/status';
import { dialMessage } from '@coracle/client/http1';
import { checkAlternativeNames } from '@coracle/client/server-identity';
import type { WebhookAnswer } from './answer.ts';
import type { CredentialsFor, WebhookCredentials } from './credentials.ts';
import { limitedBody } from './limited-body.ts';
import type { RestObserver } from './rest-metrics.ts';
import type { Address, ServiceResolver } from './service-resolver.ts';

/** Where a webhook is, as configurations say it: a URL, or a Service of the cluster; and who vouches for it. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    readonly path?: string;
    readonly port?: number;
  };
  /** PEM in base64; without it, the authorities the runtime trusts. */
  readonly caBundle?: string;
}

/** The largest answer of a webhook, in bytes: ours, so that none can take the server's memory. */
const answerLimit = 16 << 20;

/** How often a webhook that is busy is asked again, as upstream's clients do. */
const mostRetries = 10;

/** How many requests a question takes at most where each is answered with another place to ask at, as upstream's clients have it. */
const mostRequests = 10;

/** Kept connections that are idle this long (ms) are closed. */
const idle = 90_000;

/** All webhooks share it: connections are kept by address, server name and authority. */
const agent = new Agent({
  keepAlive: true,
  keepAliveMsecs: 30_000,
  maxFreeSockets: 25,
  timeout: idle,
  checkServerIdentity: checkAlternativeNames,
});

/** The answer of a webhook came too late, or was not waited for. */
export class WebhookTimeout extends Error {}

/** A webhook ready to be called. */
export interface WebhookTarget {
  /** `https://hook.default.svc:443`, as error texts show it. */
  readonly origin: string;
  readonly path: string;
  /** Finds what to connect to; called for each request. */
  readonly address: () => Address;
  /** The name its certificate must have. */
  readonly serverName: string;
  /** PEM; undefined: those the runtime trusts. */
  readonly ca: string | undefined;
  /** By what it knows this server; mostly by nothing. */
  readonly credentials?: WebhookCredentials | undefined;
}

/** What is wrong with the authorities of a configuration, which stays the same object until it changes. */
const caProblems = new WeakMap<WebhookClientConfig, string | undefined>();

function caProblemOf(config: WebhookClientConfig): string | undefined {
  if (!caProblems.has(config)) caProblems.set(config, caBundleProblem(config.caBundle));
  return caProblems.get(config);
}

/** Reads where a webhook is, and finds what this server shows it. Throws on a URL that is none, and on authorities that are none. */
export function webhookTarget(
  config: WebhookClientConfig,
  resolve: ServiceResolver,
  credentialsFor?: CredentialsFor,
): WebhookTarget {
  const problem = caProblemOf(config);
  if (problem !== undefined) throw new Error(problem);
  const ca = config.caBundle ? Buffer.from(config.caBundle, 'base64').toString('utf8') : undefined;
  if (config.service) {
    const { namespace, name, path = '', port = 443 } = config.service;
    const serverName = `${name}.${namespace}.svc`;
    const origin = `https://${serverName}:${port}`;
    const credentials = credentialsFor?.(serverName, port);
    const address = () => resolve(namespace, name, port);
    return { origin, path: plainPath(path), address, serverName, ca, credentials };
  }
  if (config.url === undefined) throw new Error('webhook configuration must have either service or URL');
  const url = new URL(config.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: url.port === '' ? 443 : Number(url.port) };
  const credentials = credentialsFor?.(url.hostname, address.port);
  return {
    origin: url.origin,
    path: plainPath(url.pathname),
    address: () => address,
    serverName: host,
    ca,
    credentials,
  };
}

/** `/a/b` of `a//b/`. */
function plainPath(path: string): string {
  const joined = posix.join('/', path);
  return joined.length > 1 ? joined.replace(/\/$/, '') : joined;
}

/** How long a webhook may take, and who asks. */
export interface WebhookCall {
  /** Also told to the webhook, in seconds, in the query parameter `timeout`. */
  readonly milliseconds: number;
  /** The time is what this server has for all webhooks of the kind, not what is left for a request; texts of errors tell. */
  readonly isOwnTime?: boolean;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  readonly userAgent: string;
  /** Told of the request, once it is over. */
  readonly observe?: RestObserver;
}

/**
 * Posts JSON and gives the answer. Redirects are followed within the webhook's own origin. A webhook that answers 429 or 5xx and says when to ask again
 * (`Retry-After`, in seconds) is asked again then. Throws a StatusError for an answer with an error code, WebhookTimeout when the time is over, and an
 * Error with upstream's text when there is no connection.
 */
export async function postToWebhook(target: WebhookTarget, body: Buffer, call: WebhookCall): Promise<WebhookAnswer> {
  const path = `${target.path}?timeout=${Math.max(1, Math.ceil(call.milliseconds / 1000))}s`;
  const failed = (why: string) => `Post ${JSON.stringify(target.origin + path)}: ${why}`;
  const time = AbortSignal.timeout(Math.max(0, call.milliseconds));
  const signal = call.signal ? AbortSignal.any([call.signal, time]) : time;
  let isAnswering = false;
  const answering = () => {
    isAnswering = true;
  };
  const attempt = async (): Promise<Sent> => {
    isAnswering = false;
    const begun = performance.now();
    const over = (code: number | undefined, responseBytes: number, failure?: unknown) =>
      call.observe?.({
        host: target.origin.slice('https://'.length),
        method: 'POST',
        code,
        seconds: (performance.now() - begun) / 1000,
        requestBytes: body.length,
        responseBytes,
        failure,
      });
    try {
      signal.throwIfAborted();
      const sent = await ask({ target, path, body, userAgent: call.userAgent, signal, answering });
      over(sent.status, sent.bytes.length);
      return sent;
    } catch (error) {
      if (!(error instanceof StatusError)) over(undefined, 0, error instanceof Error ? error.cause : undefined);
      throw error;
    }
  };
  try {
    let sent = await attempt();
    for (let retries = 0; sent.retryAfter !== undefined && retries < mostRetries; retries++) {
      await sleep(sent.retryAfter * 1000, undefined, { signal });
      sent = await attempt();
    }
    const { status, bytes, contentType } = sent;
    if (status < 200 || status > 206) {
      throw statusFromResponse(status, bytes.toString('utf8'), { verb: 'POST', contentType });
    }
    return sent;
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (time.aborted) {
      const late = (when: string) => `context deadline exceeded${call.isOwnTime ? ` (Client.Timeout ${when})` : ''}`;
      throw new WebhookTimeout(
        isAnswering
          ? brokenOff(late('or context cancellation while reading body')).message
          : failed(late('exceeded while awaiting headers')),
      );
    }
    if (call.signal?.aborted) throw new WebhookTimeout(failed('context canceled'));
    if (error instanceof ConnectionFailure) throw new Error(failed(error.message));
    throw error;
  }
}

class ConnectionFailure extends Error {}

interface Sending {
  readonly target: WebhookTarget;
  readonly path: string;
  /** Undefined: there is nothing to post, and it is a GET. */
  readonly body: Buffer | undefined;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Told when an answer begins. */
  readonly answering: () => void;
}

interface Sent extends WebhookAnswer {
  /** Seconds after which a busy webhook wants to be asked again; undefined: it does not. */
  readonly retryAfter: number | undefined;
  /** Where else it wants to be asked, as it says it. */
  readonly location: string | undefined;
}

/** Sends a request, and again where the answers say that it belongs. */
async function ask(first: Sending): Promise<Sent> {
  let it = first;
  for (let requests = 1; ; requests++) {
    const sent = await send(it);
    const next = redirected(it, sent);
    if (!next) return sent;
    if (requests === mostRequests) {
      throw new Error(`Post ${JSON.stringify(sent.location)}: stopped after ${mostRequests} redirects`);
    }
    it = next;
  }
}

/** The request an answer asks for in place of one; undefined: it is an answer. No webhook can lead this server to where it does not ask anyway. */
function redirected(it: Sending, { status, location }: Sent): Sending | undefined {
  const keepsBody = status === 307 || status === 308;
  if (!location || !(keepsBody || [301, 302, 303].includes(status))) return undefined;
  const { origin } = it.target;
  const url = URL.parse(location, origin + it.path);
  if (url?.origin !== origin) return undefined;
  return { ...it, path: url.pathname + url.search, body: keepsBody ? it.body : undefined };
}

async function send(it: Sending, isRetry = false): Promise<Sent> {
  const { target, path, body, userAgent, signal, answering } = it;
  const authorization = await target.credentials?.headers();
  const address = addressOf(target);
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({
      agent,
      ...address,
      method: body ? 'POST' : 'GET',
      path,
      servername: isIP(target.serverName) === 0 ? target.serverName : '',
      ...(target.ca === undefined ? {} : { ca: target.ca }),
      ...target.credentials?.certificate(),
      signal,
      headers: {
        ...authorization,
        host: target.origin.slice('https://'.length),
        ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
        accept: 'application/json, */*',
        'user-agent': userAgent,
      },
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that the other side closed meanwhile: it has not seen the request.
      const unseen = outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
      if (unseen && !isRetry && !signal.aborted) resolve(send(it, true));
      else reject(new ConnectionFailure(dialMessage(new URL(target.origin), error), { cause: error }));
    });
    outgoing.on('response', (incoming) => {
      const { statusCode = 0, headers } = incoming;
      answering();
      limitedBody(incoming, answerLimit).then(
        (bytes) =>
          resolve({
            status: statusCode,
            contentType: headers['content-type'] ?? '',
            bytes,
            retryAfter: retryAfterOf(incoming),
            location: headers.location,
          }),
        (error: NodeJS.ErrnoException) =>
          reject(error.code === 'ECONNRESET' ? brokenOff('unexpected EOF') : new ConnectionFailure(error.message)),
      );
    });
    outgoing.end(body);
  });
}

const brokenOff = (why: string) =>
  new Error(`unexpected error when reading response body. Please retry. Original error: ${why}`);

function retryAfterOf({ statusCode = 0, headers }: IncomingMessage): number | undefined {
  const seconds = headers['retry-after'] ?? '';
  return (statusCode === 429 || statusCode >= 500) && /^\d{1,6}$/.test(seconds) ? Number(seconds) : undefined;
}

function addressOf({ address }: WebhookTarget): Address {
  try {
    return address();
  } catch (error) {
    throw new ConnectionFailure(messageOf(error));
  }
}
