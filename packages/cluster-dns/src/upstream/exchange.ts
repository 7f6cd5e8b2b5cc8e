import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { bits, headerSize } from '../wire/codes.ts';
import { afterQuestions, MalformedMessage, recordsOf } from '../wire/walk.ts';
import type { ServerAddress } from './resolv-conf.ts';

/** No usable answer came from a server. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
}

/**
 * Sends a query to a server over UDP, from a random port, and gives the answer: a whole message with the query's id and question. What
 * else comes is ignored. Throws NoAnswer after `timeout` milliseconds, or at once where nobody listens.
 */
export function exchangeUdp({ host, port }: ServerAddress, query: Buffer, timeout: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // A socket of its own: its port is random, as is the query's id, and being connected it takes datagrams of that server only.
    const socket = createSocket(isIPv6(host.replace(/%.*$/, '')) ? 'udp6' : 'udp4');
    const end = (error: Error | undefined, answer?: Buffer): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined); // of a datagram that was on its way; nobody waits for it any more
      socket.close();
      if (answer) resolve(answer);
      else reject(new NoAnswer(error?.message ?? `no answer within ${timeout} ms`));
    };
    const timer = setTimeout(() => end(undefined), timeout);
    socket.once('error', end);
    socket.on('message', (message) => {
      if (isAnswerTo(message, query)) end(undefined, message);
    });
    socket.connect(port, host, (error?: Error) => {
      if (error) end(error);
      else socket.send(query, (failed) => failed && end(failed));
    });
  });
}

/** As exchangeUdp, over a TCP connection of its own. */
export function exchangeTcp({ host, port }: ServerAddress, query: Buffer, timeout: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let received: Buffer = Buffer.alloc(0);
    const end = (error: Error | undefined, answer?: Buffer): void => {
      clearTimeout(timer);
      socket.destroy();
      if (answer) resolve(answer);
      else reject(new NoAnswer(error?.message ?? `no answer within ${timeout} ms`));
    };
    const timer = setTimeout(() => end(undefined), timeout);
    socket.on('error', end);
    socket.on('end', () => end(new Error('the connection was closed')));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const message = received.subarray(2, 2 + received.readUInt16BE(0));
      if (isAnswerTo(message, query)) end(undefined, message);
      else end(new Error('the answer is to something else'));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}

/** Whether a message answers a query: its id, the question byte for byte (names keep their case on the way), and no record cut off. */
function isAnswerTo(message: Buffer, query: Buffer): boolean {
  if (message.length < headerSize || message.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  if ((message.readUInt16BE(2) & bits.response) === 0) return false;
  const end = afterQuestions(query);
  try {
    const same =
      message.readUInt16BE(4) === 1 && message.subarray(headerSize, end).equals(query.subarray(headerSize, end));
    if (!same) return false;
    // A truncated answer may end anywhere; it is asked for again.
    if ((message.readUInt16BE(2) & bits.truncated) === 0) recordsOf(message, end);
    return true;
  } catch (error) {
    if (error instanceof MalformedMessage) return false;
    throw error;
  }
}
