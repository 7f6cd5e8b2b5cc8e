import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Listener, Serve } from './listener.ts';
import { fatal } from './udp.ts';

export interface TcpLimits {
  connections: number;
  /** Milliseconds after which a connection without traffic is closed. */
  idle: number;
  /** Questions of one connection that may wait for their answers; more are not read meanwhile. */
  pending: number;
}

export const tcpLimits: TcpLimits = { connections: 1000, idle: 10_000, pending: 64 };

/** Answers queries on TCP connections (RFC 7766): each may carry many, and they are answered in the order they get ready. */
export async function listenTcp(address: string, port: number, serve: Serve, limits = tcpLimits): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(socket, serve, isIPv6(address) ? 2 : 1, limits);
  });
  server.maxConnections = limits.connections;
  await listening(server, address, port);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const each of sockets) each.destroy();
      }),
  };
}

function converse(socket: Socket, serve: Serve, family: 1 | 2, limits: TcpLimits): void {
  let received: Buffer = Buffer.alloc(0);
  let pending = 0;
  socket.setNoDelay(true);
  socket.setTimeout(limits.idle, () => socket.destroy());
  socket.on('error', () => socket.destroy()); // the client went away
  socket.on('drain', read);
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    read();
  });

  /** Takes whole messages off what came, as long as the client takes the answers. */
  function read(): void {
    while (received.length >= 2 && pending < limits.pending && !socket.writableNeedDrain) {
      const end = 2 + received.readUInt16BE(0);
      if (received.length < end) break;
      const message = received.subarray(2, end);
      received = received.subarray(end);
      take(message);
    }
    if (pending >= limits.pending || socket.writableNeedDrain) socket.pause();
    else socket.resume();
  }

  function take(message: Buffer): void {
    const answer = serve(message, 'tcp', family);
    if (answer instanceof Promise) {
      pending++;
      answer.then((late) => {
        pending--;
        write(late);
        read();
      }, fatal);
    } else if (answer) write(answer);
    // What is no query is no DNS client either.
    else socket.destroy();
  }

  function write(message: Buffer): void {
    if (socket.destroyed) return;
    const framed = Buffer.allocUnsafe(2 + message.length);
    framed.writeUInt16BE(message.length, 0);
    message.copy(framed, 2);
    socket.write(framed);
  }
}

function listening(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
