import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type FieldError, forbidden, invalid, Path } from '@coracle/api/meta/field-path';
import { messageOf } from '@coracle/api/meta/message-of';
import { badRequest, internalError, invalidObject, StatusError } from '@coracle/api/meta/status';
import { parseTime } from '@coracle/api/meta/time';
import { booleanOf, integerOf } from '../endpoints/options.ts';
import type { Subresource, SubresourceCall } from '../registry/strategy.ts';
import { type KubeletClient, UntrustedKubelet } from './kubelet.ts';
import type { StreamingMetrics } from './metrics.ts';
import { containerOf, podOf } from './pod-target.ts';
import { webSocketProtocols } from './upgrade.ts';
import { acceptWebSocket, isWebSocket, WebSocketOutput } from './web-socket.ts';

/** How much of a kubelet's refusal is read. */
const refusalLimit = 50_000;

/** GET of `pods/log`: the log of a container, from the kubelet of the pod's node, as plain text. */
export function podLog(kubelets: KubeletClient, metrics: StreamingMetrics): Subresource {
  return {
    methods: ['GET'],
    body: { group: '', version: 'v1', kind: 'Pod' },
    longRunning: true,
    async handle(call) {
      const { query, res, signal } = call.request;
      const options = logOptions(query, call.name);
      const pod = await podOf(call);
      const container = containerOf(pod, query.get('container') ?? '');
      if (!pod.spec.nodeName) return void res.writeHead(204).end(); // nothing was logged yet
      const place = await kubelets.locate(call.objects, pod.spec.nodeName);
      const path = `/containerLogs/${call.namespace}/${call.name}/${container}${options}`;
      const insecure = booleanOf(query, 'insecureSkipTLSVerifyBackend');
      metrics.logged(insecure);
      const response = await kubelets.get(place, path, { signal, insecure }).catch((error: unknown) => {
        if (error instanceof UntrustedKubelet) metrics.logRefusedByTls();
        throw error;
      });
      const code = response.statusCode ?? 0;
      if (code < 200 || code > 206) throw await refusalOf(response, call.name);
      if (isWebSocket(call.request)) return sendMessages(call, response);
      await answer(call, response);
      res.end();
    },
  };
}

async function answer({ request }: SubresourceCall, from: IncomingMessage): Promise<void> {
  const { res, signal } = request;
  res.writeHead(200, { 'Content-Type': 'text/plain' });
  res.flushHeaders();
  try {
    await pipeline(from, res, { signal });
  } catch (error) {
    from.destroy();
    if (!signal.aborted) throw error; // a client that leaves ends a followed log
  }
}

const base64Messages = 'base64.binary.k8s.io';

/** Answers over a WebSocket: an empty message at once, then the log as it comes, in bytes or as base64. Throws BadRequest on other subprotocols. */
async function sendMessages({ request }: SubresourceCall, from: IncomingMessage): Promise<void> {
  const offered = webSocketProtocols(request.req) ?? [];
  const known = ['binary.k8s.io', base64Messages];
  const protocol = offered.length === 0 ? '' : offered.find((each) => known.includes(each));
  if (protocol === undefined) {
    from.destroy();
    throw new StatusError({ code: 403, reason: 'Forbidden', message: 'requested protocol(s) are not supported' });
  }
  const message = (bytes: Buffer) => (protocol === base64Messages ? bytes.toString('base64') : bytes);
  const output = new WebSocketOutput(await acceptWebSocket(request, protocol), (bytes) => [message(bytes)]);
  output.write(Buffer.alloc(0));
  output.gone.addEventListener('abort', () => from.destroy(), { once: true });
  try {
    for await (const bytes of from) {
      if (!output.write(bytes as Buffer)) await new Promise<void>((resolve) => output.once('drain', resolve));
    }
  } catch (error) {
    if (!output.gone.aborted) throw error; // a client that leaves ends a followed log
  } finally {
    output.end();
  }
}

const flags = ['follow', 'previous', 'timestamps'];
/** In the order their errors are told, with the least each may be. */
const numbers = [
  ['tailLines', 0, 'must be greater than or equal to 0'],
  ['limitBytes', 1, 'must be greater than 0'],
  ['sinceSeconds', 1, 'must be greater than 0'],
] as const;

/** The query for the kubelet. Throws BadRequest on numbers that are none, Invalid on those out of range. */
function logOptions(query: URLSearchParams, pod: string): string {
  const found = new URLSearchParams();
  for (const name of flags) if (booleanOf(query, name)) found.set(name, 'true');
  const given: Record<string, number | undefined> = {};
  given.sinceSeconds = integerOf(query, 'sinceSeconds');
  const since = timeOf(query.get('sinceTime'));
  given.tailLines = integerOf(query, 'tailLines');
  given.limitBytes = integerOf(query, 'limitBytes');
  const errors: FieldError[] = [];
  const at = new Path();
  for (const [name, least, message] of numbers) {
    const value = given[name];
    if (value === undefined) continue;
    found.set(name, String(value));
    if (name === 'sinceSeconds' && since !== undefined) {
      // Upstream names the place by an index that is empty.
      errors.push(forbidden(at.child('[]'), 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
    } else if (value < least) errors.push(invalid(at.child(name), value, message));
  }
  if (since !== undefined) found.set('sinceTime', since);
  // The gate PodLogsQuerySplitStreams is off.
  if (query.get('stream')) errors.push(forbidden(at.child('stream'), 'may not be specified'));
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'PodLogOptions' }, pod, errors);
  found.sort();
  return found.size > 0 ? `?${found}` : '';
}

/** A time of the query, to the second; one that is empty is the first there is. Throws BadRequest when it is none. */
function timeOf(text: string | null): string | undefined {
  if (text === null) return undefined;
  if (text === '' || text === 'null') return '0001-01-01T00:00:00Z';
  try {
    return new Date(parseTime(text)).toISOString().replace(/\.\d+Z$/, 'Z');
  } catch (error) {
    throw badRequest(messageOf(error));
  }
}

/** What a kubelet refused, as the answer to the client. */
export async function refusalOf(response: IncomingMessage, name: string): Promise<StatusError> {
  const text = await refusalText(response);
  const code = response.statusCode ?? 500;
  if (code === 400) return badRequest(text);
  if (code === 500) return internalError(new Error(text));
  const isMissing = code === 404;
  const what = isMissing ? 'the server could not find the requested resource' : 'an error on the server';
  return new StatusError({
    code,
    reason: isMissing ? 'NotFound' : code === 403 ? 'Forbidden' : code === 401 ? 'Unauthorized' : 'InternalError',
    message: isMissing
      ? `${what} ( pods/log ${name})`
      : `${what} (${JSON.stringify(text)}) has prevented the request from succeeding ( pods/log ${name})`,
    details: { name, kind: 'pods/log', causes: [{ reason: 'UnexpectedServerResponse', message: text }] },
  });
}

/** The text of a kubelet's refusal, or its beginning where it is long. */
export async function refusalText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length > refusalLimit) break;
  }
  return Buffer.concat(parts).subarray(0, refusalLimit).toString('utf8');
}
