import { headerSize } from './codes.ts';

/** A message that breaks the rules of RFC 1035. */
export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

export type Section = 'answer' | 'authority' | 'additional';

/** Where a record lies in a message. Offsets are from the message's start. */
export interface RecordAt {
  section: Section;
  at: number;
  type: number;
  class: number;
  ttlAt: number;
  dataAt: number;
  /** The offset after it. */
  end: number;
}

const longestName = 255;

/**
 * The offset after the name that begins at `at`. A name ends with the root label or, unless `whole` forbids it, with a pointer; where
 * that leads is not looked at. Throws MalformedMessage.
 */
export function afterName(message: Buffer, at: number, whole = false): number {
  let next = at;
  for (;;) {
    const length = message[next];
    if (length === undefined) throw new MalformedMessage('a name runs over the end');
    if (length === 0) return next + 1;
    if (length >= 0xc0 && !whole) {
      if (next + 2 > message.length) throw new MalformedMessage('a pointer runs over the end');
      return next + 2;
    }
    if (length > 63) throw new MalformedMessage('a label has a reserved length');
    next += length + 1;
    if (next - at >= longestName) throw new MalformedMessage('a name is too long');
  }
}

/** The offset after the question section. Throws MalformedMessage. */
export function afterQuestions(message: Buffer): number {
  if (message.length < headerSize) throw new MalformedMessage('the header is cut off');
  let at = headerSize;
  for (let left = message.readUInt16BE(4); left > 0; left--) {
    at = afterName(message, at) + 4;
    if (at > message.length) throw new MalformedMessage('a question runs over the end');
  }
  return at;
}

/**
 * The records of a message, in order, without a look into their names and data: those stay as they came, whatever they are. Throws
 * MalformedMessage.
 */
export function recordsOf(message: Buffer, from: number = afterQuestions(message)): RecordAt[] {
  const records: RecordAt[] = [];
  const counts: [Section, number][] = [
    ['answer', message.readUInt16BE(6)],
    ['authority', message.readUInt16BE(8)],
    ['additional', message.readUInt16BE(10)],
  ];
  let at = from;
  for (const [section, count] of counts) {
    for (let left = count; left > 0; left--) {
      const fixed = afterName(message, at);
      if (fixed + 10 > message.length) throw new MalformedMessage('a record runs over the end');
      const dataAt = fixed + 10;
      const end = dataAt + message.readUInt16BE(fixed + 8);
      if (end > message.length) throw new MalformedMessage("a record's data runs over the end");
      records.push({
        section,
        at,
        type: message.readUInt16BE(fixed),
        class: message.readUInt16BE(fixed + 2),
        ttlAt: fixed + 4,
        dataAt,
        end,
      });
      at = end;
    }
  }
  return records;
}
