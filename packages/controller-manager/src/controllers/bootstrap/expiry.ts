import { tokenExpiry } from '@coracle/api/bootstrap/token';
import type { Secret } from '@coracle/api/types/core/v1';

/** When a token's time is over, in milliseconds since the epoch: infinity for never, minus infinity where its Secret holds no time. */
export function expiryOf(secret: Secret): number {
  try {
    return tokenExpiry(secret) ?? Number.POSITIVE_INFINITY;
  } catch {
    return Number.NEGATIVE_INFINITY; // what cannot be read counts as expired
  }
}
