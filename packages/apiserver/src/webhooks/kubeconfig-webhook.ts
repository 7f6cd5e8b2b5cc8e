import { goQuoted } from '@coracle/api/codec/go-text';
import { encodeJson } from '@coracle/api/codec/json';
import { statusFromResponse } from '@coracle/api/meta/response-status';
import { StatusError } from '@coracle/api/meta/status';
import { formatDuration } from '@coracle/api/meta/time';
import { userAgent } from '@coracle/api/version';
import { loadKubeconfig } from '@coracle/client/config';
import { credentialHeaders } from '@coracle/client/credentials';
import { ConnectionError, transportTo } from '@coracle/client/transport';
import { WebhookTimeout } from './post.ts';
import type { RestObserver } from './rest-metrics.ts';

/** A webhook that a file in the form of a kubeconfig describes: those of audit, authentication, authorization and image policies. */
export interface KubeconfigWebhook {
  /** Posts an object and gives the answer's body. Throws a StatusError for an answer with an error code, WebhookTimeout and ConnectionError where there is none. */
  post(object: unknown, signal?: AbortSignal): Promise<Buffer>;
  close(): void;
}

/** How a webhook is called. */
export interface KubeconfigWebhookOptions {
  /** How long (ms) an answer may take, which the webhook is told in the query parameter `timeout`; by default 30 s. */
  readonly timeout?: number;
  /** Told of each request. */
  readonly observe?: RestObserver;
}

/** What upstream gives webhooks that do not say, in milliseconds. */
const usualTimeout = 30_000;

/**
 * Reads the file; what it says cannot be changed without a new start, but files it names are read again. Throws when it is no such file.
 */
export function kubeconfigWebhook(file: string, options: KubeconfigWebhookOptions = {}): KubeconfigWebhook {
  const { timeout = usualTimeout, observe } = options;
  const config = loadKubeconfig(file);
  const { pathname, host, origin } = new URL(config.server);
  const path = `${pathname}?timeout=${formatDuration(timeout)}`;
  const transport = transportTo(config);
  const credentials = credentialHeaders(config);
  return {
    async post(object, signal) {
      const sent = encodeJson(object);
      const begun = performance.now();
      const over = (code: number | undefined, responseBytes: number) =>
        observe?.({
          host,
          method: 'POST',
          code,
          seconds: (performance.now() - begun) / 1000,
          requestBytes: Buffer.byteLength(sent),
          responseBytes,
        });
      const time = AbortSignal.timeout(timeout);
      const answered = transport.send({
        method: 'POST',
        path,
        headers: {
          ...(await credentials()),
          'content-type': 'application/json',
          accept: 'application/json, */*',
          'user-agent': userAgent('kube-apiserver'),
        },
        body: sent,
        signal: signal ? AbortSignal.any([signal, time]) : time,
      });
      let answer: Awaited<typeof answered>;
      const chunks: Buffer[] = [];
      try {
        answer = await answered;
        for await (const chunk of answer.body) chunks.push(chunk as Buffer);
      } catch (error) {
        over(undefined, 0);
        const failed = (why: string) => `Post ${goQuoted(origin + path)}: ${why}`;
        if (time.aborted) {
          throw new WebhookTimeout(
            failed('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'),
          );
        }
        if (signal?.aborted) throw new WebhookTimeout(failed('context canceled'));
        if (error instanceof ConnectionError) {
          throw new ConnectionError(failed(error.message), error.unsent, error.cause ?? error);
        }
        throw error;
      }
      const body = Buffer.concat(chunks);
      over(answer.status, body.length);
      if (answer.status < 200 || answer.status > 206) {
        const retryAfter = Number(answer.headers['retry-after']);
        throw statusFromResponse(answer.status, body.toString('utf8'), {
          verb: 'POST',
          ...(retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
        });
      }
      return body;
    },
    close: () => transport.close(),
  };
}

const passingReasons = ['InternalError', 'Timeout', 'TooManyRequests'];

/** Whether a call that failed is worth another attempt, as upstream has it: not where nobody listens, or the time is over. */
export function mayPass(error: unknown): boolean {
  if (error instanceof StatusError) {
    const { reason = '', details } = error.status;
    return passingReasons.includes(reason) || Boolean(details?.retryAfterSeconds);
  }
  if (!(error instanceof ConnectionError)) return false;
  const cause = error.cause as { code?: string } | undefined;
  return cause?.code === 'ECONNRESET' || error.message.endsWith('http2: client connection lost');
}
