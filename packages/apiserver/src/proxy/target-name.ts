import { badRequest } from '@coracle/api/meta/status';

/** What a name in a proxy path says beyond the name: `https:web:8443`, `web:8080`, `web`. */
export interface TargetName {
  readonly scheme: '' | 'http' | 'https';
  readonly name: string;
  /** A number, or a port's name; empty where the path says none. */
  readonly port: string;
}

/**
 * Reads `[scheme:]name[:port]`, as documented for proxy URLs
 * (https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/). Throws BadRequest; `what` is `pod`, `service`, `node`.
 */
export function targetName(text: string, what: string): TargetName {
  const parts = text.split(':');
  const [scheme, name, port = ''] = parts.length === 3 ? parts : ['', ...parts];
  const isScheme = scheme === '' || scheme === 'http' || scheme === 'https';
  if (parts.length > 3 || !isScheme || !name) throw badRequest(`invalid ${what} request ${JSON.stringify(text)}`);
  return { scheme, name, port };
}
