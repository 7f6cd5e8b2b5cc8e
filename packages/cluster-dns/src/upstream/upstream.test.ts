import { afterEach, describe, expect, it } from '@jest/globals';
import { encode } from 'dns-packet';
import fc from 'fast-check';
import { aliasTarget } from '../server/aliases.ts';
import { query, told } from '../testing/answers.ts';
import { testForwarder } from '../testing/responder.ts';
import { type Behaviour, type FakeUpstream, fakeUpstream, records } from '../testing/upstream.ts';
import { bits } from '../wire/codes.ts';
import { isRefusal, type Query, readQuery } from '../wire/query.ts';
import { MalformedMessage } from '../wire/walk.ts';
import { replyFrom, upstreamAnswer } from './answer.ts';
import { AnswerCache } from './cache.ts';
import { NoAnswer } from './exchange.ts';
import { Overloaded } from './forwarder.ts';
import { addressText, nameservers, serverAddress } from './resolv-conf.ts';

const within = (limit: number, now: number, random = 0) => ({ limit, longest: 30, now, random });

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function server(behaviour: Behaviour): Promise<FakeUpstream> {
  const made = await fakeUpstream(behaviour);
  closing.push(() => made.close());
  return made;
}

function forwarderTo(servers: readonly FakeUpstream[], options: Parameters<typeof testForwarder>[1] = {}) {
  const made = testForwarder(
    servers.map((each) => each.address),
    options,
  );
  closing.push(() => made.close());
  return made;
}

function asked(name: string, edns?: number): Query {
  const read = readQuery(query(name, 'A', { edns }));
  if (!read || isRefusal(read)) throw new Error('refused');
  return read;
}

/** Answers every question with one address. */
const address =
  (data: string, ttl = 60): Behaviour =>
  ({ questions }) =>
    records({ type: 'A', name: questions![0]!.name, data, ttl });
const silent: Behaviour = () => undefined;

async function answersOf(made: ReturnType<typeof testForwarder>, question: Query): Promise<string[]> {
  const answer = await made.forwarder.resolve(question);
  return told(replyFrom(answer, question, within(1232, performance.now()))).answers;
}

describe('servers upstream', () => {
  it('are those of a resolv.conf, or those that are named', () => {
    expect(nameservers('# c\nnameserver 192.0.2.1\nsearch a b\nnameserver 2001:db8::1\noptions edns0\n')).toEqual([
      { host: '192.0.2.1', port: 53 },
      { host: '2001:db8::1', port: 53 },
    ]);
    expect(() => nameservers('nameserver dns.example\n')).toThrow('nameserver "dns.example" is not an IP address');
    expect(
      ['192.0.2.1', '192.0.2.1:5353', '2001:db8::1', '[2001:db8::1]:5353'].map((each) =>
        addressText(serverAddress(each)),
      ),
    ).toEqual(['192.0.2.1:53', '192.0.2.1:5353', '[2001:db8::1]:53', '[2001:db8::1]:5353']);
    for (const bad of ['dns.example', '192.0.2.1:0', '192.0.2.1:70000', '', '2001:db8::1:x'])
      expect(() => serverAddress(bad)).toThrow('is not an IP address');
  });

  it('answer questions from outside', async () => {
    const up = await server(address('192.0.2.7'));
    expect(await answersOf(forwarderTo([up]), asked('example.com'))).toEqual(['example.com A 192.0.2.7']);
    expect(up.asked).toEqual(['udp example.com']);
  });

  it('are asked again by TCP when their answer was cut off', async () => {
    const up = await server((question, transport) =>
      transport === 'udp' ? { flags: bits.truncated } : address('192.0.2.8')(question, transport),
    );
    expect(await answersOf(forwarderTo([up]), asked('example.com'))).toEqual(['example.com A 192.0.2.8']);
    expect(up.asked).toEqual(['udp example.com', 'tcp example.com']);
  });

  it('are passed over when they are silent, gone or in trouble', async () => {
    const good = await server(address('192.0.2.9'));
    const gone = await fakeUpstream(silent);
    await gone.close();
    for (const bad of [await server(silent), gone, await server(() => ({ rcode: 2 }))]) {
      const made = forwarderTo([bad, good], { timeout: 100 });
      for (let i = 0; i < 6; i++) expect(await answersOf(made, asked(`host${i}.example.com`))).toHaveLength(1);
    }
  });

  it('that are down are left out, and asked again once they answer', async () => {
    const up = await server(silent);
    const made = forwarderTo([up], { timeout: 50 });
    await expect(made.forwarder.resolve(asked('a.example.com'))).rejects.toThrow('no answer within');
    expect(made.servers[0]!.up).toBe(false);
    up.now(address('192.0.2.10'));
    await until(() => made.servers[0]!.up);
    expect(up.asked.at(-1)).toBe('udp .');
    expect(await answersOf(made, asked('a.example.com'))).toEqual(['a.example.com A 192.0.2.10']);
  });

  it('are not believed when they answer something else', async () => {
    const up = await server(({ questions }) => ({
      questions: [{ ...questions![0]!, name: 'other.example' }],
      answers: [{ type: 'A', name: 'other.example', data: '192.0.2.66' }],
    }));
    await expect(forwarderTo([up], { timeout: 50 }).forwarder.resolve(asked('example.com'))).rejects.toThrow(
      'no answer',
    );
  });

  it('that lead back here are never asked', async () => {
    const up = await server(address('192.0.2.11'));
    const made = forwarderTo([up]);
    made.servers[0]!.looping = true;
    await expect(made.forwarder.resolve(asked('example.com'))).rejects.toThrow('no server upstream can be asked');
    expect(up.asked).toEqual([]);
  });
});

