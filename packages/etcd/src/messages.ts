/** The messages of etcd's API (https://etcd.io/docs/v3.5/learning/api), as far as Coracle sends and reads them. */
import { type Decoder, Encoder } from './wire.ts';

export interface KeyValue {
  key: Buffer;
  value: Buffer;
  createRevision: number;
  modRevision: number;
  /** 0: it lives by none. */
  lease: bigint;
}

export interface RangeRequest {
  key: Buffer;
  /** Without it the key alone; a zero byte: all keys from `key` on. */
  rangeEnd?: Buffer;
  /** 0: all. */
  limit?: number;
  /** 0: the newest. */
  revision?: number;
  countOnly?: boolean;
}

export interface RangeResponse {
  /** Of the whole store, when the answer was made. */
  revision: number;
  kvs: KeyValue[];
  /** How many keys the range has, whatever the limit. */
  count: number;
}

export type RequestOp =
  | { range: RangeRequest }
  | { put: { key: Buffer; value: Buffer; lease?: bigint } }
  | { deleteRange: { key: Buffer; rangeEnd?: Buffer } };

/** A key's modification revision is this one; 0: it is not there. */
export interface Compare {
  key: Buffer;
  modRevision: number;
}

export interface TxnRequest {
  compare: readonly Compare[];
  success: readonly RequestOp[];
  failure?: readonly RequestOp[];
}

export interface TxnResponse {
  revision: number;
  succeeded: boolean;
  /** The answers of the ranges among the operations that were carried out; undefined in the places of the others. */
  ranges: (RangeResponse | undefined)[];
}

export interface WatchRequest {
  key: Buffer;
  rangeEnd?: Buffer;
  /** The first revision to tell of. */
  startRevision: number;
  /** Whether it is told now and then how far the watch is when nothing changes. */
  progressNotify?: boolean;
}

export interface WatchEvent {
  type: 'put' | 'delete';
  kv: KeyValue;
}

export interface WatchResponse {
  revision: number;
  created: boolean;
  canceled: boolean;
  cancelReason: string;
  /** The lowest revision that can be watched, where the one asked for was compacted; 0 otherwise. */
  compactRevision: number;
  events: WatchEvent[];
}

/** The `rangeEnd` of all keys with a prefix: the first key after them. Prefixes end in ASCII, so the last byte can be raised. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  if (end.length === 0) return Buffer.from([0]);
  end[end.length - 1]!++;
  return end;
}

export const encodeRange = ({ key, rangeEnd, limit, revision, countOnly }: RangeRequest): Encoder =>
  new Encoder().bytes(1, key).bytes(2, rangeEnd).number(3, limit).number(4, revision).flag(9, countOnly);

function encodeOperation(operation: RequestOp): Encoder {
  if ('range' in operation) return new Encoder().message(1, encodeRange(operation.range));
  if ('put' in operation) {
    const { key, value, lease } = operation.put;
    return new Encoder().message(2, new Encoder().bytes(1, key).bytes(2, value).int64(3, lease));
  }
  const { key, rangeEnd } = operation.deleteRange;
  return new Encoder().message(3, new Encoder().bytes(1, key).bytes(2, rangeEnd));
}

/** The comparison EQUAL (0) of the target MOD (2). The revision is one of several alternatives, and written also when it is 0. */
function encodeCompare({ key, modRevision }: Compare): Encoder {
  const compare = new Encoder().number(2, 2).bytes(3, key);
  return modRevision === 0 ? compare : compare.number(6, modRevision);
}

export function encodeTxn({ compare, success, failure = [] }: TxnRequest): Encoder {
  const txn = new Encoder();
  for (const each of compare) txn.message(1, encodeCompare(each));
  for (const each of success) txn.message(2, encodeOperation(each));
  for (const each of failure) txn.message(3, encodeOperation(each));
  return txn;
}

export const encodeWatch = ({ key, rangeEnd, startRevision, progressNotify }: WatchRequest): Encoder =>
  new Encoder().message(
    1,
    new Encoder().bytes(1, key).bytes(2, rangeEnd).number(3, startRevision).flag(4, progressNotify),
  );

