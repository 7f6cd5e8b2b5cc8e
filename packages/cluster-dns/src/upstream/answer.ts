import { bits, headerSize, types } from '../wire/codes.ts';
import type { Query } from '../wire/query.ts';
import { optSize, writeOpt } from '../wire/reply.ts';
import { afterQuestions, type RecordAt, recordsOf } from '../wire/walk.ts';

/** An answer from upstream, without what concerns only the hop it came over (EDNS). Its bytes are never changed. */
export interface UpstreamAnswer {
  bytes: Buffer;
  rcode: number;
  /** Seconds for which it may be kept; 0: not at all. */
  ttl: number;
  /** When it came, on the clock of performance.now(). */
  at: number;
}

const authenticData = 0x0020;

/** Where a header counts the records of each section. */
const counts = [
  ['answer', 6],
  ['authority', 8],
  ['additional', 10],
] as const;

/** Takes an answer that `exchange` has checked. `longest` is the most seconds that any record of it is believed. */
export function upstreamAnswer(message: Buffer, longest: number, at: number): UpstreamAnswer {
  // What a truncated answer holds of its records is of no use, and may end anywhere.
  const truncated = (message.readUInt16BE(2) & bits.truncated) !== 0;
  const all = truncated ? [] : recordsOf(message);
  const opt = all.find((each) => each.section === 'additional' && each.type === types.OPT);
  // OPT stands last but for a signature of this hop, which is of no use on the next.
  const records = opt ? all.filter((each) => each.at < opt.at) : all;
  const bytes = Buffer.from(message.subarray(0, records.at(-1)?.end ?? afterQuestions(message)));
  for (const [section, at] of counts)
    bytes.writeUInt16BE(records.filter((each) => each.section === section).length, at);
  const extended = opt ? message[opt.ttlAt]! << 4 : 0;
  const rcode = extended | (message.readUInt16BE(2) & bits.rcode);
  return { bytes, rcode, ttl: Math.min(longest, keepFor(bytes, records, rcode)), at };
}

/** How long an answer may be kept by its own records (RFC 2181 5.2; RFC 2308 5 for what is not there). */
function keepFor(message: Buffer, records: readonly RecordAt[], rcode: number): number {
  if ((message.readUInt16BE(2) & bits.truncated) !== 0 || (rcode !== 0 && rcode !== 3)) return 0;
  const ttlOf = (each: RecordAt): number => message.readUInt32BE(each.ttlAt);
  const shortest = Math.min(...records.map(ttlOf));
  if (rcode === 0 && records.some((each) => each.section === 'answer')) return shortest;
  const soa = records.find((each) => each.section === 'authority' && each.type === types.SOA);
  return soa && soa.end - soa.dataAt >= 22 ? Math.min(shortest, message.readUInt32BE(soa.end - 4)) : 0;
}

export interface ReplyOptions {
  /** The most bytes the reply may have. */
  limit: number;
  /** The most seconds that any record is believed. */
  longest: number;
  /** On the clock of performance.now(). */
  now: number;
  /** From 0 to 1: which of several addresses stands first. */
  random: number;
}

/**
 * The answer as a reply to one client: with its id, its question as it wrote it, what is left of the times to live, its kind of EDNS,
 * and no longer than its limit.
 */
export function replyFrom(answer: UpstreamAnswer, query: Query, options: ReplyOptions): Buffer {
  const { limit, longest, now, random } = options;
  const { bytes } = answer;
  const room = limit - (query.edns ? optSize : 0);
  const records = recordsOf(bytes);
  const wanted = bytes.length <= room ? records : records.filter((each) => each.section !== 'additional');
  const kept = wanted.filter((each) => each.end <= room);
  const truncated = kept.length < wanted.length || (bytes.readUInt16BE(2) & bits.truncated) !== 0;
  const end = kept.at(-1)?.end ?? headerSize + query.question.length;
  const message = Buffer.allocUnsafe(end + (query.edns ? optSize : 0));
  bytes.copy(message, 0, 0, end);
  query.question.copy(message, headerSize);
  message.writeUInt16BE(query.id, 0);
  const mayAuthenticate = query.edns?.dnssecOk || (query.flags & authenticData) !== 0;
  message.writeUInt16BE(
    bits.response |
      (truncated ? bits.truncated : 0) |
      (query.flags & (bits.recursionDesired | bits.checkingDisabled)) |
      bits.recursionAvailable |
      (mayAuthenticate ? bytes.readUInt16BE(2) & authenticData : 0) |
      (answer.rcode & bits.rcode),
    2,
  );
  for (const [section, at] of counts) {
    const opt = section === 'additional' && query.edns ? 1 : 0;
    message.writeUInt16BE(kept.filter((each) => each.section === section).length + opt, at);
  }
  const age = Math.floor((now - answer.at) / 1000);
  for (const { ttlAt } of kept)
    message.writeUInt32BE(Math.max(0, Math.min(bytes.readUInt32BE(ttlAt), longest) - age), ttlAt);
  rotateAddresses(message, kept, random);
  if (query.edns) writeOpt(message, end, query.edns.dnssecOk, answer.rcode >> 4);
  return message;
}

/** Changes which of several addresses of one name comes first. The records stay where they are: names point into the message. */
function rotateAddresses(message: Buffer, records: readonly RecordAt[], random: number): void {
  for (const type of [types.A, types.AAAA]) {
    const addresses = records.filter((each) => each.section === 'answer' && each.type === type);
    const ownerOf = (each: RecordAt): Buffer => message.subarray(each.at, each.ttlAt);
    if (addresses.length < 2 || !addresses.every((each) => ownerOf(each).equals(ownerOf(addresses[0]!)))) continue;
    const data = addresses.map((each) => Buffer.from(message.subarray(each.dataAt, each.end)));
    if (data.some((each) => each.length !== data[0]!.length)) continue;
    const first = Math.floor(random * data.length);
    for (const [i, { dataAt }] of addresses.entries()) data[(first + i) % data.length]!.copy(message, dataAt);
  }
}
