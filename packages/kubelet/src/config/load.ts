import { readFile } from 'node:fs/promises';
import { parseYamlDocuments } from '@coracle/api/codec/yaml';
import { UsageError } from '@coracle/process';
import type { z } from 'zod';
import type { KubeletFlags } from '../flags.ts';
import { type KubeletConfiguration, kubeletConfiguration } from './kubelet-configuration.ts';

const header = { apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' };

/**
 * The configuration from `--config` (defaults without it), with what stands on the command line in place of the file's. Throws
 * UsageError that names each field that is unknown, malformed or not supported.
 */
export async function loadConfiguration(
  flags: KubeletFlags,
  changed: ReadonlySet<string>,
): Promise<KubeletConfiguration> {
  const file = flags.config;
  const written = file ? await readConfiguration(file) : { ...header };
  return check(override(written, flags, changed), file || 'flags');
}

/** Parses a configuration text; `source` names it in errors. */
export function parseConfiguration(text: string, source: string): KubeletConfiguration {
  return check(decode(text, source), source);
}

async function readConfiguration(file: string): Promise<Record<string, unknown>> {
  try {
    return decode(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`failed to load kubelet config file, path: ${file}, error: ${(error as Error).message}`);
  }
}

function decode(text: string, source: string): Record<string, unknown> {
  const documents = parseYamlDocuments(text).filter((each) => each.value !== null);
  const value = documents[0]?.value as Record<string, unknown> | undefined;
  if (documents.length !== 1 || typeof value !== 'object')
    throw new UsageError(`${source}: expected one KubeletConfiguration`);
  if (value['apiVersion'] !== header.apiVersion || value['kind'] !== header.kind) {
    throw new UsageError(
      `${source}: no kind ${JSON.stringify(value['kind'] ?? '')} is registered for version ${JSON.stringify(value['apiVersion'] ?? '')}`,
    );
  }
  return value;
}

function check(value: Record<string, unknown>, source: string): KubeletConfiguration {
  const result = kubeletConfiguration.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(describe);
  throw new UsageError(`failed to load kubelet config file, path: ${source}, error: ${problems.join(', ')}`);
}

function describe(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `strict decoding error: unknown field "${at ? `${at}.${key}` : key}"`);
  }
  return [`${at}: ${issue.message}`];
}

/** Puts flags that were given in place of the file's fields. */
function override(
  written: Record<string, unknown>,
  flags: KubeletFlags,
  changed: ReadonlySet<string>,
): Record<string, unknown> {
  const result = structuredClone(written);
  const set = (flag: keyof KubeletFlags, path: string, value: unknown = flags[flag]): void => {
    if (!changed.has(flag)) return;
    const parts = path.split('.');
    let at = result;
    for (const part of parts.slice(0, -1)) {
      at[part] ??= {};
      at = at[part] as Record<string, unknown>;
    }
    at[parts.at(-1)!] = value;
  };
  set('address', 'address');
  set('port', 'port');
  set('read-only-port', 'readOnlyPort');
  set('healthz-port', 'healthzPort');
  set('healthz-bind-address', 'healthzBindAddress');
  set('container-runtime-endpoint', 'containerRuntimeEndpoint');
  set('image-service-endpoint', 'imageServiceEndpoint');
  set('pod-manifest-path', 'staticPodPath');
  set('rotate-certificates', 'rotateCertificates');
  set('rotate-server-certificates', 'serverTLSBootstrap');
  set('tls-cert-file', 'tlsCertFile');
  set('tls-private-key-file', 'tlsPrivateKeyFile');
  set('client-ca-file', 'authentication.x509.clientCAFile');
  set('anonymous-auth', 'authentication.anonymous.enabled');
  set('authentication-token-webhook', 'authentication.webhook.enabled');
  set('authorization-mode', 'authorization.mode');
  set('cluster-dns', 'clusterDNS', [...flags['cluster-dns']]);
  set('cluster-domain', 'clusterDomain');
  set('resolv-conf', 'resolvConf');
  set('cgroup-driver', 'cgroupDriver');
  set('cgroup-root', 'cgroupRoot');
  set('fail-cgroupv1', 'failCgroupV1');
  set('fail-swap-on', 'failSwapOn');
  set('max-pods', 'maxPods');
  set('register-node', 'registerNode');
  set('seccomp-default', 'seccompDefault');
  set('register-with-taints', 'registerWithTaints', parseTaints(flags['register-with-taints']));
  set('container-log-max-size', 'containerLogMaxSize');
  set('container-log-max-files', 'containerLogMaxFiles');
  set('serialize-image-pulls', 'serializeImagePulls');
  set('pod-max-pids', 'podPidsLimit');
  set('provider-id', 'providerID');
  set(
    'feature-gates',
    'featureGates',
    Object.fromEntries(Object.entries(flags['feature-gates']).map(([name, on]) => [name, on === 'true'])),
  );
  return result;
}

/** `key=value:Effect` or `key:Effect`. */
function parseTaints(texts: readonly string[]): { key: string; value?: string; effect: string }[] {
  return texts.map((text) => {
    const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text);
    if (!match)
      throw new UsageError(`invalid argument "${text}" for "--register-with-taints" flag: invalid taint spec: ${text}`);
    return { key: match[1]!, ...(match[2] && { value: match[2] }), effect: match[3]! };
  });
}
