import { describe, expect, it } from '@jest/globals';
import { type Answer, decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { query, told } from '../testing/answers.ts';
import { rcodes } from './codes.ts';
import { isRefusal, labelsOf, type Query, readQuery } from './query.ts';
import { encodeRecord, isEncodable } from './records.ts';
import { type Prepared, refuse, reply, udpLimit } from './reply.ts';
import { afterQuestions, recordsOf } from './walk.ts';

const read = (message: Buffer): Query => {
  const result = readQuery(message);
  if (!result || isRefusal(result)) throw new Error('refused');
  return result;
};

const refusalOf = (message: Buffer): number | undefined => {
  const result = readQuery(message);
  return result && isRefusal(result) ? result.rcode : undefined;
};

const changed = (message: Buffer, at: number, value: number): Buffer => {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(value, at);
  return copy;
};

describe('a question', () => {
  it('is read as it is written, with a key in lower case', () => {
    const { id, type, question, key } = read(query('WWW.Example.com', 'AAAA', { id: 7 }));
    expect({ id, type, labels: labelsOf(key) }).toEqual({ id: 7, type: 28, labels: ['www', 'example', 'com'] });
    expect(question.toString('latin1')).toContain('Example');
  });

  it('of a type whose number looks like a letter stays of that type', () => {
    const a = read(query('x', 'A'));
    expect(read(changed(query('x', 'A'), 12 + 3, 0x41)).key).not.toBe(read(changed(query('x', 'A'), 12 + 3, 0x61)).key);
    expect(a.key).toBe(read(query('X', 'A')).key);
  });

  it('may be for the root', () => {
    expect(labelsOf(read(query('.', 'NS')).key)).toEqual([]);
  });

  it('tells by EDNS what the client takes', () => {
    expect(read(query('x', 'A')).edns).toBeUndefined();
    expect(read(query('x', 'A', { edns: 4096 })).edns).toEqual({ size: 4096, dnssecOk: false });
    expect(udpLimit(undefined)).toBe(512);
    expect([100, 1000, 4096].map((size) => udpLimit({ size, dnssecOk: false }))).toEqual([512, 1000, 1232]);
  });
});

describe('what is refused', () => {
  const good = query('x.example.com', 'A');

  it.each<[string, Buffer, number]>([
    ['another operation', changed(good, 2, 0x2000), rcodes.NOTIMP],
    ['no question', changed(good, 4, 0), rcodes.FORMERR],
    [
      'two questions',
      encode({
        type: 'query',
        questions: [
          { type: 'A', name: 'a' },
          { type: 'A', name: 'b' },
        ],
      }),
      rcodes.FORMERR,
    ],
    ['answers in a query', changed(good, 6, 1), rcodes.FORMERR],
    ['a name that is cut off', good.subarray(0, 16), rcodes.FORMERR],
    ['a question without a type', good.subarray(0, -4), rcodes.FORMERR],
    ['a pointer in a question', changed(good, 12, 0xc000), rcodes.FORMERR],
    ['a record that is promised and not there', changed(good, 10, 1), rcodes.FORMERR],
    ['two OPT records', twice(query('x', 'A', { edns: 1232 })), rcodes.FORMERR],
  ])('%s', (_what, message, rcode) => {
    expect(refusalOf(message)).toBe(rcode);
  });

  it('a version of EDNS that is not known, by a code of twelve bits', () => {
    const message = query('x', 'A', { edns: 1232 });
    message[message.length - 5] = 1;
    const refusal = readQuery(message);
    if (!refusal || !isRefusal(refusal)) throw new Error('not refused');
    expect(decode(refuse(refusal)).additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1, ednsVersion: 0 }]);
  });

  it('gets no answer at all when it is no query', () => {
    expect(readQuery(Buffer.alloc(11))).toBeUndefined();
    expect(readQuery(changed(good, 2, 0x8000))).toBeUndefined();
  });

  /** A message with its last record, an OPT of 11 bytes, twice. */
  function twice(message: Buffer): Buffer {
    return changed(Buffer.concat([message, message.subarray(-11)]), 10, 2);
  }
});

