import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { request as httpRequest } from '@coracle/client/plain-http';
import { version } from '@coracle/process';
import { failure, type ProbeOutcome, success } from './result.ts';

export interface HttpTarget {
  scheme: string;
  host: string;
  port: number;
  path: string;
  headers: readonly { name: string; value: string }[];
}

const maxBody = 10 * 1024;
const maxRedirects = 10;

/**
 * GETs a URL as the kubelet's HTTP probe does: statuses from 200 to 399 are success, redirects on the same host are followed, one
 * to elsewhere is a success with a warning. Certificates are not checked. `timeout` in milliseconds.
 */
export async function httpProbe(target: HttpTarget, timeout: number, signal?: AbortSignal): Promise<ProbeOutcome> {
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host;
  const path = target.path.startsWith('/') ? target.path : `/${target.path}`;
  const url = new URL(`${target.scheme.toLowerCase()}://${host}:${target.port}${path}`);
  const limit = AbortSignal.timeout(timeout);
  const ends = signal ? AbortSignal.any([limit, signal]) : limit;
  try {
    return await follow(url, headersOf(target), ends, 0);
  } catch (error) {
    const text = limit.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : dialText(error as NodeJS.ErrnoException, url);
    return failure(`Get "${url}": ${text}`);
  }
}

async function follow(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  redirects: number,
): Promise<ProbeOutcome> {
  const { status, location, body } = await get(url, headers, signal);
  if (status >= 300 && status < 400 && location !== undefined) {
    const next = new URL(location, url);
    if (next.hostname !== url.hostname) {
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    }
    if (redirects + 1 >= maxRedirects) return failure(`Get "${next}": stopped after ${maxRedirects} redirects`);
    return follow(next, headers, signal, redirects + 1);
  }
  if (status >= 200 && status < 400) return success(body);
  return failure(`HTTP probe failed with statuscode: ${status}`);
}

function get(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<{ status: number; location?: string; body: string }> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, { headers, signal, agent: false, rejectUnauthorized: false }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= maxBody) finish();
      });
      const finish = (): void => {
        const body = Buffer.concat(chunks).subarray(0, maxBody).toString('utf8');
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, body });
        request.destroy();
      };
      response.on('end', finish);
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

/** Header names are case-insensitive; the probe's own stand in for missing ones, and an empty Accept or User-Agent removes it. */
function headersOf({ headers }: HttpTarget): Record<string, string> {
  const result: Record<string, string> = {
    'User-Agent': `kube-probe/${version.major}.${version.minor}`,
    Accept: '*/*',
    Connection: 'close',
  };
  for (const { name, value } of headers) {
    const known = Object.keys(result).find((each) => each.toLowerCase() === name.toLowerCase());
    if (known) delete result[known];
    if (value !== '' || (name.toLowerCase() !== 'accept' && name.toLowerCase() !== 'user-agent')) result[name] = value;
  }
  return result;
}

/** `dial tcp 10.88.0.2:80: connect: connection refused`, as Go words a failed connection. */
export function dialText(
  error: NodeJS.ErrnoException,
  { hostname, port, protocol }: { hostname: string; port: string; protocol: string },
): string {
  const address = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  const texts: Record<string, string> = {
    ECONNREFUSED: `dial tcp ${address}: connect: connection refused`,
    EHOSTUNREACH: `dial tcp ${address}: connect: no route to host`,
    ENETUNREACH: `dial tcp ${address}: connect: network is unreachable`,
    ECONNRESET: `read tcp ${address}: read: connection reset by peer`,
    ENOTFOUND: `dial tcp: lookup ${hostname}: no such host`,
    HPE_INVALID_CONSTANT: 'net/http: HTTP/1.x transport connection broken: malformed HTTP response',
  };
  return texts[error.code ?? ''] ?? (error.message === 'socket hang up' ? 'EOF' : error.message);
}
