/*
 * How the use of tokens that Secrets hold is followed, so that those nobody uses can go (https://kep.k8s.io/2799): API servers write it down, a controller
 * cleans up.
 */

/** The ConfigMap that says since which day use is written down, in its `since`. */
export const legacyTokenTracking = {
  name: 'kube-apiserver-legacy-service-account-token-tracking',
  namespace: 'kube-system',
};

/** The label of a token Secret with the day it was last used. */
export const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';

/** The label of a token Secret with the day since which it is not taken any more. */
export const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';

/** The day of a time (ms since 1970) in UTC: `2026-11-29`. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** When a day begins; undefined: the text is none. */
export function beginningOf(day = ''): number | undefined {
  const time = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : Number.NaN;
  return Number.isNaN(time) || dayOf(time) !== day ? undefined : time;
}
