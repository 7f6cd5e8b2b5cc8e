import { encodeJson } from '@coracle/api/codec/json';
import { statusFromResponse } from '@coracle/api/meta/response-status';
import { StatusError } from '@coracle/api/meta/status';
import { loadKubeconfig } from '@coracle/client/config';
import { credentialHeaders } from '@coracle/client/credentials';
import { ConnectionError, transportTo } from '@coracle/client/transport';

/** A webhook that a file in the form of a kubeconfig describes: those of audit, authentication and authorization. */
export interface KubeconfigWebhook {
  /** Posts an object and gives the answer's body. Throws a StatusError for an answer with an error code, and when there is no answer. */
  post(object: unknown, signal?: AbortSignal): Promise<Buffer>;
  close(): void;
}

/** Reads the file; what it says cannot be changed without a new start, but files it names are read again. Throws when it is no such file. */
export function kubeconfigWebhook(file: string): KubeconfigWebhook {
  const config = loadKubeconfig(file);
  const { pathname } = new URL(config.server);
  const transport = transportTo(config);
  const credentials = credentialHeaders(config);
  return {
    async post(object, signal) {
      const answer = await transport.send({
        method: 'POST',
        path: pathname,
        headers: {
          ...(await credentials()),
          'content-type': 'application/json',
          accept: 'application/json, */*',
          'user-agent': 'kube-apiserver',
        },
        body: encodeJson(object),
        ...(signal ? { signal } : {}),
      });
      const chunks: Buffer[] = [];
      for await (const chunk of answer.body) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
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
