/**
 * SPDY/3.1 frames as bytes (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/#26-framing). Header blocks stay
 * compressed here: compression is a matter of the whole connection.
 */
export type Frame =
  | { readonly type: 'data'; readonly streamId: number; readonly fin: boolean; readonly data: Buffer }
  | { readonly type: 'synStream'; readonly streamId: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly type: 'synReply'; readonly streamId: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly type: 'headers'; readonly streamId: number; readonly fin: boolean; readonly headers: Buffer }
  | { readonly type: 'reset'; readonly streamId: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway'; readonly lastStreamId: number; readonly status: number }
  | { readonly type: 'windowUpdate'; readonly streamId: number; readonly delta: number }
  /** SETTINGS, and what the draft says to ignore. */
  | { readonly type: 'other'; readonly code: number };

const version = 3;
const headLength = 8;
const finFlag = 0x01;

const codes = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 } as const;

/** The longest data one frame can carry. */
export const maxData = 0xff_ffff;

/** A frame's bytes. Data longer than `maxData` must be cut before. */
export function encodeFrame(frame: Exclude<Frame, { type: 'other' }>): Buffer {
  switch (frame.type) {
    case 'data': {
      const head = Buffer.alloc(headLength);
      head.writeUInt32BE(frame.streamId & 0x7fff_ffff, 0);
      head.writeUInt32BE(frame.data.length, 4);
      head.writeUInt8(frame.fin ? finFlag : 0, 4);
      return Buffer.concat([head, frame.data]);
    }
    case 'synStream': {
      // Associated stream, priority and slot: none.
      const body = Buffer.concat([words(frame.streamId, 0), Buffer.alloc(2), frame.headers]);
      return control(codes.synStream, frame.fin ? finFlag : 0, body);
    }
    case 'synReply':
    case 'headers':
      return control(codes[frame.type], frame.fin ? finFlag : 0, Buffer.concat([words(frame.streamId), frame.headers]));
    case 'reset':
      return control(codes.reset, 0, words(frame.streamId, frame.status));
    case 'ping':
      return control(codes.ping, 0, words(frame.id));
    case 'goAway':
      return control(codes.goAway, 0, words(frame.lastStreamId, frame.status));
    case 'windowUpdate':
      return control(codes.windowUpdate, 0, words(frame.streamId, frame.delta));
  }
}

function control(code: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(headLength);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(code, 2);
  head.writeUInt32BE(body.length, 4);
  head.writeUInt8(flags, 4);
  return Buffer.concat([head, body]);
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) buffer.writeUInt32BE(value >>> 0, i * 4);
  return buffer;
}

/** Cuts a stream of bytes into frames, however the bytes are divided. */
export class FrameReader {
  #pending: Buffer[] = [];
  #length = 0;

  /** The frames that are complete with these bytes. Throws on another version of the protocol, and on frames too short. */
  *read(bytes: Buffer): Generator<Frame> {
    this.#pending.push(bytes);
    this.#length += bytes.length;
    while (this.#length >= headLength) {
      const joined = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
      this.#pending = [joined];
      const length = joined.readUInt32BE(4) & maxData;
      const whole = headLength + length;
      if (joined.length < whole) return;
      this.#pending = joined.length > whole ? [joined.subarray(whole)] : [];
      this.#length -= whole;
      yield decode(joined.subarray(0, headLength), joined.subarray(headLength, whole));
    }
  }
}

function decode(head: Buffer, body: Buffer): Frame {
  const first = head.readUInt32BE(0);
  const fin = (head.readUInt8(4) & finFlag) !== 0;
  if ((first & 0x8000_0000) === 0) return { type: 'data', streamId: first, fin, data: body };
  if (((first >>> 16) & 0x7fff) !== version) throw new Error('the peer speaks another version of SPDY');
  const code = first & 0xffff;
  const word = (i: number) => {
    if (body.length < i * 4 + 4) throw new Error(`a SPDY frame of type ${code} is too short`);
    return body.readUInt32BE(i * 4) & 0x7fff_ffff;
  };
  switch (code) {
    case codes.synStream:
      return { type: 'synStream', streamId: word(0), fin, headers: body.subarray(10) };
    case codes.synReply:
      return { type: 'synReply', streamId: word(0), fin, headers: body.subarray(4) };
    case codes.headers:
      return { type: 'headers', streamId: word(0), fin, headers: body.subarray(4) };
    case codes.reset:
      return { type: 'reset', streamId: word(0), status: word(1) };
    case codes.ping:
      return { type: 'ping', id: body.length < 4 ? 0 : body.readUInt32BE(0) };
    case codes.goAway:
      return { type: 'goAway', lastStreamId: word(0), status: word(1) };
    case codes.windowUpdate:
      return { type: 'windowUpdate', streamId: word(0), delta: word(1) };
    default:
      return { type: 'other', code };
  }
}
