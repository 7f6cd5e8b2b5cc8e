import type { User } from '../chain/user.ts';

/** Bytes that a header's name may have beside letters and digits, but for `%`, which begins an escape (RFC 9110, 5.6.2). */
const plain = /[A-Za-z\d!#$&'*+.^_`|~-]/;

/**
 * The headers that tell an extension server who asks, name and value in turn, as `--requestheader-*` of the cluster name them
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer).
 */
export function identityHeaders({ name, uid, groups, extra = {} }: User): string[] {
  const headers = ['X-Remote-User', bytes(name)];
  if (uid) headers.push('X-Remote-Uid', bytes(uid));
  for (const group of groups) headers.push('X-Remote-Group', bytes(group));
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) headers.push(`X-Remote-Extra-${escapeKey(key)}`, bytes(value));
  }
  return headers;
}

/** Headers carry bytes: UTF-8, which Node.js wants one character a byte. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1');

function escapeKey(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
