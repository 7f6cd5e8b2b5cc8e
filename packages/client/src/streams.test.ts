import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duplex, PassThrough, Writable } from 'node:stream';
import { StatusError } from '@coracle/api/meta/status';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { connect } from './client.ts';
import { portForward, remoteCommand } from './streams.ts';
import { until } from './testing/fake-server.ts';

let server: Server;
const open = new Set<Duplex>();
afterEach(() => {
  for (const each of open) each.destroy();
  server.closeAllConnections();
  return new Promise<void>((resolve) => server.close(() => resolve()));
});

const frame = (id: number, text: string | Buffer): Buffer => Buffer.concat([Buffer.from([id]), Buffer.from(text)]);

/** A server whose upgrades go to `serve`, speaking one of the protocols. */
async function upgrading(protocols: string[], serve: (socket: WebSocket, url: string) => void) {
  server = createServer((_request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        reason: 'Forbidden',
        message: 'no',
        code: 403,
      }),
    );
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => protocols.find((each) => offered.has(each)) ?? false,
  });
  server.on('upgrade', (request, socket, head) => {
    open.add(socket);
    if (request.url!.startsWith('/refused')) {
      const body = JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        reason: 'Forbidden',
        message: 'no',
        code: 403,
      });
      socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (each) => serve(each, request.url!));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return connect({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function sink(): Writable & { text: string } {
  return Object.assign(
    new Writable({
      write(chunk: Buffer, _, done) {
        (this as unknown as { text: string }).text += chunk.toString();
        done();
      },
    }),
    { text: '' },
  );
}

describe('remote command', () => {
  it('carries stdin with its end, outputs, sizes and the status over v5', async () => {
    const client = await upgrading(['v5.channel.k8s.io', 'v4.channel.k8s.io'], (socket, url) => {
      expect(url).toBe('/exec?command=cat&command=x&stdin=true');
      let input = '';
      socket.on('message', (data: Buffer) => {
        if (data[0] === 0) input += data.subarray(1).toString();
        if (data[0] === 4) socket.send(frame(2, `size ${data.subarray(1).toString()}`));
        if (data[0] === 255 && data[1] === 0) {
          socket.send(frame(1, `got ${input}`));
          const details = { causes: [{ reason: 'ExitCode', message: '3' }] };
          socket.send(
            frame(
              3,
              JSON.stringify({
                metadata: {},
                status: 'Failure',
                reason: 'NonZeroExitCode',
                message: 'exit 3',
                details,
              }),
            ),
          );
          socket.close(1000);
        }
      });
    });
    const stdin = new PassThrough();
    const [stdout, stderr] = [sink(), sink()];
    async function* resize() {
      yield { width: 80, height: 24 };
    }
    const done = remoteCommand(
      client,
      '/exec',
      { command: ['cat', 'x'], stdin: true },
      { stdin, stdout, stderr, resize: resize() },
    );
    await until(() => stderr.text !== '');
    stdin.end('hello');
    expect(await done).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
    expect(stdout.text).toBe('got hello');
    expect(stderr.text).toBe('size {"Width":80,"Height":24}');
  });

  it('falls back to v4', async () => {
    const client = await upgrading(['v4.channel.k8s.io'], (socket) => {
      expect(socket.protocol).toBe('v4.channel.k8s.io');
      socket.send(frame(3, JSON.stringify({ metadata: {}, status: 'Success' })));
      socket.close(1000);
    });
    expect(await remoteCommand(client, '/exec', {}, {})).toMatchObject({ status: 'Success' });
  });

  it('throws the Status of a refusal, and a broken connection as such', async () => {
    const client = await upgrading(['v5.channel.k8s.io'], (socket) => socket.terminate());
    const refused = await remoteCommand(client, '/refused', {}, {}).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StatusError);
    expect((refused as StatusError).code).toBe(403);
    await expect(remoteCommand(client, '/exec', {}, {})).rejects.toThrow(
      'websocket: close 1006 (abnormal closure): unexpected EOF',
    );
  });
});

describe('port forward', () => {
  const port = Buffer.from([80, 0]);

  it('carries bytes both ways, without the frames that name the port', async () => {
    const client = await upgrading(['v4.channel.k8s.io'], (socket, url) => {
      expect(url).toBe('/portforward?ports=80');
      socket.send(frame(0, port));
      socket.send(frame(1, port));
      socket.on('message', (data: Buffer) => socket.send(frame(0, data.subarray(1).toString().toUpperCase())));
    });
    const stream = await portForward(client, '/portforward', 80);
    const answer = new Promise((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk.toString())));
    stream.write('ping');
    expect(await answer).toBe('PING');
    stream.destroy();
  });

  it('still gets the answer after this side has ended', async () => {
    const client = await upgrading(['v4.channel.k8s.io'], (socket) => {
      socket.send(frame(0, port));
      socket.send(frame(1, port));
      socket.on('message', (data: Buffer) =>
        setImmediate(() => {
          socket.send(frame(0, `${data.subarray(1)} answered`));
          socket.close();
        }),
      );
    });
    const stream = await portForward(client, '/portforward', 80);
    stream.end('question');
    let answer = '';
    for await (const chunk of stream) answer += chunk;
    expect(answer).toBe('question answered');
  });

  it('ends with the error of the other side', async () => {
    const client = await upgrading(['v4.channel.k8s.io'], (socket) => {
      socket.send(frame(0, port));
      socket.send(frame(1, port));
      socket.send(frame(1, 'connection refused'));
    });
    const stream = await portForward(client, '/portforward', 80);
    const failed = await new Promise<Error>((resolve) => stream.once('error', resolve));
    expect(failed.message).toBe('connection refused');
  });
});