describe('a reply', () => {
  const addresses = Array.from({ length: 60 }, (_, i) => `10.0.0.${i}`);
  const prepared: Prepared = {
    rcode: rcodes.NOERROR,
    authoritative: true,
    answers: addresses.map((data) => encodeRecord({ type: 'A', data, ttl: 5 })),
    fixed: 0,
    authorities: [],
    additionals: [encodeRecord({ owner: 'extra.example', type: 'A', data: '10.9.9.9', ttl: 5 })],
  };
  const few = { ...prepared, answers: prepared.answers.slice(0, 2) };

  it('repeats id, question and what the client asked of the server', () => {
    const { packet } = told(reply(read(query('X.example', 'A', { id: 99, flags: 0x0110 })), few, 512, true, 0));
    expect(packet).toMatchObject({
      id: 99,
      flag_rd: true,
      flag_ra: true,
      flag_aa: true,
      flag_cd: true,
      flag_tc: false,
    });
    expect(packet.questions).toMatchObject([{ name: 'X.example', type: 'A' }]);
  });

  it('is cut to whole records where it does not fit, and says so', () => {
    const message = reply(read(query('x.example', 'A')), prepared, 512, true, 0);
    const { packet, answers } = told(message);
    expect(message.length).toBeLessThanOrEqual(512);
    expect(packet.flag_tc).toBe(true);
    expect(answers).toHaveLength(Math.floor((512 - 12 - 15) / 16));
    expect(told(reply(read(query('x.example', 'A')), prepared, 65_535, true, 0)).answers).toHaveLength(60);
  });

  it('leaves out what is only additional before it is cut', () => {
    const room = 12 + 15 + 2 * 16;
    const { packet, additionals } = told(reply(read(query('x.example', 'A')), few, room, true, 0));
    expect({ additionals, cut: packet.flag_tc }).toEqual({ additionals: [], cut: false });
    expect(told(reply(read(query('x.example', 'A')), few, 512, true, 0)).additionals).toEqual([
      'extra.example A 10.9.9.9',
    ]);
  });

  it('speaks EDNS to those who do', () => {
    const opt = (edns?: number) => told(reply(read(query('x', 'A', { edns })), few, 512, true, 0)).packet.additionals!;
    expect(opt(4096).at(-1)).toMatchObject({ type: 'OPT', udpPayloadSize: 1232, ednsVersion: 0 });
    expect(opt().map((each) => each.type)).toEqual(['A']);
  });

  it('begins with the record that chance names; aliases stay first', () => {
    const first = (random: number, fixed: number): unknown => {
      const { packet } = told(
        reply(read(query('x', 'A')), { ...prepared, answers: prepared.answers.slice(0, 4), fixed }, 512, true, random),
      );
      return packet.answers!.map((each) => (each as { data: string }).data.split('.')[3]).join('');
    };
    expect([0, 0.3, 0.99].map((random) => first(random, 0))).toEqual(['0123', '1230', '3012']);
    expect([0, 0.5, 0.99].map((random) => first(random, 1))).toEqual(['0123', '0231', '0312']);
  });
});

describe('messages of every kind', () => {
  const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
  const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((each) => each.join('.'));
  const record: fc.Arbitrary<Answer> = fc.oneof(
    fc.record({ type: fc.constant('A' as const), name, data: fc.ipV4() }),
    fc.record({ type: fc.constant('CNAME' as const), name, data: name }),
    fc.record({ type: fc.constant('TXT' as const), name, data: fc.string({ maxLength: 50 }) }),
  );

  it('are walked over record by record', () => {
    fc.assert(
      fc.property(
        name,
        fc.array(record, { maxLength: 8 }),
        fc.array(record, { maxLength: 3 }),
        (asked, answers, additionals) => {
          const message = encode({ type: 'response', questions: [{ type: 'A', name: asked }], answers, additionals });
          const records = recordsOf(message);
          expect(records.map((each) => each.section)).toEqual([
            ...answers.map(() => 'answer'),
            ...additionals.map(() => 'additional'),
          ]);
          expect(records[0]?.at ?? message.length).toBe(afterQuestions(message));
          expect(records.at(-1)?.end ?? message.length).toBe(message.length);
        },
      ),
    );
  });

  it('however broken, are read, refused or ignored, and never more', () => {
    const broken = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc
        .tuple(
          name,
          fc.boolean(),
          fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 6 }),
          fc.nat(60),
        )
        .map(([asked, edns, changes, cut]) => {
          const message = query(asked, 'SRV', edns ? { edns: 1232 } : {});
          for (const [at, byte] of changes) message[at % message.length] = byte;
          return message.subarray(0, message.length - (cut % 8 === 0 ? cut % message.length : 0));
        }),
    );
    fc.assert(
      fc.property(broken, (bytes) => {
        const result = readQuery(Buffer.from(bytes));
        if (!result) return;
        if (!isRefusal(result)) {
          expect(labelsOf(result.key).every((each) => each.length > 0)).toBe(true);
          return;
        }
        expect([rcodes.FORMERR, rcodes.NOTIMP, rcodes.BADVERS]).toContain(result.rcode);
        expect(refuse(result).readUInt16BE(0)).toBe(result.id);
      }),
      { numRuns: 2000 },
    );
  });
});

it('names that do not fit a message are known before they are put into one', () => {
  expect(isEncodable('a.b.c')).toBe(true);
  expect(isEncodable('a.b.c.')).toBe(true);
  expect(isEncodable(`${'x'.repeat(63)}.com`)).toBe(true);
  expect(isEncodable(`${'x'.repeat(64)}.com`)).toBe(false);
  expect(isEncodable(Array(50).fill('abcd').join('.'))).toBe(true);
  expect(isEncodable(Array(60).fill('abcd').join('.'))).toBe(false);
  expect(isEncodable('a..b')).toBe(false);
});
