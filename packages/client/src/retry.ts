import { delay } from './rate-limit.ts';
import { ConnectionError, type Transport, type TransportRequest, type TransportResponse } from './transport.ts';

const maxRetries = 10;

/**
 * Sends a request, again when the server asks for it (429 or 5xx with Retry-After) or when the connection broke before the
 * server can have acted on it, as client-go does. `make` is called for each attempt, so that credentials are fresh.
 */
export async function sendWithRetries(
  transport: Transport,
  make: () => Promise<TransportRequest>,
): Promise<TransportResponse> {
  for (let attempt = 0; ; attempt++) {
    const request = await make();
    let response: TransportResponse;
    try {
      response = await transport.send(request);
    } catch (error) {
      // A request over a connection that had gone stale is sent once more; a server that is down is the caller's to wait for.
      const again =
        attempt === 0 &&
        error instanceof ConnectionError &&
        !refused(error) &&
        (error.unsent || request.method === 'GET');
      if (!again) throw error;
      continue;
    }
    const wait = retryAfter(response);
    if (wait === undefined || attempt >= maxRetries) return response;
    response.body.resume();
    await delay(wait, request.signal);
  }
}

const refused = (error: ConnectionError): boolean =>
  (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';

/** Milliseconds the server asks to wait, where it asks for a retry. */
function retryAfter({ status, headers }: TransportResponse): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  const seconds = Number(headers['retry-after']);
  return headers['retry-after'] !== undefined && Number.isInteger(seconds) ? seconds * 1000 : undefined;
}
