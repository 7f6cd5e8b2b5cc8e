import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Pod } from '@coracle/api/types/core/v1';
import type { CriClient } from '../cri/client.ts';
import type { RuntimePod } from '../pods/runtime-pod.ts';
import { HttpError } from './errors.ts';

/** What a request to /exec, /attach or /portForward is about. */
export interface StreamTarget {
  verb: 'exec' | 'attach' | 'portForward';
  pod: Pod;
  actual: RuntimePod;
  container: string;
  query: URLSearchParams;
}

/** Asks the runtime for the URL of a stream. Throws HttpError when there is nothing to stream with. */
export async function streamUrl(cri: CriClient, { verb, pod, actual, container, query }: StreamTarget): Promise<URL> {
  const flag = (...names: string[]): boolean => names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  if (verb === 'portForward') {
    const sandbox = actual.sandboxes.find((each) => each.ready);
    if (!sandbox) throw new HttpError(404, `failed to find sandbox for pod "${pod.metadata.name}"`);
    const port = query
      .getAll('port')
      .flatMap((each) => each.split(','))
      .map(Number);
    return new URL((await cri.runtime.portForward({ podSandboxId: sandbox.id, port })).url);
  }
  const running = actual.containers.find((each) => each.name === container && each.state === 'running');
  if (!running) throw new HttpError(500, `container not found ("${container}")`);
  const streams = {
    containerId: running.id,
    stdin: flag('input', 'stdin'),
    stdout: flag('output', 'stdout'),
    stderr: flag('error', 'stderr'),
    tty: flag('tty'),
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  // A terminal has one output.
  if (streams.tty) streams.stderr = false;
  const answer =
    verb === 'exec'
      ? await cri.runtime.exec({ ...streams, cmd: query.getAll('command') })
      : await cri.runtime.attach(streams);
  return new URL(answer.url);
}

/**
 * Connects an upgraded request with the runtime's streaming server, byte for byte: the request goes there with its own headers, the
 * answer (101 or an error) comes back unchanged, and after it both talk whatever protocol they agreed on.
 */
export function proxyUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  target: URL,
  idleTimeout: number,
): void {
  const server = connect({
    host: target.hostname.replace(/^\[|\]$/g, ''),
    port: Number(target.port || 80),
    noDelay: true,
  });
  const end = (): void => {
    client.destroy();
    server.destroy();
  };
  client.on('error', end);
  server.on('error', (error) => {
    if (client.writable && server.bytesRead === 0) refuse(client, 502, `error dialing backend: ${error.message}`);
    else end();
  });
  server.on('close', () => client.end());
  client.on('close', () => server.end());
  if (idleTimeout > 0) server.setTimeout(idleTimeout, end);
  server.once('connect', () => {
    server.write(requestHead(request, target));
    if (head.length > 0) server.write(head);
    client.pipe(server);
    server.pipe(client);
  });
}

function requestHead(request: IncomingMessage, target: URL): string {
  const lines = [`${request.method} ${target.pathname}${target.search} HTTP/1.1`, `Host: ${target.host}`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i]!;
    // Who asks has been checked here; the runtime's server needs no credentials.
    if (!/^(host|authorization)$/i.test(name)) lines.push(`${name}: ${request.rawHeaders[i + 1]}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Answers an upgrade request with an error instead. */
export function refuse(client: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  client.end(
    `HTTP/1.1 ${status} \r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
