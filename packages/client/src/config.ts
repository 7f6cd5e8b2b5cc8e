import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeconfigOverrides, readKubeconfig, restConfigOf } from './kubeconfig.ts';

/** How to reach an API server and as whom. Files are read when a connection is made, so that rotated ones are picked up. */
export interface RestConfig {
  /** `https://host:port`, perhaps with a path prefix. */
  server: string;
  /** PEM. */
  caData?: string;
  caFile?: string;
  /** PEM. */
  certData?: string;
  certFile?: string;
  /** PEM. */
  keyData?: string;
  keyFile?: string;
  token?: string;
  /** Read again at most once a minute, as bound tokens are rotated. */
  tokenFile?: string;
  /** Gives the bearer token of each request; called with a token the server refused, it must give another. */
  tokenSource?: (refused?: string) => Promise<string>;
  username?: string;
  password?: string;
  insecureSkipTlsVerify?: boolean;
  tlsServerName?: string;
  userAgent?: string;
  /** The namespace of the kubeconfig's context. */
  namespace?: string;
  impersonate?: Impersonation;
  /** Requests a second this client may send on average; no limit without it. */
  qps?: number;
  /** How many requests may go out at once before `qps` holds them back. */
  burst?: number;
  /** Called in the same turn as each request that may change something is handed to the connection; what it throws holds the request back. */
  beforeWrite?: () => void;
}

/** Whom to act as: the Impersonate-* headers. */
export interface Impersonation {
  user: string;
  uid?: string;
  groups?: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The connection a kubeconfig file describes: the given context's, or the current one's. Relative file names in it are
 * relative to the file. Throws when the file, the context or what it names is missing, or a field of it is not supported.
 */
export function loadKubeconfig(path: string, context?: string, overrides: KubeconfigOverrides = {}): RestConfig {
  return restConfigOf(readKubeconfig(path), { ...overrides, context: context ?? overrides.context });
}

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The connection of a pod's service account, from the files and variables the kubelet gives each container. */
export function inClusterConfig(): RestConfig {
  const host = process.env.KUBERNETES_SERVICE_HOST;
  const port = process.env.KUBERNETES_SERVICE_PORT;
  if (!host || !port || !existsSync(join(serviceAccount, 'token'))) {
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    caFile: join(serviceAccount, 'ca.crt'),
    tokenFile: join(serviceAccount, 'token'),
    namespace: readFileSync(join(serviceAccount, 'namespace'), 'utf8').trim(),
  };
}

/**
 * A component's way to the API server: the kubeconfig file's, without one (empty) that of the pod it runs in. `master`, the flag,
 * replaces the address unless it is empty. Throws as `loadKubeconfig` and `inClusterConfig` do.
 */
export function componentConfig(kubeconfig: string, master: string): RestConfig {
  if (kubeconfig === '' && master !== '') return { server: master };
  const config = kubeconfig === '' ? inClusterConfig() : loadKubeconfig(kubeconfig);
  return master === '' ? config : { ...config, server: master };
}