describe('questions that wait', () => {
  it('are asked once when they are equal, whatever the case of their letters', async () => {
    const up = await server(address('192.0.2.12'));
    const made = forwarderTo([up]);
    const many = ['example.com', 'EXAMPLE.com', 'example.COM'].map((name) => made.forwarder.resolve(asked(name)));
    await Promise.all(many);
    expect(up.asked).toEqual(['udp example.com']);
  });

  it('are refused when they are too many', async () => {
    const up = await server(silent);
    const made = forwarderTo([up], { timeout: 100, maxConcurrent: 2 });
    const results = await Promise.allSettled(['a', 'b', 'c'].map((name) => made.forwarder.resolve(asked(name))));
    expect(results.map((each) => each.status === 'rejected' && each.reason instanceof Overloaded)).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('what is remembered', () => {
  const message = (ttl: number, rcode = 0): Buffer =>
    encode({
      type: 'response',
      flags: 0x0180 | rcode,
      questions: [{ type: 'A', name: 'example.com' }],
      answers: rcode === 0 ? [{ type: 'A', name: 'example.com', data: '192.0.2.1', ttl }] : [],
      authorities:
        rcode === 3
          ? [
              {
                type: 'SOA',
                name: 'com',
                ttl: 900,
                data: { mname: 'a.com', rname: 'b.com', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttl },
              },
            ]
          : [],
    });

  it.each<[string, Buffer, number]>([
    ['an answer, as long as its records say', message(12), 12],
    ['no answer for longer than is asked for', message(3600), 30],
    ['that there is no such name, as long as the zone says', message(7, 3), 7],
    ['nothing of a server in trouble', message(60, 2), 0],
    ['nothing that must not be', message(0), 0],
  ])('%s', (_what, bytes, ttl) => {
    expect(upstreamAnswer(bytes, 30, 0).ttl).toBe(ttl);
  });

  it('is told with the time that is left of it', () => {
    const answer = upstreamAnswer(message(3600), 30, 0);
    const ttls = [0, 10_500, 60_000].map((now) => {
      const { packet } = told(replyFrom(answer, asked('example.com'), within(512, now)));
      return (packet.answers![0] as { ttl: number }).ttl;
    });
    expect(ttls).toEqual([30, 20, 0]);
  });

  it('goes when its time is over, and the longest unused one when there is no room', () => {
    let now = 0;
    const cache = new AnswerCache({ entries: 2, bytes: 1000 }, () => now);
    const put = (key: string): void => cache.put(key, upstreamAnswer(message(10), 30, now));
    put('a');
    put('b');
    expect(cache.get('a')).toBeDefined();
    put('c');
    expect(['a', 'b', 'c'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true]);
    now = 10_000;
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(1);
  });

  it('is bounded in bytes', () => {
    const size = message(10).length;
    const cache = new AnswerCache({ entries: 100, bytes: size * 2 }, () => 0);
    for (const key of ['a', 'b', 'c']) cache.put(key, upstreamAnswer(message(10), 30, 0));
    expect(cache.size).toBe(2);
  });
});

describe('a reply to the client', () => {
  const many = Array.from({ length: 60 }, (_, i) => ({
    type: 'A' as const,
    name: 'example.com',
    data: `192.0.2.${i}`,
    ttl: 9,
  }));
  const opt = {
    type: 'OPT' as const,
    name: '.',
    udpPayloadSize: 4096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
  const answer = upstreamAnswer(
    encode({
      type: 'response',
      flags: 0x0180,
      questions: [{ type: 'A', name: 'example.com' }],
      answers: many,
      additionals: [opt],
    }),
    30,
    0,
  );

  it('is cut at a whole record where it does not fit', () => {
    const reply = replyFrom(answer, asked('example.com'), within(512, 0));
    expect(reply.length).toBeLessThanOrEqual(512);
    const { packet, answers } = told(reply);
    expect(packet.flag_tc).toBe(true);
    expect(answers.length).toBeGreaterThan(10);
    expect(told(replyFrom(answer, asked('example.com'), within(65_535, 0))).answers).toHaveLength(60);
  });

  it('begins with the address that chance names', () => {
    const firsts = [0, 0.5, 0.99].map((random) => {
      const { packet } = told(replyFrom(answer, asked('example.com'), within(65_535, 0, random)));
      expect(new Set(packet.answers!.map((each) => (each as { data: string }).data)).size).toBe(60);
      return (packet.answers![0] as { data: string }).data;
    });
    expect(firsts).toEqual(['192.0.2.0', '192.0.2.30', '192.0.2.59']);
  });

  it('is made of whatever comes, or nothing is', () => {
    const answered = encode({
      type: 'response',
      flags: 0x0180,
      questions: [{ type: 'A', name: 'example.com' }],
      answers: [{ type: 'CNAME', name: 'example.com', data: 'x.example.com' }, ...many.slice(0, 3)],
      additionals: [opt],
    });
    const question = asked('example.com', 1232);
    const target = aliasTarget(question, 'example.com');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(answered.length - 30), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(answered.length),
        (changes, cut) => {
          const message = Buffer.from(answered);
          for (const [at, byte] of changes) message[29 + at] = byte;
          try {
            const taken = upstreamAnswer(message.subarray(0, message.length - (cut % 5 === 0 ? cut : 0)), 30, 0);
            expect(replyFrom(taken, question, within(512, 0)).length).toBeLessThanOrEqual(512);
            expect(taken.ttl).toBeLessThanOrEqual(30);
            target.read(taken);
          } catch (error) {
            expect([MalformedMessage, NoAnswer]).toContain((error as Error).constructor);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("has the client's EDNS, not the upstream server's, and its way to write the name", () => {
    const with_ = told(replyFrom(answer, asked('Example.COM', 1400), within(65_535, 0))).packet;
    expect(with_.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
    expect(with_.questions![0]!.name).toBe('Example.COM');
    expect(told(replyFrom(answer, asked('example.com'), within(65_535, 0))).packet.additionals).toEqual([]);
  });
});

/** Waits for what a timer brings about. */
async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
