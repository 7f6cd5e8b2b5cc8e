import { UsageError } from '@coracle/process/program';
import type { Link } from '../link.ts';

/** Tells browsers to come over TLS only (RFC 6797): --strict-transport-security-directives. Throws on directives that are none. */
export function strictTransport(directives: readonly string[]): Link {
  for (const each of directives) {
    if (/^(max-age=\d+|includeSubDomains|preload)$/i.test(each.trim())) continue;
    throw new UsageError(
      '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information',
    );
  }
  const value = directives.map((each) => each.trim()).join('; ');
  return (context, next) => {
    context.res.setHeader('Strict-Transport-Security', value);
    return next();
  };
}
