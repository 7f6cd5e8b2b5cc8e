import { bits, headerSize, type Rcode, types } from './codes.ts';
import type { Edns, Query, Refusal } from './query.ts';

/** The records of an answer as bytes, made once and sent often. */
export interface Prepared {
  rcode: Rcode;
  authoritative: boolean;
  /** Each record of the answer section. */
  answers: readonly Buffer[];
  /** How many of the first answers keep their place (aliases come before what they lead to); the rest is rotated. */
  fixed: number;
  authorities: readonly Buffer[];
  /** Left out first where room is short. */
  additionals: readonly Buffer[];
}

/** The largest UDP message this server sends and takes, in bytes: what passes every usual path unbroken. */
export const udpSize = 1232;
const plainUdpSize = 512;
/** Of an OPT record without options, in bytes. */
export const optSize = 11;

/** How large a reply over UDP may be for this client. */
export const udpLimit = (edns: Edns | undefined): number =>
  edns ? Math.min(Math.max(edns.size, plainUdpSize), udpSize) : plainUdpSize;

/**
 * A reply to a query. The answers begin at a random one. Where they do not fit in `limit` bytes, as many as do are there and the
 * truncation bit tells the client to ask by TCP.
 */
export function reply(
  query: Query,
  prepared: Prepared,
  limit: number,
  recursionAvailable: boolean,
  random: number,
): Buffer {
  const { answers, fixed, authorities, additionals } = prepared;
  const room = limit - headerSize - query.question.length - (query.edns ? optSize : 0);
  const answerBytes = sizeOf(answers);
  const authorityBytes = sizeOf(authorities);
  const truncated = answerBytes + authorityBytes > room;
  const chosen = rotated(answers, fixed, random);
  const kept = truncated ? fitting(chosen, room) : chosen;
  const authority = truncated ? [] : authorities;
  const additional = !truncated && answerBytes + authorityBytes + sizeOf(additionals) <= room ? additionals : [];
  const message = start(
    query,
    [...kept, ...authority, ...additional],
    [kept.length, authority.length, additional.length],
  );
  message.writeUInt16BE(
    bits.response |
      (prepared.authoritative ? bits.authoritative : 0) |
      (truncated ? bits.truncated : 0) |
      (query.flags & (bits.recursionDesired | bits.checkingDisabled)) |
      (recursionAvailable ? bits.recursionAvailable : 0) |
      prepared.rcode,
    2,
  );
  return message;
}

/** A reply that is only a code; it repeats the question where that could be read. */
export function refuse({ id, flags, question = Buffer.alloc(0), edns, rcode }: Refusal): Buffer {
  const message = start({ id, question, edns }, [], [0, 0, 0], rcode >> 4);
  const kept = flags & (bits.opcode | bits.recursionDesired | bits.checkingDisabled);
  message.writeUInt16BE(bits.response | kept | (rcode & bits.rcode), 2);
  return message;
}

/** Header without flags, question, records, and an OPT record where the client sent one. */
function start(
  { id, question, edns }: Pick<Query, 'id' | 'question' | 'edns'>,
  records: readonly Buffer[],
  counts: readonly [number, number, number],
  extendedRcode = 0,
): Buffer {
  const message = Buffer.allocUnsafe(headerSize + question.length + sizeOf(records) + (edns ? optSize : 0));
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(question.length > 0 ? 1 : 0, 4);
  message.writeUInt16BE(counts[0], 6);
  message.writeUInt16BE(counts[1], 8);
  message.writeUInt16BE(counts[2] + (edns ? 1 : 0), 10);
  let at = headerSize;
  for (const each of [question, ...records]) at += each.copy(message, at);
  if (edns) writeOpt(message, at, edns.dnssecOk, extendedRcode);
  return message;
}

/** Writes an OPT record of 11 bytes: the size this server takes, version 0, no options. */
export function writeOpt(message: Buffer, at: number, dnssecOk: boolean, extendedRcode: number): void {
  message.writeUInt8(0, at);
  message.writeUInt16BE(types.OPT, at + 1);
  message.writeUInt16BE(udpSize, at + 3);
  message.writeUInt8(extendedRcode, at + 5);
  message.writeUInt8(0, at + 6);
  message.writeUInt16BE(dnssecOk ? 0x8000 : 0, at + 7);
  message.writeUInt16BE(0, at + 9);
}

function rotated(records: readonly Buffer[], fixed: number, random: number): readonly Buffer[] {
  const moving = records.length - fixed;
  if (moving < 2) return records;
  const first = fixed + Math.floor(random * moving);
  return [...records.slice(0, fixed), ...records.slice(first), ...records.slice(fixed, first)];
}

function fitting(records: readonly Buffer[], room: number): readonly Buffer[] {
  let bytes = 0;
  const end = records.findIndex((each) => {
    bytes += each.length;
    return bytes > room;
  });
  return end < 0 ? records : records.slice(0, end);
}

function sizeOf(records: readonly Buffer[]): number {
  let bytes = 0;
  for (const each of records) bytes += each.length;
  return bytes;
}
