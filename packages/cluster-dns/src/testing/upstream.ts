import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { type Answer, type DecodedPacket, decode, encode, type Packet } from 'dns-packet';
import type { ServerAddress } from '../upstream/resolv-conf.ts';
import { headerSize } from '../wire/codes.ts';
import { afterQuestions } from '../wire/walk.ts';

/** What a fake server does with a question: answers, or not. */
export type Behaviour = (
  question: DecodedPacket,
  transport: 'udp' | 'tcp',
) => (Partial<Packet> & { rcode?: number }) | undefined;

export interface FakeUpstream {
  address: ServerAddress;
  /** The questions that came, as `transport name`, in order. */
  asked: string[];
  /** Changes what it does. */
  now(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** An answer with records for the question's own name. */
export const records = (...answers: Answer[]): Partial<Packet> => ({ answers });

/** A DNS server on a loopback port, over UDP and TCP, that behaves as it is told. */
export async function fakeUpstream(first: Behaviour): Promise<FakeUpstream> {
  let behaviour = first;
  const asked: string[] = [];
  const answer = (message: Buffer, transport: 'udp' | 'tcp'): Buffer | undefined => {
    const question = decode(message);
    asked.push(`${transport} ${question.questions![0]!.name}`);
    const given = behaviour(question, transport);
    if (!given) return undefined;
    const { rcode = 0, flags = 0, ...rest } = given;
    const reply = encode({ type: 'response', id: question.id, flags: 0x0180 | flags | rcode, ...rest });
    if (rest.questions) return reply;
    // The question goes back byte for byte: its name may be no text at all.
    reply.writeUInt16BE(1, 4);
    const asItCame = message.subarray(headerSize, afterQuestions(message));
    return Buffer.concat([reply.subarray(0, headerSize), asItCame, reply.subarray(headerSize)]);
  };
  const udp = createSocket('udp4');
  udp.on('message', (message, from) => {
    const reply = answer(message, 'udp');
    if (reply) udp.send(reply, from.port, from.address);
  });
  const tcp = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      const reply = answer(chunk.subarray(2), 'tcp');
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply?.length ?? 0);
      if (reply) socket.end(Buffer.concat([length, reply]));
      else socket.destroy();
    });
  });
  const port = await samePort();
  return {
    address: { host: '127.0.0.1', port },
    asked,
    now: (next) => {
      behaviour = next;
    },
    close: async () => {
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
    },
  };

  /** Binds both to a port that is free for both. */
  async function samePort(): Promise<number> {
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const { port } = tcp.address() as { port: number };
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind(port, '127.0.0.1', resolve);
    });
    return port;
  }
}
