import { encodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { requestEntityTooLarge, type StatusError } from '@coracle/api/meta/status';

/** The most bytes of an object that are ever sent to the store, as upstream's client of etcd has it. */
const most = 2 << 20;
/** What etcd itself takes, unless told otherwise. */
const mostOfEtcd = 1.5 * 2 ** 20;

/** Throws the 413 for an object that is too large for any store. */
export function checkStorable(bytes: number): void {
  if (bytes > most) throw tooLarge(bytes);
}

/** Whether an object, or part of one, that came in a body of `received` bytes is too large for any store. */
export function isTooLarge(object: KubeObject, received = 0): boolean {
  if (received <= most) return false; // few bodies have to be looked at
  return isCertainlyTooLarge(object) || encodeJson(object).length > most;
}

/** The 413 for what `isTooLarge`; undefined where it may be small enough. */
export function refusalOfLarge(object: KubeObject, received?: number): StatusError | undefined {
  return isTooLarge(object, received) ? tooLarge(encodeJson(object).length) : undefined;
}

/** How many keys and values an object that is too large may have for what else is wrong with it to be told: of a large text, or many, it is. */
const manyParts = 50_000;

/**
 * Throws the 413 for an object that is too large for etcd because it has very many parts: to look for what is wrong with each of them, and for whose they
 * are, would take long.
 */
export function refuseVast(object: KubeObject): void {
  const { size, parts } = weigh(object);
  if (size > mostOfEtcd && parts > manyParts) throw tooLargeForEtcd();
}

/**
 * As `refuseVast`, of well-formed JSON that is not parsed yet, which alone may take long. Of its fields those count that `isKnown`: others are dropped
 * where that is allowed.
 */
export function refuseVastText(json: Uint8Array, isKnown: (field: string) => boolean): void {
  if (json.length <= mostOfEtcd) return;
  const { size, parts } = weighText(json, isKnown);
  if (size > mostOfEtcd && parts > manyParts) throw tooLargeForEtcd();
}

/**
 * Throws the 413 for a patch, JSON that is not parsed yet, of more keys and values than an object that etcd takes has: each takes a character, and one more to
 * tell it from the next.
 */
export function refuseVastPatch(json: Uint8Array): void {
  if (json.length > mostOfEtcd && weighText(json, () => true).parts > mostOfEtcd / 2) throw tooLargeForEtcd();
}

const isCertainlyTooLarge = (object: KubeObject): boolean => weigh(object).size > most;

/**
 * How many characters a value must have in JSON at least, and how many keys and values there are. No more of it is looked at than what is too large:
 * defaults can make much of little.
 */
function weigh(root: object): { size: number; parts: number } {
  let [size, parts] = [2, 0];
  const left: object[] = [root];
  const count = (value: unknown) => {
    parts++;
    if (typeof value === 'string') size += value.length + 2;
    else if (typeof value === 'object' && value !== null) {
      size += 2;
      left.push(value);
    } else size += typeof value === 'number' ? 1 : 4;
  };
  for (let next = left.pop(); next && size <= most; next = left.pop()) {
    if (Array.isArray(next)) {
      size += Math.max(0, next.length - 1);
      for (let i = 0; i < next.length && size <= most; i++) count(next[i]);
      continue;
    }
    let before = -1;
    // Objects of JSON inherit nothing that is enumerable; to list the entries of a large one would cost more than all else.
    for (const key in next) {
      const item = (next as Record<string, unknown>)[key];
      if (item === undefined) continue;
      size += key.length + 4 + before;
      before = 0;
      count(item);
      if (size > most) break;
    }
  }
  return { size, parts };
}

/** As `weigh`, of JSON: what is between strings and numbers does not count, an escape and a number count as one character. */
function weighText(json: Uint8Array, isKnown: (field: string) => boolean): { size: number; parts: number } {
  let [size, parts, depth] = [0, 0, 0];
  let [before, counts] = [0, false];
  for (let i = 0; i < json.length; i++) {
    const c = json[i]!;
    if (c <= 0x20) continue;
    if (c === 0x22) {
      const start = i + 1;
      let escapes = 0;
      for (i++; i < json.length && json[i] !== 0x22; i++) {
        if (json[i] !== 0x5c) continue;
        const more = json[i + 1] === 0x75 ? 5 : 1;
        i += more;
        escapes += more;
      }
      if (depth === 1 && before !== 0x3a) counts = isKnown(Buffer.from(json.subarray(start, i)).toString());
      if (counts) size += i - start - escapes + 1;
    } else if (c === 0x2c) parts += counts ? 1 : 0;
    else if (c === 0x7b || c === 0x5b) depth++;
    else if (c === 0x7d || c === 0x5d) {
      depth--;
      if (counts && before !== 0x7b && before !== 0x5b) parts++;
    }
    if (counts && !(isPartOfWord(c) && isPartOfWord(before))) size++;
    before = c;
  }
  return { size, parts };
}

/** Whether a character of JSON belongs to a number, true, false or null. */
const isPartOfWord = (c: number): boolean =>
  (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x7a) || c === 0x2d || c === 0x2b || c === 0x2e || c === 0x45;

const tooLargeForEtcd = (): StatusError => requestEntityTooLarge('etcdserver: request is too large');

function tooLarge(bytes: number): StatusError {
  return requestEntityTooLarge(`trying to send message larger than max (${bytes} vs. ${most})`);
}
