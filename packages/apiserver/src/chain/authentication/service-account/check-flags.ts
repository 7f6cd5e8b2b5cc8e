import { aggregate } from '@coracle/api/meta/status';
import { formatDuration } from '@coracle/api/meta/time';
import { UsageError } from '@coracle/process/program';
import { extendedExpiration, warnOnlyExpiration } from './claims.ts';

/** What flags say of tokens of service accounts. */
export interface TokenFlags {
  readonly issuers: readonly string[];
  /** Milliseconds; 0: no limit. */
  readonly maxExpiration: number;
  readonly extendExpiration: boolean;
}

const hour = 3_600_000;

/** Throws a UsageError for what cannot be, in upstream's words; `warn` is told of what is hardly meant. */
export function checkTokenFlags(
  { issuers, maxExpiration, extendExpiration }: TokenFlags,
  warn: (text: string) => void,
): void {
  const errors = issuers.flatMap((issuer, i) => {
    if (issuer.includes(':') && !URL.canParse(issuer)) {
      const why = `parse ${JSON.stringify(issuer)}: invalid URL`;
      return [`service-account-issuer ${JSON.stringify(issuer)} contained a ':' but was not a valid URL: ${why}`];
    }
    if (issuer === '') return ['service-account-issuer should not be an empty string'];
    return issuers.indexOf(issuer) < i ? [`service-account-issuer ${JSON.stringify(issuer)} is already specified`] : [];
  });
  if (errors.length > 0) throw new UsageError(aggregate(errors));
  if (maxExpiration === 0) return;
  if (maxExpiration < hour || maxExpiration > 2 ** 32 * 1000) {
    throw new UsageError('the service-account-max-token-expiration must be between 1 hour and 2^32 seconds');
  }
  if (!extendExpiration) return;
  const flag = 'service-account-extend-token-expiration is true';
  const max = formatDuration(maxExpiration);
  if (maxExpiration < warnOnlyExpiration * 1000) {
    const wanted = `service-account-max-token-expiration must be set longer than ${warnOnlyExpiration} seconds (currently ${max})`;
    warn(`${flag}, in order to correctly trigger safe transition logic, ${wanted}`);
  }
  if (maxExpiration < extendedExpiration * 1000) {
    const why = `which is longer than service-account-max-token-expiration set to ${max} seconds`;
    warn(`${flag}, enabling tokens valid up to ${extendedExpiration} seconds, ${why}`);
  }
}
