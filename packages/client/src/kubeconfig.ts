import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { load } from 'js-yaml';
import type { RestConfig } from './config.ts';

/** A kubeconfig file (v1 Config). */
export interface Kubeconfig {
  apiVersion?: string;
  kind?: string;
  preferences?: unknown;
  clusters?: { name: string; cluster: KubeconfigCluster }[] | null;
  users?: { name: string; user: KubeconfigUser }[] | null;
  contexts?: { name: string; context: KubeconfigContext }[] | null;
  'current-context'?: string;
}

export interface KubeconfigCluster {
  server?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'proxy-url'?: string;
}

export interface KubeconfigUser {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  as?: string;
  'as-uid'?: string;
  'as-groups'?: string[];
  'as-user-extra'?: Record<string, string[]>;
  'auth-provider'?: unknown;
  exec?: unknown;
}

export interface KubeconfigContext {
  cluster?: string;
  user?: string;
  namespace?: string;
}

/** What a command line may put over a kubeconfig (`--context`, `--cluster`, `--user`, `--server` …). */
export interface KubeconfigOverrides {
  context?: string;
  cluster?: string;
  user?: string;
  server?: string;
  namespace?: string;
  token?: string;
}

/** Reads a kubeconfig file; file names in it become absolute, relative to the file's folder. Throws when it is no Config. */
export function readKubeconfig(path: string): Kubeconfig {
  const config = parseKubeconfig(readFileSync(path, 'utf8'), path);
  const at = dirname(resolve(path));
  const absolute = <T extends object>(owner: T, ...fields: (keyof T)[]): void => {
    for (const field of fields) {
      const file = owner[field];
      if (typeof file === 'string' && file !== '' && !isAbsolute(file)) owner[field] = resolve(at, file) as T[keyof T];
    }
  };
  for (const { cluster } of config.clusters ?? []) absolute(cluster, 'certificate-authority');
  for (const { user } of config.users ?? []) absolute(user, 'client-certificate', 'client-key', 'tokenFile');
  return config;
}

/** Parses a kubeconfig's text; `name` names it in errors. */
export function parseKubeconfig(text: string, name: string): Kubeconfig {
  let parsed: unknown;
  try {
    parsed = load(text) ?? {};
  } catch (error) {
    throw new Error(`error loading config file "${name}": ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error(`error loading config file "${name}": it holds no Config object`);
  }
  const config = parsed as Kubeconfig;
  if ((config.apiVersion ?? 'v1') !== 'v1' || (config.kind ?? 'Config') !== 'Config') {
    throw new Error(
      `error loading config file "${name}": no kind "${config.kind}" is registered for version "${config.apiVersion}"`,
    );
  }
  return config;
}

/** The connection a kubeconfig describes, with overrides; errors are upstream's. */
export function restConfigOf(config: Kubeconfig, overrides: KubeconfigOverrides = {}): RestConfig {
  const name = overrides.context ?? config['current-context'] ?? '';
  const context = config.contexts?.find((each) => each.name === name)?.context;
  if (!context && overrides.context) throw new Error(`context "${name}" does not exist`);
  if (!context && name !== '')
    throw new Error(`invalid configuration: context was not found for specified context: ${name}`);

  const clusterName = overrides.cluster ?? context?.cluster ?? '';
  const cluster = config.clusters?.find((each) => each.name === clusterName)?.cluster;
  if (!cluster && overrides.cluster) throw new Error(`cluster "${clusterName}" does not exist`);
  const userName = overrides.user ?? context?.user ?? '';
  const user = config.users?.find((each) => each.name === userName)?.user ?? {};
  if (overrides.user && !config.users?.some((each) => each.name === userName)) {
    throw new Error(`auth info "${userName}" does not exist`);
  }
  const server = overrides.server ?? cluster?.server;
  if (!server) {
    throw new Error(
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    );
  }
  if (cluster?.['proxy-url']) throw new Error(`cluster "${clusterName}": proxy-url is not supported`);
  return stated({
    server,
    caData: decoded(cluster?.['certificate-authority-data']),
    caFile: cluster?.['certificate-authority'],
    insecureSkipTlsVerify: cluster?.['insecure-skip-tls-verify'],
    tlsServerName: cluster?.['tls-server-name'],
    ...userConfigOf(userName, overrides.token ? { ...user, token: overrides.token } : user),
    namespace: overrides.namespace ?? context?.namespace,
  });
}

/** What of a connection a user of a kubeconfig decides: the credentials. Throws on those that are not supported. */
export function userConfigOf(name: string, user: KubeconfigUser): Omit<RestConfig, 'server'> {
  for (const field of ['exec', 'auth-provider'] as const) {
    if (user[field]) throw new Error(`user "${name}": ${field} is not supported; use a token or a client certificate`);
  }
  return stated({
    certData: decoded(user['client-certificate-data']),
    certFile: user['client-certificate'],
    keyData: decoded(user['client-key-data']),
    keyFile: user['client-key'],
    token: user.token,
    tokenFile: user.token ? undefined : user.tokenFile,
    username: user.username,
    password: user.password,
    impersonate: user.as
      ? { user: user.as, uid: user['as-uid'], groups: user['as-groups'], extra: user['as-user-extra'] }
      : undefined,
  });
}

function decoded(encoded: string | undefined): string | undefined {
  return encoded ? Buffer.from(encoded, 'base64').toString('utf8') : undefined;
}

/** Without the fields that say nothing. */
function stated<T extends object>(config: T): T {
  for (const key of Object.keys(config) as (keyof T)[])
    if (config[key] === undefined || config[key] === '') delete config[key];
  return config;
}
