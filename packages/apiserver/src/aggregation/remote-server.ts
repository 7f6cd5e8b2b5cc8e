import type { SecureContextOptions } from 'node:tls';
import { caBundleProblem } from '@coracle/api/meta/ca-bundle';
import { isConditionTrue } from '@coracle/api/meta/conditions';
import type { APIService } from '@coracle/api/types/apiregistration/v1';
import { apiVersionOf } from '../discovery/groups.ts';
import type { CertificateAndKey } from './client-certificate.ts';

/** An extension server as one APIService names it. */
export interface RemoteServer {
  /** The APIService's name, `v1beta1.metrics.k8s.io`. */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  /** `metrics.k8s.io/v1beta1`. */
  readonly apiVersion: string;
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  /** Whether the last check found it so. */
  readonly available: boolean;
  /** Whether its certificate is taken as it is. */
  readonly insecure: boolean;
  /** PEM; undefined: the authorities the runtime trusts. */
  readonly ca: string | undefined;
  /** What is wrong with those authorities; undefined: nothing. */
  readonly caProblem?: string | undefined;
}

/** The server an APIService names; undefined where it is a local one. */
export function remoteServer({ metadata, spec, status }: APIService): RemoteServer | undefined {
  const { service, group = '', version = '', caBundle, insecureSkipTLSVerify: insecure = false } = spec;
  // The core group is always served here.
  if (!service || group === '') return undefined;
  return {
    name: metadata.name!,
    group,
    version,
    apiVersion: apiVersionOf(group, version),
    service: { namespace: service.namespace ?? '', name: service.name ?? '', port: service.port ?? 443 },
    available: isConditionTrue(status?.conditions, 'Available'),
    insecure,
    ca: caBundle ? Buffer.from(caBundle, 'base64').toString('utf8') : undefined,
    caProblem: caBundleProblem(caBundle),
  };
}

/** The name its certificate must have. */
export const serverName = ({ service }: RemoteServer): string => `${service.name}.${service.namespace}.svc`;

/** TLS towards it: what is shown to it, and how it is checked. */
export function tlsOf(
  it: RemoteServer,
  shown: CertificateAndKey,
): SecureContextOptions & { servername: string; rejectUnauthorized: boolean } {
  return {
    ...shown,
    servername: serverName(it),
    rejectUnauthorized: !it.insecure,
    ...(it.ca === undefined ? {} : { ca: it.ca }),
  };
}
