import { encodeJson } from '@coracle/api/codec/json';
import { statusFromResponse } from '@coracle/api/meta/response-status';
import { StatusError } from '@coracle/api/meta/status';
import { loadKubeconfig } from '@coracle/client/config';
import { credentialHeaders } from '@coracle/client/credentials';
import { ConnectionError, transportTo } from '@coracle/client/transport';
import type { RestObserver } from './rest-metrics.ts';

/** A webhook that a file in the form of a kubeconfig describes: those of audit, authentication and authorization. */
export interface KubeconfigWebhook {
  /** Posts an object and gives the answer's body. Throws a StatusError for an answer with an error code, and when there is no answer. */
  post(object: unknown, signal?: AbortSignal): Promise<Buffer>;
  close(): void;
}

/**
 * Reads the file; what it says cannot be changed without a new start, but files it names are read again. `observe` is told of each request. Throws when
 * it is no such file.
 */
export function kubeconfigWebhook(file: string, observe?: RestObserver): KubeconfigWebhook {
  const config = loadKubeconfig(file);
  const { pathname, host } = new URL(config.server);
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
      const answered = transport.send({
        method: 'POST',
        path: pathname,
        headers: {
          ...(await credentials()),
          'content-type': 'application/json',
          accept: 'application/json, */*',
          'user-agent': 'kube-apiserver',
        },
        body: sent,
        ...(signal ? { signal } : {}),
      });
      let answer: Awaited<typeof answered>;
      const chunks: Buffer[] = [];
      try {
        answer = await answered;
        for await (const chunk of answer.body) chunks.push(chunk as Buffer);
      } catch (error) {
        over(undefined, 0);
        throw error;
      }
      const body = Buffer.concat(chunks);
      over(answer.status, body.length);
      if (answer.status < 200 || answer.status > 206) {
        throw statusFromResponse(answer.status, body.toString('utf8'), { verb: 'POST' });
      }
      return body;
    },
    close: () => transport.close(),
  };
}

/** Whether a call that failed is worth another attempt: the server was not there, is busy, or had an error of its own. */
export function mayPass(error: unknown): boolean {
  if (error instanceof StatusError) return error.code >= 500 || error.code === 429;
  return error instanceof ConnectionError;
}
