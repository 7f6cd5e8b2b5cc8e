import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connect } from '@coracle/client/client';
import type { RestConfig } from '@coracle/client/config';
import {
  type Authority,
  type Issued,
  issueCertificate,
  makeAuthority,
  makeServiceAccountKeys,
  writePem,
} from '@coracle/process/pki';
import { Registry as MetricsRegistry } from 'prom-client';
import { type Assembly, type AssemblyOptions, assemble } from '../assembly.ts';
import { ensureKubernetesService } from '../bootstrap/kubernetes-service.ts';
import { ensureSystemNamespaces } from '../bootstrap/system-namespaces.ts';
import { reconcileBootstrapPolicy } from '../chain/authorization/rbac/policy/reconcile.ts';
import { apiServerFlags } from '../flags.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../storage/store.ts';
import { ownStore } from './own-store.ts';

/** An API server as clusters run it, but for its store: TLS, certificates, tokens, Node and RBAC, all admission plugins. */
export interface SecureServer {
  readonly url: string;
  readonly registry: Registry;
  /** Signs client and serving certificates that the server trusts. */
  readonly authority: Authority;
  /** What the server warned its operator of: credentials it refused, failed checks. */
  readonly warnings: readonly { readonly message: string }[];
  /** A member of system:masters. */
  readonly admin: Client;
  /** How a user with a client certificate connects. */
  configOf(name: string, ...groups: string[]): Promise<RestConfig>;
  /** A user with a client certificate. */
  as(name: string, ...groups: string[]): Promise<Client>;
  /** A client with a bearer token, or with no credentials at all. */
  with(token?: string): Client;
  close(): Promise<void>;
}

/** Starts it on a random loopback port with a store of its own; `flags` come after the ones it sets itself, those of authorization in their place. */
export const startSecureServer = async (...flags: string[]): Promise<SecureServer> =>
  startSecureServerOn(await ownStore(), ...flags);

/** The same over another store, which is closed with it. */
export async function startSecureServerOn(store: Store, ...flags: string[]): Promise<SecureServer> {
  const authority = await makeAuthority({ commonName: 'kubernetes', days: 1 });
  const serving = await issueCertificate({
    authority,
    commonName: 'kube-apiserver',
    ipAddresses: ['127.0.0.1'],
    usages: ['server'],
    days: 1,
  });
  const warnings: { message: string }[] = [];
  const log = {
    error: (details: object, message: string) => console.error(message, details),
    warn: (details: object, message: string) => void warnings.push({ message, ...details }),
  };
  const { registry, server, close, serviceRange } = await assembled(authority, flags, {
    store,
    metrics: new MetricsRegistry(),
    log,
  });
  await registry.start();
  const tls = { cert: serving.certificate, key: serving.key, clientCa: authority.certificate };
  const listening = await server.listen({ host: '127.0.0.1', port: 0, tls });
  await ensureSystemNamespaces(registry);
  await reconcileBootstrapPolicy(registry);
  const clusterIp = serviceRange.replace(/\d+$/, (last) => String(Number(last) + 1));
  await ensureKubernetesService(registry, { clusterIp, port: listening.port, nodePort: 0 }, { ports: true });

  const url = `https://127.0.0.1:${listening.port}`;
  const base: RestConfig = { server: url, caData: authority.certificate };
  const configOf = async (name: string, ...groups: string[]): Promise<RestConfig> => {
    const issued: Issued = await issueCertificate({
      authority,
      commonName: name,
      organizations: groups,
      usages: ['client'],
      days: 1,
    });
    return { ...base, certData: issued.certificate, keyData: issued.key };
  };
  const clients: Client[] = [];
  const client = (config: RestConfig) => {
    const made = connect(config);
    clients.push(made);
    return made;
  };
  return {
    url,
    registry,
    warnings,
    authority,
    admin: client(await configOf('admin', 'system:masters')),
    configOf,
    as: async (name, ...groups) => client(await configOf(name, ...groups)),
    with: (token) => client(token === undefined ? base : { ...base, token }),
    async close() {
      await registry.stop();
      await listening.close();
      await close();
      await store.close();
    },
  };
}

/** The server by flags, whose files it has read; the store is closed where they are wrong. */
async function assembled(
  authority: Authority,
  flags: readonly string[],
  options: AssemblyOptions,
): Promise<Assembly & { serviceRange: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'apiserver-'));
  const at = (name: string) => join(folder, name);
  try {
    const forKubelets = await issueCertificate({
      authority,
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
      usages: ['client'],
      days: 1,
    });
    const tokens = await makeServiceAccountKeys('ec-p256');
    const files = {
      'ca.crt': authority.certificate,
      'sa.key': tokens.privateKey,
      'sa.pub': tokens.publicKey,
      'kubelet.crt': forKubelets.certificate,
      'kubelet.key': forKubelets.key,
    };
    for (const [name, pem] of Object.entries(files)) await writePem(at(name), pem);
    const { values } = apiServerFlags.parse([
      ...(flags.some((flag) => flag.startsWith('--authorization-')) ? [] : ['--authorization-mode=Node,RBAC']),
      '--enable-admission-plugins=NodeRestriction',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--client-ca-file=${at('ca.crt')}`,
      `--service-account-key-file=${at('sa.pub')}`,
      `--service-account-signing-key-file=${at('sa.key')}`,
      `--kubelet-client-certificate=${at('kubelet.crt')}`,
      `--kubelet-client-key=${at('kubelet.key')}`,
      `--kubelet-certificate-authority=${at('ca.crt')}`,
      '--kubelet-preferred-address-types=InternalIP',
      ...flags,
    ]);
    const [serviceRange = ''] = values['service-cluster-ip-range'].split('/');
    return { ...(await assemble(values, options)), serviceRange };
  } catch (error) {
    await options.store.close();
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}
