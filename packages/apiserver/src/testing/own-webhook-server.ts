import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { Registry as MetricsRegistry } from 'prom-client';
import { builtinAdmission } from '../admission/builtin.ts';
import { webhookMetrics } from '../admission/webhook/metrics.ts';
import { alwaysAllow } from '../chain/authorization/authorizer.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { endpointResolver, type ServiceResolver } from '../webhooks/service-resolver.ts';
import { type Answer, type Call, callsTo } from './http.ts';
import { type HttpsServer, type Received, startHttpsServer } from './https-server.ts';

export const webhookGroup = '/apis/admissionregistration.k8s.io/v1';

/** An answer to a review that allows the request, with what else it says. */
export const allow =
  (more: object = {}) =>
  ({ body }: Received) => ({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    response: { uid: body.request.uid, allowed: true, ...more },
  });
export const deny = (status?: object) => allow({ allowed: false, status });
export const patching = (...patch: object[]) =>
  allow({ patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') });

/** What a webhook is asked about unless it says otherwise. */
export const anyRule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['configmaps'] };

let count = 0;
/** A ConfigMap of a name of its own. */
export const configMap = (more: object = {}) => ({
  metadata: { name: `map-${count++}`, namespace: 'default' },
  ...more,
});

export const deployments = '/apis/apps/v1/namespaces/default/deployments';

/** A Deployment named web. */
export const deployment = {
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

/** An API server and the webhook it asks. */
export interface WebhookServer {
  readonly call: Call;
  /** Allows everything at the beginning of each test. */
  readonly hook: Pick<HttpsServer, 'url' | 'port' | 'caBundle' | 'received' | 'respond'>;
  readonly metrics: MetricsRegistry;
  /** Audit annotations of the requests of a test. */
  readonly annotations: ReadonlyMap<string, string>;
  /** Registers one webhook under its own configuration and waits until it is in force. */
  register(kind: 'Mutating' | 'Validating', change?: object, name?: string): Promise<void>;
  /** Takes back what was registered last. */
  unregister(): Promise<void>;
  /** Creates a ConfigMap. */
  create(object?: object, query?: string): Promise<Answer>;
}

/** Starts both for the tests of a file and ends them after them; what a test registers is taken back after it. */
export function ownWebhookServer(): WebhookServer {
  const metrics = new MetricsRegistry();
  const annotations = new Map<string, string>();
  const configs: string[] = [];
  let api: TestServer;
  let hook: HttpsServer;
  const call: Call = (...request) => callsTo(api.url)(...request);

  beforeAll(async () => {
    hook = await startHttpsServer(allow(), ['hook.default.svc']);
    api = await startApiServer({
      plugins: (registry) => {
        const log = { warn: () => undefined };
        const inCluster = endpointResolver(registry);
        // An endpoint may not be on loopback, where this test's is.
        const resolve: ServiceResolver = (...wanted) => ({ ...inCluster(...wanted), host: '127.0.0.1' });
        const kinds = () => registry.scheme;
        const webhooks = { objects: registry, kinds, resolve, metrics: webhookMetrics(metrics), log };
        return builtinAdmission({ authorizer: alwaysAllow, webhooks, disable: ['ServiceAccount'] });
      },
      links: [
        async (context, next) => {
          context.user = { name: 'alice', uid: 'a1', groups: ['devs'], extra: { team: ['x'] } };
          await next();
          for (const [key, value] of context.annotations) annotations.set(key, value);
        },
      ],
    });
  });
  afterAll(async () => {
    await api.close();
    await hook.close();
  });
  afterEach(async () => {
    hook.respond = allow();
    for (const path of configs.splice(0)) await call('DELETE', path);
    (hook.received as Received[]).length = 0;
    annotations.clear();
  });

  return {
    call,
    metrics,
    annotations,
    hook: {
      get url() {
        return hook.url;
      },
      get port() {
        return hook.port;
      },
      get caBundle() {
        return hook.caBundle;
      },
      get received() {
        return hook.received;
      },
      get respond() {
        return hook.respond;
      },
      set respond(respond) {
        hook.respond = respond;
      },
    },
    async register(kind, change = {}, name = 'test') {
      const path = `${webhookGroup}/${kind.toLowerCase()}webhookconfigurations`;
      const made = await call('POST', path, {
        metadata: { name },
        webhooks: [
          {
            name: `${name}.example.com`,
            clientConfig: { url: `${hook.url}/${name}`, caBundle: hook.caBundle },
            rules: [anyRule],
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
            ...change,
          },
        ],
      });
      expect(made.body).toMatchObject({ metadata: { name, generation: 1 } });
      configs.push(`${path}/${name}`);
      await api.registry.fresh();
    },
    async unregister() {
      await call('DELETE', configs.pop()!);
    },
    create: (object = configMap(), query = '') => call('POST', `/api/v1/namespaces/default/configmaps${query}`, object),
  };
}
