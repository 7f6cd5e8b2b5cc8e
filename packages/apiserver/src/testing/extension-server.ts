import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, isIPv4 } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { customResourceDefinition } from '@coracle/api/apiextensions/v1/customresourcedefinition';
import { isEstablished } from '@coracle/api/apiextensions/v1/definition-conditions';
import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { service } from '@coracle/api/core/v1/service';
import { endpointSlice } from '@coracle/api/discovery/v1/endpointslice';
import type { APIServiceSpec } from '@coracle/api/types/apiregistration/v1';
import type { Client } from '@coracle/client/client';
import { issueCertificate, makeAuthority, writePem } from '@coracle/process/pki';
import { Registry as MetricsRegistry } from 'prom-client';
import { assemble } from '../assembly.ts';
import { ensureSystemNamespaces } from '../bootstrap/system-namespaces.ts';
import { apiServerFlags } from '../flags.ts';
import { definitionOf, versionOf } from './definitions.ts';
import { eventually } from './expectations.ts';
import { ownStore } from './own-store.ts';

/** An address of this machine that a pod could have. */
export const ownAddress = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ address, internal }) => isIPv4(address) && !internal && !address.startsWith('169.254.'))!.address;

type Handle = (req: IncomingMessage, res: ServerResponse) => void;

/** A server that extends the API by `flunders` of wardle.example.com/v1, believes a front proxy, and nobody else. */
export interface ExtensionServer {
  readonly port: number;
  /** The flags that an API server needs to pass requests on to it. */
  readonly flags: readonly string[];
  /** What it was asked, in order: requests that reached it. */
  readonly received: readonly IncomingMessage[];
  /** Answers in place of the server, by path; undefined: nothing. */
  readonly instead: Map<string, Handle>;
  /** Answers requests to upgrade. */
  upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Makes the Service, its endpoints and the APIService in a cluster. */
  register(client: Client, spec?: Partial<APIServiceSpec>): Promise<void>;
  close(): Promise<void>;
}

/** Starts it: a whole API server with a custom resource, behind TLS of its own, on an address that endpoints may have. */
export async function startExtensionServer(): Promise<ExtensionServer> {
  const folder = await mkdtemp(join(tmpdir(), 'extension-'));
  const at = (name: string) => join(folder, name);
  const days = 1;
  const proxies = await makeAuthority({ commonName: 'front-proxy-ca', days });
  const proxy = await issueCertificate({
    authority: proxies,
    commonName: 'front-proxy-client',
    usages: ['client'],
    days,
  });
  await writePem(at('proxies.crt'), proxies.certificate);
  await writePem(at('proxy.crt'), proxy.certificate);
  await writePem(at('proxy.key'), proxy.key);
  const { values } = apiServerFlags.parse([
    '--anonymous-auth=false',
    `--requestheader-client-ca-file=${at('proxies.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-uid-headers=X-Remote-Uid',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
  ]);
  const store = await ownStore();
  const log = { error: console.error, warn: () => undefined };
  const { registry, server, close } = await assemble(values, { store, metrics: new MetricsRegistry(), log });
  await registry.start();
  await ensureSystemNamespaces(registry);
  await defineFlunders(registry);

  const authority = await makeAuthority({ commonName: 'extension-ca', days });
  const serving = await issueCertificate({
    authority,
    commonName: 'wardle',
    dnsNames: ['api.wardle.svc'],
    usages: ['server'],
    days,
  });
  const received: IncomingMessage[] = [];
  const instead = new Map<string, Handle>();
  const tls = {
    cert: serving.certificate,
    key: serving.key,
    ca: proxies.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const listener = createServer(tls, (req, res) => {
    received.push(req);
    const other = instead.get((req.url ?? '').split('?')[0]!);
    if (other) other(req, res);
    else server.handle(req, res).catch((error) => res.destroy(error));
  });
  listener.on('upgrade', (req, socket, head) => {
    received.push(req);
    it.upgrade(req, socket, head);
  });
  await new Promise<void>((resolve) => listener.listen(0, ownAddress, resolve));
  const { port } = listener.address() as AddressInfo;
  const it: ExtensionServer = {
    port,
    flags: [
      '--enable-aggregator-routing',
      `--proxy-client-cert-file=${at('proxy.crt')}`,
      `--proxy-client-key-file=${at('proxy.key')}`,
    ],
    received,
    instead,
    upgrade: (_req, socket) => socket.destroy(),
    register: (client, spec) => register(client, port, authority.certificate, spec),
    async close() {
      listener.close();
      listener.closeAllConnections();
      await registry.stop();
      await close();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
  return it;
}

async function defineFlunders(registry: Parameters<typeof waitFor>[0]): Promise<void> {
  const spec = { type: 'object', description: 'What the flunder is to be.', properties: { color: { type: 'string' } } };
  const definition = definitionOf('Flunder', [versionOf({ spec })], {
    group: 'wardle.example.com',
    names: { plural: 'flunders', kind: 'Flunder', shortNames: ['fl'] },
  });
  await registry.create(customResourceDefinition, definition);
  await waitFor(registry, definition.metadata.name!);
}

async function waitFor(registry: Awaited<ReturnType<typeof assemble>>['registry'], name: string): Promise<void> {
  await eventually(async () => {
    const found = registry.cached(customResourceDefinition, name);
    return found !== undefined && isEstablished(found);
  });
}

async function register(client: Client, port: number, ca: string, spec: Partial<APIServiceSpec> = {}): Promise<void> {
  const metadata = { name: 'api', namespace: 'wardle' };
  await client.create(service, { metadata, spec: { ports: [{ name: 'https', port: 443 }] } });
  const ports = [{ name: 'https', port }];
  await client.create(endpointSlice, {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ownAddress], conditions: { ready: true } }],
    ports,
  });
  await client.create(apiService, {
    metadata: { name: 'v1.wardle.example.com' },
    spec: {
      group: 'wardle.example.com',
      version: 'v1',
      service: metadata,
      groupPriorityMinimum: 2000,
      versionPriority: 15,
      caBundle: Buffer.from(ca).toString('base64'),
      ...spec,
    },
  });
}
