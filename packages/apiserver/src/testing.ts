import { generateKeyPairSync } from 'node:crypto';
import { apiService } from '@coracle/api/apiregistration/v1/apiservice';
import { scheme as builtinScheme } from '@coracle/api/builtin';
import { priorityClass } from '@coracle/api/scheduling/v1/priorityclass';
import type { Scheme } from '@coracle/api/scheme';
import { type Client, connect } from '@coracle/client/client';
import type { RestConfig } from '@coracle/client/config';
import { flagTexts } from '@coracle/process/flag-text';
import { tlsLimits } from '@coracle/process/tls-limits';
import { verificationKeys } from '@coracle/process/token-keys';
import { workQueueMetrics } from '@coracle/process/work-queue-metrics';
import { Registry as MetricsRegistry } from 'prom-client';
import { builtinAdmission } from './admission/builtin.ts';
import type { AdmissionPlugin } from './admission/plugin.ts';
import { policyMetrics } from './admission/policy/metrics.ts';
import { PolicyStatus } from './admission/policy/policy-status.ts';
import { webhookMetrics } from './admission/webhook/metrics.ts';
import { Aggregation } from './aggregation/aggregation.ts';
import { ProxyClientCertificate } from './aggregation/client-certificate.ts';
import { ensureSystemNamespaces } from './bootstrap/system-namespaces.ts';
import { ensureSystemPriorityClasses } from './bootstrap/system-priority-classes.ts';
import type { TokenAuthenticator } from './chain/authentication/authenticator.ts';
import { unionOfTokens } from './chain/authentication/bearer-token.ts';
import { credentialMetrics } from './chain/authentication/credential-metrics.ts';
import { alwaysAllow } from './chain/authorization/authorizer.ts';
import type { Link } from './chain/link.ts';
import { apiServerUser } from './chain/user.ts';
import { conversionMetrics } from './extensions/conversion-metrics.ts';
import { CustomResources } from './extensions/custom-resources.ts';
import { apiServerFlags } from './flags.ts';
import type { Told } from './keyed-work.ts';
import type { ObjectAccess } from './registry/access.ts';
import { Registry } from './registry/registry.ts';
import type { HookTable, SubresourceTable } from './registry/strategy.ts';
import { type TokenKeys, tokensOf } from './security.ts';
import { createServer, type ServerOptions } from './server.ts';
import { specialsOf } from './specials.ts';
import type { HistoryBounds } from './storage/history.ts';
import type { Store } from './storage/store.ts';
import { ownStore } from './testing/own-store.ts';
import { endpointResolver } from './webhooks/service-resolver.ts';

export interface TestServerOptions {
  /** By default the in-process store, or an etcd where the variable CORACLE_TEST_STORE says `etcd`. The caller closes one it brings. */
  store?: Store;
  scheme?: Scheme;
  /** Authentication to authorization; by default everybody is an administrator. */
  links?: readonly Link[];
  /** None by default; `default`: those of a server without flags. */
  plugins?:
    | 'default'
    | readonly AdmissionPlugin[]
    | ((registry: Registry, metrics: MetricsRegistry) => readonly AdmissionPlugin[]);
  /** With these or `subresources`, only what they say is special; by default everything the real server has. */
  hooks?: HookTable | ((objects: ObjectAccess) => HookTable);
  subresources?: SubresourceTable;
  /** Whether the system namespaces are made; true by default. */
  namespaces?: boolean;
  history?: HistoryBounds;
  bookmarkPeriod?: number;
  /** Where it listens on loopback; any free port by default. */
  port?: number;
  /** A serving certificate with its authority behind it, and its key, in PEM; plain HTTP without them. */
  tls?: { cert: string; key: string };
  /** Told of bugs and odd events; the console by default. */
  log?: ServerOptions['log'];
}

export interface TestServer {
  url: string;
  /** An administrator's. */
  config: RestConfig;
  client: Client;
  registry: Registry;
  /** Knows the tokens of service accounts that it issued. */
  tokens: TokenAuthenticator;
  close(): Promise<void>;
}

const everybodyIsAdmin: Link = (context, next) => {
  context.user = { name: apiServerUser.name, uid: '', groups: [...apiServerUser.groups], extra: {} };
  return next();
};

const toConsole: ServerOptions['log'] = {
  error: (details, message) => console.error(message, details),
  warn: (details, message) => console.warn(message, details),
};

