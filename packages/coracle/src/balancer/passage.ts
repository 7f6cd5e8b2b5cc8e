import { connect, type Socket } from 'node:net';
import type { Address } from './address.ts';
import type { Passage } from './backend.ts';

/** After so many milliseconds without a byte the kernel asks whether the other side is still there. */
const keepAlive = 15_000;

/** Opens a connection; rejects when it does not stand within `timeout` milliseconds. */
export function dial({ host, port }: Address, timeout: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no connection within ${timeout} ms`)), timeout);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

/**
 * Passes bytes between two open sockets: each side reads only as fast as the other takes, and one that has ended its half still gets the
 * other's answer. `ended` is called once both are gone.
 */
export function join(client: Socket, server: Socket, ended: () => void): Passage {
  const cut = () => {
    for (const socket of [client, server]) if (!socket.destroyed) socket.resetAndDestroy();
  };
  let open = 2;
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAlive);
    socket.on('error', cut);
    socket.on('close', () => {
      open--;
      if (open === 0) ended();
      // One that broke off before it had said all takes the other along; after a regular end that one still has to be written out.
      else if (!socket.readableEnded) cut();
    });
  }
  client.pipe(server);
  server.pipe(client);
  return { cut };
}
