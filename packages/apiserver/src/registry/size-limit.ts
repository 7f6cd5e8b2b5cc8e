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
  if (size > mostOfEtcd && parts > manyParts) throw requestEntityTooLarge('etcdserver: request is too large');
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

function tooLarge(bytes: number): StatusError {
  return requestEntityTooLarge(`trying to send message larger than max (${bytes} vs. ${most})`);
}