/** What a server without flags is told by them. */
const flags = apiServerFlags.parse([
  '--allow-privileged',
  '--service-account-issuer=https://kubernetes.default.svc',
]).values;

/** Starts a whole API server in this process, on a random loopback port, over plain HTTP unless told otherwise. Close it when done. */
export async function startApiServer(options: TestServerOptions = {}): Promise<TestServer> {
  const store = options.store ?? (await ownStore());
  const log = options.log ?? toConsole;
  const metrics = new MetricsRegistry();
  // What is special about resources belongs to them, unless a test wants to see the machinery alone.
  const plain = options.hooks !== undefined || options.subresources !== undefined;
  const keys = ownTokenKeys();
  const specials = plain ? undefined : specialsOf(flags, keys, { log, metrics });
  const registry = new Registry({
    store,
    scheme: options.scheme ?? builtinScheme,
    hooks: specials?.hooks ?? options.hooks ?? {},
    log: { warn: (message, details) => log.warn(details, message) },
    ...(options.history ? { history: options.history } : {}),
    ...(options.bookmarkPeriod ? { bookmarkPeriod: options.bookmarkPeriod } : {}),
  });
  const tokens = plain ? unionOfTokens([]) : tokensOf(flags, keys, registry, log, credentialMetrics(metrics));
  specials?.attach({
    objects: registry,
    kinds: registry.scheme,
    authorizer: alwaysAllow,
    rbac: undefined,
    tokens,
    store,
    log,
  });
  const told = { log, queueMetrics: workQueueMetrics(metrics) };
  if (!plain) {
    registry.follow(new CustomResources(registry, endpointResolver(registry), conversionMetrics(metrics), told));
    registry.follow(new PolicyStatus(registry, told));
  }
  const aggregation = plain || !registry.find(apiService) ? undefined : aggregationOf(registry, metrics, told);
  if (aggregation) registry.follow(aggregation);
  await registry.start();
  if (options.namespaces ?? true) await ensureSystemNamespaces(registry);
  if (!plain && registry.find(priorityClass)) await ensureSystemPriorityClasses(registry);
  const server = createServer({
    registry,
    subresources: specials?.subresources ?? options.subresources ?? {},
    ...(specials ? { pages: specials.pages } : {}),
    flags: flagTexts(apiServerFlags.flags, flags),
    links: options.links ?? [everybodyIsAdmin],
    plugins: pluginsOf(options, registry, metrics, log),
    ...(aggregation ? { aggregation } : {}),
    metrics,
    log,
  });
  const { tls } = options;
  const listening = await server.listen({
    host: '127.0.0.1',
    port: options.port ?? 0,
    ...(tls ? { tls: { ...tls, ...tlsLimits('', []) } } : {}),
  });
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${listening.port}`;
  const config: RestConfig = { server: url, ...(tls ? { caData: tls.cert } : {}) };
  return {
    url,
    config,
    client: connect(config),
    registry,
    tokens,
    close: async () => {
      await registry.stop();
      await listening.close();
      if (!options.store) await store.close();
    },
  };
}

/** A key of service account tokens, made anew. */
function ownTokenKeys(): TokenKeys {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signing = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { signing, checking: verificationKeys(signing) };
}

/** Extension servers as a server without flags asks them; APIServices of what is built in are not made, since nobody asks for them here. */
function aggregationOf(
  registry: Registry,
  metrics: MetricsRegistry,
  told: Told & Pick<ServerOptions, 'log'>,
): Aggregation {
  return new Aggregation(registry, {
    resolve: endpointResolver(registry),
    certificate: new ProxyClientCertificate({ cert: '', key: '' }, told.log),
    refuseRedirects: true,
    metrics,
    told,
  });
}

function pluginsOf(
  { plugins = [] }: TestServerOptions,
  registry: Registry,
  metrics: MetricsRegistry,
  log: ServerOptions['log'],
): readonly AdmissionPlugin[] {
  if (typeof plugins === 'function') return plugins(registry, metrics);
  if (plugins !== 'default') return plugins;
  // Cluster IPs lead nowhere here; a Service's endpoints may.
  const kinds = () => registry.scheme;
  const webhooks = {
    objects: registry,
    kinds,
    resolve: endpointResolver(registry),
    metrics: webhookMetrics(metrics),
    log,
  };
  return builtinAdmission({
    authorizer: alwaysAllow,
    webhooks,
    policies: { objects: registry, kinds, metrics: policyMetrics(metrics) },
    kinds,
    metrics,
  });
}
