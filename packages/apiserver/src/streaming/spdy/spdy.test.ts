import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SpdyConnection } from './connection.ts';
import { headerDictionary } from './dictionary.ts';
import { encodeFrame, type Frame, FrameReader } from './frames.ts';
import { HeaderCompressor, HeaderReader } from './headers.ts';

describe('the dictionary', () => {
  it('is the one that zlib streams of SPDY/3 name by its checksum', () => {
    let [a, b] = [1, 0];
    for (const byte of headerDictionary) {
      a = (a + byte) % 65_521;
      b = (b + a) % 65_521;
    }
    expect((b * 65_536 + a).toString(16)).toBe('e3c6a7c2');
  });
});

describe('frames', () => {
  const id = fc.integer({ min: 1, max: 0x7fff_ffff });
  const bytes = fc.uint8Array({ maxLength: 40 }).map((it) => Buffer.from(it));
  const frame: fc.Arbitrary<Exclude<Frame, { type: 'other' }>> = fc.oneof(
    fc.record({ type: fc.constant('data' as const), streamId: id, fin: fc.boolean(), data: bytes }),
    fc.record({ type: fc.constant('synStream' as const), streamId: id, fin: fc.boolean(), headers: bytes }),
    fc.record({
      type: fc.constantFrom('synReply' as const, 'headers' as const),
      streamId: id,
      fin: fc.boolean(),
      headers: bytes,
    }),
    fc.record({ type: fc.constant('reset' as const), streamId: id, status: fc.nat(11) }),
    fc.record({ type: fc.constant('ping' as const), id: fc.nat() }),
    fc.record({ type: fc.constant('goAway' as const), lastStreamId: id, status: fc.nat(2) }),
    fc.record({ type: fc.constant('windowUpdate' as const), streamId: id, delta: id }),
  );

  it('are read back as they were written, however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.integer({ min: 1, max: 30 }), (frames, step) => {
        const wire = Buffer.concat(frames.map(encodeFrame));
        const reader = new FrameReader();
        const read: Frame[] = [];
        for (let at = 0; at < wire.length; at += step) read.push(...reader.read(wire.subarray(at, at + step)));
        expect(read).toEqual(frames);
      }),
    );
  });

  it('of another version, or too short, are refused', () => {
    const read = (bytes: number[]) => [...new FrameReader().read(Buffer.from(bytes))];
    expect(() => read([0x80, 2, 0, 1, 0, 0, 0, 0])).toThrow('another version of SPDY');
    expect(() => read([0x80, 3, 0, 3, 0, 0, 0, 0])).toThrow('too short');
  });
});

describe('header blocks', () => {
  it('depend on those before them, and are read in order', async () => {
    const compressor = new HeaderCompressor();
    const reader = new HeaderReader();
    const blocks: Record<string, string[]>[] = [
      { streamtype: ['error'] },
      { streamtype: ['stdin'], port: ['80', '81'] },
      { streamtype: ['stdout'] },
    ];
    const compressed = await Promise.all(blocks.map((block) => compressor.compress(block)));
    for (const [i, block] of blocks.entries()) expect(await reader.read(compressed[i]!)).toEqual(block);
    expect(compressed[2]!.length).toBeLessThan(compressed[0]!.length);
    compressor.close();
    reader.close();
  });

  it('that are garbage are refused', async () => {
    await expect(new HeaderReader().read(Buffer.from('no zlib stream'))).rejects.toThrow();
  });
});

/** A connection whose peer the test plays: frames it sends are collected, frames given are received. */
function played() {
  const sent: Frame[] = [];
  const reader = new FrameReader();
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      sent.push(...reader.read(chunk));
      done();
    },
  });
  const connection = new SpdyConnection(socket);
  const receive = (frame: Exclude<Frame, { type: 'other' }>) => void socket.push(encodeFrame(frame));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { connection, socket, sent, receive, settled };
}

describe('a connection', () => {
  it('opens odd streams, sends on them, and hands out what comes, in order', async () => {
    const { connection, sent, receive, settled } = played();
    const got: string[] = [];
    const events = {
      data: (bytes: Buffer) => void got.push(bytes.toString()),
      end: (why: string) => void got.push(why),
    };
    const opening = connection.open({ streamtype: ['stdout'] }, events);
    while (sent.length === 0) await settled();
    expect(sent[0]).toMatchObject({ type: 'synStream', streamId: 1, fin: false });
    const answers = new HeaderCompressor();
    receive({ type: 'synReply', streamId: 1, fin: false, headers: await answers.compress({}) });
    const stream = await opening;
    expect(stream.write(Buffer.from('in'))).toBe(true);
    stream.finish();
    expect(sent.slice(1)).toEqual([
      { type: 'data', streamId: 1, fin: false, data: Buffer.from('in') },
      { type: 'data', streamId: 1, fin: true, data: Buffer.alloc(0) },
    ]);
    receive({ type: 'data', streamId: 1, fin: false, data: Buffer.from('a') });
    receive({ type: 'data', streamId: 1, fin: true, data: Buffer.from('b') });
    while (got.length < 3) await settled();
    expect(got).toEqual(['a', 'b', 'finished']);
    connection.close();
    answers.close();
  });

  it('answers pings and refuses streams nobody asked for', async () => {
    const { connection, sent, receive, settled } = played();
    const theirs = new HeaderCompressor();
    receive({ type: 'ping', id: 2 });
    receive({ type: 'synStream', streamId: 2, fin: false, headers: await theirs.compress({ a: ['b'] }) });
    while (sent.length < 2) await settled();
    expect(sent).toEqual([
      { type: 'ping', id: 2 },
      { type: 'reset', streamId: 2, status: 5 },
    ]);
    connection.close();
    theirs.close();
  });

  it('that breaks ends its streams, and those being opened', async () => {
    const { connection, socket } = played();
    const ended = new Promise<string>((resolve) => {
      connection.open({}, { data: () => undefined, end: resolve }).catch(() => undefined);
    });
    const second = connection.open({}, { data: () => undefined, end: () => undefined });
    socket.destroy();
    expect(await ended).toBe('closed');
    await expect(second).rejects.toThrow('closed');
    await expect(connection.open({}, { data: () => undefined, end: () => undefined })).rejects.toThrow('closed');
  });

  it('that receives nonsense is closed', async () => {
    const { connection, socket } = played();
    const closed = new Promise<Error | undefined>((resolve) => connection.onClose(resolve));
    socket.push(Buffer.from([0x80, 9, 0, 1, 0, 0, 0, 0]));
    expect((await closed)?.message).toContain('another version');
    expect(socket.destroyed).toBe(true);
  });
});