/** The revision of a response header. */
function headerRevision(header: Decoder): number {
  let revision = 0;
  for (let field = header.field(); field; field = header.field()) {
    if (field === 3) revision = header.number();
    else header.skip();
  }
  return revision;
}

const empty = Buffer.alloc(0);

function decodeKeyValue(it: Decoder): KeyValue {
  const kv: KeyValue = { key: empty, value: empty, createRevision: 0, modRevision: 0, lease: 0n };
  for (let field = it.field(); field; field = it.field()) {
    if (field === 1) kv.key = it.bytes();
    else if (field === 2) kv.createRevision = it.number();
    else if (field === 3) kv.modRevision = it.number();
    else if (field === 5) kv.value = it.bytes();
    else if (field === 6) kv.lease = it.int64();
    else it.skip();
  }
  return kv;
}

export function decodeRange(it: Decoder): RangeResponse {
  const range: RangeResponse = { revision: 0, kvs: [], count: 0 };
  for (let field = it.field(); field; field = it.field()) {
    if (field === 1) range.revision = headerRevision(it.message());
    else if (field === 2) range.kvs.push(decodeKeyValue(it.message()));
    else if (field === 4) range.count = it.number();
    else it.skip();
  }
  return range;
}

function decodeOperation(it: Decoder): RangeResponse | undefined {
  let range: RangeResponse | undefined;
  for (let field = it.field(); field; field = it.field()) {
    if (field === 1) range = decodeRange(it.message());
    else it.skip();
  }
  return range;
}

export function decodeTxn(it: Decoder): TxnResponse {
  const txn: TxnResponse = { revision: 0, succeeded: false, ranges: [] };
  for (let field = it.field(); field; field = it.field()) {
    if (field === 1) txn.revision = headerRevision(it.message());
    else if (field === 2) txn.succeeded = it.flag();
    else if (field === 3) txn.ranges.push(decodeOperation(it.message()));
    else it.skip();
  }
  return txn;
}

/** The revision of an answer of which nothing else is wanted. */
export function decodeRevision(it: Decoder): number {
  let revision = 0;
  for (let field = it.field(); field; field = it.field()) {
    if (field === 1) revision = headerRevision(it.message());
    else it.skip();
  }
  return revision;
}

/** Of a Status answer: the size of the database. */
export function decodeDatabaseSize(it: Decoder): number {
  let size = 0;
  for (let field = it.field(); field; field = it.field()) {
    if (field === 3) size = it.number();
    else it.skip();
  }
  return size;
}

/** Of a grant and of a renewal: seconds to live, 0 or less when there is no such lease. */
export function decodeLease(it: Decoder): { id: bigint; ttl: number; error: string } {
  const lease = { id: 0n, ttl: 0, error: '' };
  for (let field = it.field(); field; field = it.field()) {
    if (field === 2) lease.id = it.int64();
    else if (field === 3) lease.ttl = Number(it.int64());
    else if (field === 4) lease.error = it.text();
    else it.skip();
  }
  return lease;
}

function decodeEvent(it: Decoder): WatchEvent {
  const event: WatchEvent = {
    type: 'put',
    kv: { key: empty, value: empty, createRevision: 0, modRevision: 0, lease: 0n },
  };
  for (let field = it.field(); field; field = it.field()) {
    if (field === 1) event.type = it.number() === 1 ? 'delete' : 'put';
    else if (field === 2) event.kv = decodeKeyValue(it.message());
    else it.skip();
  }
  return event;
}

export function decodeWatch(it: Decoder): WatchResponse {
  const watch: WatchResponse = {
    revision: 0,
    created: false,
    canceled: false,
    cancelReason: '',
    compactRevision: 0,
    events: [],
  };
  for (let field = it.field(); field; field = it.field()) {
    if (field === 1) watch.revision = headerRevision(it.message());
    else if (field === 3) watch.created = it.flag();
    else if (field === 4) watch.canceled = it.flag();
    else if (field === 5) watch.compactRevision = it.number();
    else if (field === 6) watch.cancelReason = it.text();
    else if (field === 11) watch.events.push(decodeEvent(it.message()));
    else it.skip();
  }
  return watch;
}
