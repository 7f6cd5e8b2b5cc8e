import { bits, headerSize, type Rcode, rcodes, types } from './codes.ts';
import { afterName, MalformedMessage, recordsOf } from './walk.ts';

/** What a client asks. */
export interface Query {
  id: number;
  /** The second word of the header, as it came. */
  flags: number;
  /** The question section as it came, its letters' case kept: name, type, class. */
  question: Buffer;
  /** The question with its name in lower case, one character a byte: equal for equal questions. */
  key: string;
  type: number;
  class: number;
  edns: Edns | undefined;
}

/** What a client says by an OPT record (RFC 6891). */
export interface Edns {
  /** The largest UDP message the client takes, in bytes. */
  size: number;
  dnssecOk: boolean;
}

/** A query that gets only a code for an answer; with the question, where that could be read. */
export interface Refusal {
  id: number;
  flags: number;
  rcode: Rcode;
  question?: Buffer;
  edns?: Edns;
}

/**
 * Reads a client's message. Gives undefined for what gets no answer at all: no header, or itself a response (two servers must not
 * answer each other for ever).
 */
export function readQuery(message: Buffer): Query | Refusal | undefined {
  if (message.length < headerSize) return undefined;
  const id = message.readUInt16BE(0);
  const flags = message.readUInt16BE(2);
  if ((flags & bits.response) !== 0) return undefined;
  if ((flags & bits.opcode) !== 0) return { id, flags, rcode: rcodes.NOTIMP };
  // What more than one question would mean was never defined, and no query carries answers.
  if (message.readUInt16BE(4) !== 1 || message.readUInt16BE(6) !== 0) return { id, flags, rcode: rcodes.FORMERR };
  try {
    return readQuestion(message, id, flags);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { id, flags, rcode: rcodes.FORMERR };
  }
}

export const isRefusal = (read: Query | Refusal): read is Refusal => 'rcode' in read;

function readQuestion(message: Buffer, id: number, flags: number): Query | Refusal {
  const nameEnd = afterName(message, headerSize, true);
  const end = nameEnd + 4;
  if (end > message.length) throw new MalformedMessage('the question is cut off');
  const question = Buffer.from(message.subarray(headerSize, end));
  const edns = readEdns(message, end);
  if (edns === 'unknown version')
    return { id, flags, rcode: rcodes.BADVERS, question, edns: { size: 512, dnssecOk: false } };
  return {
    id,
    flags,
    question,
    key: keyOf(question),
    type: message.readUInt16BE(nameEnd),
    class: message.readUInt16BE(nameEnd + 2),
    edns,
  };
}

/** The OPT record of a query, if there is one. */
function readEdns(message: Buffer, from: number): Edns | undefined | 'unknown version' {
  if (message.readUInt16BE(8) === 0 && message.readUInt16BE(10) === 0) return undefined;
  const found = recordsOf(message, from).filter((each) => each.type === types.OPT);
  if (found.length === 0) return undefined;
  const [opt] = found;
  if (found.length > 1 || opt!.section !== 'additional' || message[opt!.at] !== 0)
    throw new MalformedMessage('an OPT record is out of place');
  if (message[opt!.ttlAt + 1] !== 0) return 'unknown version';
  return { size: opt!.class, dnssecOk: (message[opt!.ttlAt + 2]! & 0x80) !== 0 };
}

/** Lengths of labels are below the letters, so that a whole name can be lowered byte by byte; the four bytes after it stay. */
export function keyOf(question: Buffer): string {
  const key = Buffer.from(question);
  for (let at = 0; at < key.length - 4; at++) {
    const byte = key[at]!;
    if (byte >= 0x41 && byte <= 0x5a) key[at] = byte + 0x20;
  }
  return key.toString('latin1');
}

/** The labels of a question's name in lower case, one character a byte; none for the root. */
export function labelsOf(key: string): string[] {
  const labels: string[] = [];
  for (let at = 0; ; ) {
    const length = key.charCodeAt(at);
    if (length === 0) return labels;
    labels.push(key.slice(at + 1, at + 1 + length));
    at += length + 1;
  }
}
