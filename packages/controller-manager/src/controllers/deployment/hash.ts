import type { PodTemplateSpec } from '@coracle/api/types/core/v1';

/** Digits become these, so that a hash spells no word. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * The value of pod-template-hash: FNV-1a over the template's canonical JSON (sorted keys) and the number of collisions met, in
 * upstream's safe encoding. The same template has the same hash in every process and release.
 */
export function templateHash(template: PodTemplateSpec, collisions: number | undefined): string {
  let hash = 0x811c9dc5;
  const mix = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const byte of Buffer.from(canonical(template))) mix(byte);
  if (collisions !== undefined) for (const byte of Buffer.from(String(collisions))) mix(byte);
  return [...String(hash)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
