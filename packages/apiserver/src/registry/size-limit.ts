import { encodeJson } from '@coracle/api/codec/json';
import type { KubeObject } from '@coracle/api/kind';
import { requestEntityTooLarge, type StatusError } from '@coracle/api/meta/status';

/** The most bytes of an object that are ever sent to the store, as upstream's client of etcd has it; etcd itself takes 1.5 MiB unless told otherwise. */
const most = 2 << 20;

/** Throws the 413 for an object that is too large for any store. */
export function checkStorable(bytes: number): void {
  if (bytes > most) throw tooLarge(bytes);
}

/** The 413 for an object, or part of one, that came in a body of `received` bytes; undefined where it may be small enough. */
export function refusalOfLarge(object: KubeObject, received = 0): StatusError | undefined {
  if (received <= most) return undefined; // few bodies have to be looked at
  const { length } = encodeJson(object);
  return length > most ? tooLarge(length) : undefined;
}

function tooLarge(bytes: number): StatusError {
  return requestEntityTooLarge(`trying to send message larger than max (${bytes} vs. ${most})`);
}
