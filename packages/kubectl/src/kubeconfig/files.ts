import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { formatYaml } from '@coracle/api/codec/yaml-print';
import { CommandFailure } from '../cli/failure.ts';
import type { Terminal } from '../cli/terminal.ts';
import {
  type ClusterEntry,
  type ContextEntry,
  type Entry,
  type ExecEntry,
  emptyKubeconfig,
  filePaths,
  type Kubeconfig,
  type UserEntry,
} from './config.ts';

/** Which files are read, in order of precedence. `explicit` (--kubeconfig) must exist; the others may be missing. */
export interface Locations {
  readonly files: readonly string[];
  readonly explicit: boolean;
}

/** The loading rules of clientcmd: --kubeconfig alone, else the files of $KUBECONFIG, else ~/.kube/config. */
export function locate(explicit: string, terminal: Terminal): Locations {
  if (explicit !== '') return { files: [resolve(terminal.cwd, explicit)], explicit: true };
  const listed = (terminal.env['KUBECONFIG'] ?? '').split(':').filter((file) => file !== '');
  if (listed.length > 0)
    return { files: [...new Set(listed)].map((file) => resolve(terminal.cwd, file)), explicit: false };
  return { files: [join(terminal.env['HOME'] ?? '/', '.kube', 'config')], explicit: false };
}

/** Reads and merges the files: the first to set a value wins. */
export function loadMerged(locations: Locations, given: string): Kubeconfig {
  const merged = emptyKubeconfig();
  for (const file of locations.files) {
    if (!existsSync(file)) {
      if (locations.explicit) throw new CommandFailure(`stat ${given}: no such file or directory`);
      continue;
    }
    const one = loadFile(file);
    for (const part of ['clusters', 'users', 'contexts'] as const) {
      for (const [name, entry] of one[part]) {
        const into = merged[part] as Map<string, unknown>;
        if (!into.has(name)) into.set(name, entry);
      }
    }
    merged.currentContext ||= one.currentContext;
    merged.preferences = { ...one.preferences, ...merged.preferences };
  }
  return merged;
}

interface KubeconfigFile {
  apiVersion?: string;
  kind?: string;
  preferences?: Record<string, unknown>;
  clusters?: { name: string; cluster: ClusterEntry }[] | null;
  users?: { name: string; user: UserEntry }[] | null;
  contexts?: { name: string; context: ContextEntry }[] | null;
  'current-context'?: string;
  extensions?: unknown;
}

/** Reads one file. Throws with the file's name when it is no kubeconfig. */
export function loadFile(file: string): Kubeconfig {
  const config = emptyKubeconfig();
  const text = readText(file);
  let document: KubeconfigFile;
  try {
    document = (parseYamlDocuments(text)[0]?.value ?? {}) as KubeconfigFile;
  } catch (error) {
    throw new CommandFailure(`error loading config file "${file}": ${(error as Error).message}`);
  }
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new CommandFailure(`error loading config file "${file}": couldn't get version/kind; json parse error`);
  }
  if (document.kind !== undefined && document.kind !== 'Config') {
    throw new CommandFailure(
      `error loading config file "${file}": no kind "${document.kind}" is registered for version "${document.apiVersion ?? ''}" in scheme "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50"`,
    );
  }
  for (const { name, cluster } of document.clusters ?? [])
    if (!config.clusters.has(name)) config.clusters.set(name, { value: cluster ?? {}, file });
  for (const { name, user } of document.users ?? [])
    if (!config.users.has(name)) config.users.set(name, { value: user ?? {}, file });
  for (const { name, context } of document.contexts ?? [])
    if (!config.contexts.has(name)) config.contexts.set(name, { value: context ?? {}, file });
  config.currentContext = document['current-context'] ?? '';
  config.preferences = document.preferences ?? {};
  if (document.extensions !== undefined) config.extensions = document.extensions;
  return config;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason =
      code === 'EACCES' ? 'permission denied' : code === 'EISDIR' ? 'is a directory' : (error as Error).message;
    throw new CommandFailure(
      `error loading config file "${file}": ${code === 'EISDIR' ? 'read' : 'open'} ${file}: ${reason}`,
    );
  }
}

/** The document form of a config: what `config view` shows and files hold. Entries are sorted by name, as upstream writes them. */
export function toDocument(config: Kubeconfig): Record<string, unknown> {
  const list = <T>(entries: Map<string, Entry<T>>, key: string): unknown[] | null =>
    entries.size === 0
      ? null
      : [...entries]
          .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
          .map(([name, entry]) => ({ name, [key]: inOrder(entry.value as object) }));
  return {
    kind: 'Config',
    apiVersion: 'v1',
    preferences: config.preferences,
    clusters: list(config.clusters, 'cluster'),
    users: list(config.users, 'user'),
    contexts: list(config.contexts, 'context'),
    'current-context': config.currentContext,
    ...(config.extensions === undefined ? {} : { extensions: config.extensions }),
  };
}

/** The fields in the order of upstream's types, which json output shows. */
const fieldOrder = [
  'server',
  'tls-server-name',
  'insecure-skip-tls-verify',
  'certificate-authority',
  'certificate-authority-data',
  'proxy-url',
  'disable-compression',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'token',
  'tokenFile',
  'as',
  'as-uid',
  'as-groups',
  'as-user-extra',
  'username',
  'password',
  'auth-provider',
  'exec',
  'cluster',
  'user',
  'namespace',
  'extensions',
];

function inOrder(value: object): object {
  const rank = (key: string): number => (fieldOrder.includes(key) ? fieldOrder.indexOf(key) : fieldOrder.length);
  const entries = Object.entries(value).sort(([a], [b]) => rank(a) - rank(b));
  return Object.fromEntries(
    entries.map(([key, each]) => [key, key === 'exec' ? execInOrder(each as ExecEntry) : each]),
  );
}

/** Upstream always writes these of a credential plug-in's fields, also when they are empty. */
function execInOrder({
  command,
  args,
  env,
  apiVersion,
  installHint,
  provideClusterInfo,
  interactiveMode,
}: ExecEntry): object {
  return {
    command,
    args: args ?? null,
    env: env ?? null,
    ...(apiVersion ? { apiVersion } : {}),
    ...(installHint ? { installHint } : {}),
    provideClusterInfo: provideClusterInfo ?? false,
    ...(interactiveMode ? { interactiveMode } : {}),
  };
}

/** Writes one file, mode 0600, replacing it in one step. */
export function saveFile(file: string, config: Kubeconfig): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  const mode = existsSync(file) ? statSync(file).mode & 0o777 : 0o600;
  const next = `${file}.${process.pid}`;
  writeFileSync(next, formatYaml(toDocument(config)), { mode });
  renameSync(next, file);
}

/** A path of an entry as seen from anywhere: relative ones are meant from the entry's file. */
export function absolutePath(path: string, file: string): string {
  return isAbsolute(path) || file === '' ? path : join(dirname(file), path);
}

/** A copy of an entry's value with its relative paths made absolute. */
export function withAbsolutePaths<T extends object>(entry: Entry<T>): T {
  const value = { ...entry.value } as Record<string, unknown>;
  for (const key of filePaths) {
    const path = value[key];
    if (typeof path === 'string' && path !== '') value[key] = absolutePath(path, entry.file);
  }
  return value as T;
}
