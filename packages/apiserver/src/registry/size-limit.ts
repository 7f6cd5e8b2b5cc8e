import { encodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { requestEntityTooLarge, type StatusError } from '@coracle/api/meta/status';

/** The most bytes of an object that are ever sent to the store, as upstream's client of etcd has it; etcd itself takes 1.5 MiB unless told otherwise. */
const most = 2 << 20;

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

/** Whether the characters that a value must have in JSON are too many. No more of it is looked at: defaults can make much of little. */
function isCertainlyTooLarge(root: object): boolean {
  let size = 0;
  const left: object[] = [root];
  const count = (value: unknown) => {
    if (typeof value === 'string') size += value.length + 2;
    else if (typeof value === 'object' && value !== null) left.push(value);
    else size += 1;
  };
  for (let next = left.pop(); next && size <= most; next = left.pop()) {
    size += 2;
    if (Array.isArray(next)) {
      size += next.length - 1;
      for (const item of next) count(item);
    } else {
      // Objects of JSON inherit nothing that is enumerable; to list the entries of a large one would cost more than all else.
      for (const key in next) {
        const item = (next as Record<string, unknown>)[key];
        if (item === undefined) continue;
        size += key.length + 4;
        count(item);
      }
      size -= 1;
    }
  }
  return size > most;
}

function tooLarge(bytes: number): StatusError {
  return requestEntityTooLarge(`trying to send message larger than max (${bytes} vs. ${most})`);
}
