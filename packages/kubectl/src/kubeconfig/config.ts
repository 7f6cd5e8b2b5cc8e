/** The kubeconfig file format (clientcmd.k8s.io v1), with lists turned into maps by name. */
export interface Kubeconfig {
  preferences: Record<string, unknown>;
  clusters: Map<string, Entry<ClusterEntry>>;
  users: Map<string, Entry<UserEntry>>;
  contexts: Map<string, Entry<ContextEntry>>;
  currentContext: string;
  extensions?: unknown;
}

/** A named part of a kubeconfig and the file it came from: relative paths are meant from there, changes go back there. */
export interface Entry<T> {
  value: T;
  file: string;
}

export interface ClusterEntry {
  server?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'proxy-url'?: string;
  'disable-compression'?: boolean;
  extensions?: unknown;
}

export interface UserEntry {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  as?: string;
  'as-uid'?: string;
  'as-groups'?: string[];
  'as-user-extra'?: Record<string, string[]>;
  username?: string;
  password?: string;
  'auth-provider'?: { name: string; config?: Record<string, string> };
  exec?: ExecEntry;
  extensions?: unknown;
}

/** A credential plug-in (KEP-541). */
export interface ExecEntry {
  apiVersion?: string;
  command: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  interactiveMode?: string;
  provideClusterInfo?: boolean;
}

export interface ContextEntry {
  cluster?: string;
  user?: string;
  namespace?: string;
  extensions?: unknown;
}

export const emptyKubeconfig = (): Kubeconfig => ({
  preferences: {},
  clusters: new Map(),
  users: new Map(),
  contexts: new Map(),
  currentContext: '',
});

/** The paths in a cluster or user entry that are relative to its file. */
export const filePaths = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'] as const;
