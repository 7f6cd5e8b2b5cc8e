import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Listener, Serve } from './listener.ts';

/** Datagrams that may wait in the kernel, in bytes: a burst while this process is busy is not lost. */
const receiveBuffer = 1024 * 1024;

/** Answers datagrams on an address. `failed` gets what the system says of replies it could not send. */
export async function listenUdp(
  address: string,
  port: number,
  serve: Serve,
  failed: (error: Error) => void,
): Promise<Listener> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(address),
    // Clients are known by address: there is nothing to look up, and so nothing to wait for.
    lookup: (host, _options, done) => done(null, host, isIPv6(host) ? 6 : 4),
  });
  await bound(socket, address, port);
  let open = true;
  socket.on('error', failed);
  socket.setRecvBufferSize(receiveBuffer);
  const send = (message: Buffer, to: { port: number; address: string }): void =>
    socket.send(message, to.port, to.address, (error) => {
      if (error) failed(error);
    });
  socket.on('message', (message, from) => {
    const answer = serve(message, 'udp', isIPv6(address) ? 2 : 1);
    if (answer instanceof Promise) {
      answer.then((late) => {
        if (open) send(late, from);
      }, fatal);
    } else if (answer) send(answer, from);
  });
  return {
    port: socket.address().port,
    close: () =>
      new Promise((resolve) => {
        open = false;
        socket.close(() => resolve());
      }),
  };
}

/** A bug is no reason to go on half: it ends the process like any uncaught error. */
export const fatal = (error: unknown): void =>
  process.nextTick(() => {
    throw error;
  });

function bound(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port }, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}
