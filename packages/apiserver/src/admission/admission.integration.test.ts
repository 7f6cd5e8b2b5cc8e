import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRequest } from '@coracle/process/pki';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Authorizer } from '../chain/authorization/authorizer.ts';
import type { Link } from '../chain/link.ts';
import { EtcdStore } from '../storage/etcd-store.ts';
import { startEtcd, type TestEtcd } from '../testing/etcd.ts';
import { eventually } from '../testing/expectations.ts';
import { type Answer, type Call, callsTo } from '../testing/http.ts';
import { type HttpsServer, startHttpsServer } from '../testing/https-server.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { endpointResolver } from '../webhooks/service-resolver.ts';
import { builtinAdmission, configurationParsers } from './builtin.ts';
import { readAdmissionConfiguration } from './configuration-file.ts';
import { policyMetrics } from './policy/metrics.ts';
import { webhookMetrics } from './webhook/metrics.ts';

// One etcd and two servers over it: `call` reaches the one with the default plugins and NodeRestriction, `strict` the one with all that is off by default.
const folder = mkdtempSync(join(tmpdir(), 'admission-'));
const annotations = new Map<string, string>();
const servers: TestServer[] = [];
const stores: EtcdStore[] = [];
let etcd: TestEtcd;
let hook: HttpsServer;
let call: Call;
let strict: Call;

/** `limited` may only write what it says itself. */
const authorizer: Authorizer = {
  authorize: ({ user, ...asked }) => {
    const free = 'resource' in asked && ['create', 'update', 'patch'].includes(asked.verb) && asked.subresource === '';
    return user.name !== 'limited' || free ? { decision: 'allow', reason: '' } : { decision: 'noOpinion', reason: '' };
  },
} as Authorizer;

const byHeader: Link = async (context, next) => {
  const [name = '', ...groups] = String(context.req.headers['x-user'] ?? 'admin,system:masters').split(',');
  context.user = { name, uid: '', groups: [...groups, 'system:authenticated'], extra: {} };
  await next();
  for (const [key, value] of context.annotations) annotations.set(key, value);
};
const as = (user: string) => ({ 'x-user': user });
const node1 = as('system:node:n1,system:nodes');
const merge = { 'content-type': 'application/merge-patch+json' };

async function serve(enable: string[], configuration: object[] = []): Promise<Call> {
  const file = join(folder, `admission-${servers.length}.yaml`);
  const whole = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins: configuration };
  writeFileSync(file, JSON.stringify(whole));
  const configurations = await readAdmissionConfiguration(file, configurationParsers);
  const store = new EtcdStore({ servers: [etcd.url] });
  stores.push(store);
  const server = await startApiServer({
    store,
    namespaces: servers.length === 0,
    links: [byHeader],
    plugins: (registry, metrics) => {
      const kinds = () => registry.scheme;
      const log = { warn: () => undefined };
      const resolve = endpointResolver(registry);
      return builtinAdmission({
        authorizer,
        webhooks: { objects: registry, kinds, resolve, metrics: webhookMetrics(metrics), log },
        policies: { objects: registry, kinds, metrics: policyMetrics(metrics) },
        kinds,
        metrics,
        configurations,
        enable,
      });
    },
  });
  servers.push(server);
  return callsTo(server.url);
}

beforeAll(async () => {
  etcd = await startEtcd();
  hook = await startHttpsServer(() => ({}));
  const kubeconfig = join(folder, 'images.yaml');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: `${hook.url}/images`, 'certificate-authority-data': hook.caBundle } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  call = await serve(['NodeRestriction']);
  const off = ['OwnerReferencesPermissionEnforcement', 'AlwaysPullImages', 'EventRateLimit', 'ImagePolicyWebhook'];
  strict = await serve(
    [...off, 'PodNodeSelector', 'PodTolerationRestriction'],
    [
      {
        name: 'EventRateLimit',
        configuration: {
          apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
          kind: 'Configuration',
          limits: [{ type: 'Namespace', qps: 1, burst: 1 }],
        },
      },
      { name: 'ImagePolicyWebhook', configuration: { imagePolicy: { kubeConfigFile: kubeconfig, retryBackoff: 1 } } },
      { name: 'PodNodeSelector', configuration: { podNodeSelectorPluginConfig: { shop: 'disk=ssd' } } },
    ],
  );
  for (const name of ['shop', 'guarded', 'limits']) await made('POST', '/api/v1/namespaces', { metadata: { name } });
  for (const name of ['default', 'shop', 'guarded', 'limits']) {
    await made('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
});
afterAll(async () => {
  await Promise.all(servers.map((each) => each.close()));
  await Promise.all(stores.map((each) => each.close()));
  await hook.close();
  await etcd.close();
  rmSync(folder, { recursive: true });
});

async function made(...what: Parameters<Call>): Promise<Answer> {
  const answer = await call(...what);
  if (answer.status > 201) throw new Error(`${answer.status} ${answer.text}`);
  return answer;
}

/** `403 Forbidden …` of a refusal, `201` of what was done. */
const told = ({ status, body }: Answer): string =>
  status > 201 ? `${status} ${body.reason} ${body.message}` : `${status}`;

const pods = (namespace = 'default') => `/api/v1/namespaces/${namespace}/pods`;
let count = 0;
const pod = (spec: object = {}, metadata: object = {}) => ({
  metadata: { name: `p${count++}`, ...metadata },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});

describe('the plugins of a server', () => {
  it('NamespaceLifecycle: nothing is made where nothing lives, and the namespaces of the system stay', async () => {
    expect(told(await call('POST', pods('none'), pod()))).toBe('404 NotFound namespaces "none" not found');
    expect(told(await call('DELETE', '/api/v1/namespaces/kube-system'))).toBe(
      '403 Forbidden namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
    await made('POST', '/api/v1/namespaces', { metadata: { name: 'ending' } });
    await made('DELETE', '/api/v1/namespaces/ending');
    const late = await call('POST', '/api/v1/namespaces/ending/configmaps', { metadata: { name: 'm' } });
    expect(told(late)).toBe(
      '403 Forbidden configmaps "m" is forbidden: unable to create new content in namespace ending because it is being terminated',
    );
    expect(late.body.details.causes[0].reason).toBe('NamespaceTerminating');
  });

  it('LimitRanger: fills in and holds to the bounds', async () => {
    const limits = [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '500m' }, max: { cpu: '2' } }];
    await made('POST', '/api/v1/namespaces/limits/limitranges', { metadata: { name: 'l' }, spec: { limits } });
    await eventually(async () => {
      const { body } = await call('POST', `${pods('limits')}?dryRun=All`, pod());
      return body.spec.containers[0].resources.requests?.cpu === '500m';
    });
    const { body } = await made('POST', pods('limits'), pod());
    expect(body.metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    });
    const greedy = { containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '3' } } }] };
    expect(told(await call('POST', pods('limits'), pod(greedy, { name: 'greedy' })))).toBe(
      '403 Forbidden pods "greedy" is forbidden: maximum cpu usage per Container is 2, but limit is 3',
    );
  });

  it('ServiceAccount, Priority, DefaultTolerationSeconds, RuntimeClass: what a pod gets, and what it must not say', async () => {
    const { body } = await made('POST', pods(), pod());
    expect(body.spec).toMatchObject({
      serviceAccountName: 'default',
      volumes: [{ name: expect.stringMatching(/^kube-api-access-/) }],
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    });
    const refusals: [object, string][] = [
      [
        { serviceAccountName: 'nobody' },
        'error looking up service account default/nobody: serviceaccount "nobody" not found',
      ],
      [{ priorityClassName: 'urgent' }, 'no PriorityClass with name urgent was found'],
      [
        { priority: 7 },
        'the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
      ],
      [{ runtimeClassName: 'gone' }, 'pod rejected: RuntimeClass "gone" not found'],
      [
        { overhead: { cpu: '1' } },
        'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
      ],
    ];
    for (const [spec, why] of refusals) {
      expect(told(await call('POST', pods(), pod(spec, { name: 'odd' })))).toBe(
        `403 Forbidden pods "odd" is forbidden: ${why}`,
      );
    }
    const handler = { metadata: { name: 'kata' }, handler: 'kata', overhead: { podFixed: { memory: '1Mi' } } };
    await made('POST', '/apis/node.k8s.io/v1/runtimeclasses', handler);
    expect((await made('POST', pods(), pod({ runtimeClassName: 'kata' }))).body.spec.overhead).toEqual({
      memory: '1Mi',
    });
  });

  it('NodeRestriction, TaintNodesByCondition: a node registers itself, untrusted until it is ready', async () => {
    const nodes = '/api/v1/nodes';
    const own = await call('POST', nodes, { metadata: { name: 'n1' } }, node1);
    expect(own.body.spec.taints).toEqual([{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
    expect(told(await call('POST', nodes, { metadata: { name: 'n2' } }, node1))).toBe(
      '403 Forbidden nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
    );
    expect(told(await call('PATCH', `${nodes}/n1`, { spec: { taints: null } }, { ...node1, ...merge }))).toBe(
      '403 Forbidden nodes "n1" is forbidden: node "n1" is not allowed to modify taints',
    );
    expect(told(await call('POST', pods(), pod({}, { name: 'own' }), node1))).toBe(
      '403 Forbidden pods "own" is forbidden: pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    );
  });

  it('PodSecurity: enforces, warns and annotates', async () => {
    const labels = {
      'pod-security.kubernetes.io/enforce': 'baseline',
      'pod-security.kubernetes.io/warn': 'restricted',
    };
    await made('PATCH', '/api/v1/namespaces/guarded', { metadata: { labels } }, merge);
    const privileged = { containers: [{ name: 'c', image: 'x', securityContext: { privileged: true } }] };
    await eventually(async () => (await call('POST', `${pods('guarded')}?dryRun=All`, pod(privileged))).status === 403);
    expect(told(await call('POST', pods('guarded'), pod(privileged, { name: 'root' })))).toBe(
      '403 Forbidden pods "root" is forbidden: violates PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)',
    );
    const plain = await made('POST', pods('guarded'), pod());
    expect(plain.headers.get('warning')).toContain('would violate PodSecurity');
    expect(annotations.get('pod-security.kubernetes.io/enforce-policy')).toBe('baseline:latest');
  });

  it('DefaultStorageClass, StorageObjectInUseProtection, PersistentVolumeClaimResize: claims', async () => {
    const isDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const storageClass = { metadata: { name: 'fast', annotations: isDefault }, provisioner: 'example.com/fast' };
    await made('POST', '/apis/storage.k8s.io/v1/storageclasses', storageClass);
    const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const claim = { metadata: { name: 'data' }, spec };
    await eventually(
      async () => (await call('POST', `${claims}?dryRun=All`, claim)).body.spec.storageClassName === 'fast',
    );
    const { body } = await made('POST', claims, claim);
    expect(body.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
    const grow = { spec: { resources: { requests: { storage: '2Gi' } } } };
    await made('PATCH', `${claims}/data`, { spec: { volumeName: 'v' } }, merge);
    await made('PATCH', `${claims}/data/status`, { status: { phase: 'Bound' } }, merge);
    expect(told(await call('PATCH', `${claims}/data`, grow, merge))).toBe(
      '403 Forbidden persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  });

  it('CertificateApproval, CertificateSigning, CertificateSubjectRestriction: certificates', async () => {
    const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
    const asking = async (name: string, organizations: string[]) => {
      const { request } = await makeRequest({ commonName: 'me', organizations });
      const signerName = 'kubernetes.io/kube-apiserver-client';
      const spec = { request: Buffer.from(request).toString('base64'), signerName, usages: ['client auth'] };
      return call('POST', requests, { metadata: { name }, spec });
    };
    expect(told(await asking('root', ['system:masters']))).toBe(
      '403 Forbidden certificatesigningrequests.certificates.k8s.io "root" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    );
    const unreadable = `-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n`;
    const wrong = { request: Buffer.from(unreadable).toString('base64'), signerName: 'a.io/b' };
    expect(
      (await call('POST', requests, { metadata: { name: 'wrong' }, spec: wrong })).body.details.causes,
    ).toMatchObject([{ field: 'spec.request' }, { field: 'spec.usages' }]);
    const { body } = await asking('mine', []);
    const conditions = [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }];
    const approved = { ...body, status: { conditions } };
    expect(told(await call('PUT', `${requests}/mine/approval`, approved, as('limited')))).toContain(
      'is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
    );
    const { body: now } = await made('PUT', `${requests}/mine/approval`, approved);
    const failed = { ...now, status: { conditions: [...now.status.conditions, { type: 'Failed', status: 'True' }] } };
    expect(told(await call('PUT', `${requests}/mine/status`, failed, as('limited')))).toContain(
      'is forbidden: user not permitted to sign requests with signerName "kubernetes.io/kube-apiserver-client"',
    );
    const other = { ...now, status: { conditions: [...now.status.conditions, { type: 'Seen', status: 'True' }] } };
    expect(told(await call('PUT', `${requests}/mine/status`, other, as('limited')))).toContain('not permitted to sign');
  });

  it('DefaultIngressClass: an Ingress gets the default class', async () => {
    const isDefault = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    const ingressClass = { metadata: { name: 'web', annotations: isDefault }, spec: { controller: 'example.com/web' } };
    await made('POST', '/apis/networking.k8s.io/v1/ingressclasses', ingressClass);
    const ingresses = '/apis/networking.k8s.io/v1/namespaces/default/ingresses';
    const ingress = {
      metadata: { name: 'i' },
      spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } },
    };
    await eventually(
      async () => (await call('POST', `${ingresses}?dryRun=All`, ingress)).body.spec.ingressClassName === 'web',
    );
  });

  it('PodResizeValidator, NodeDeclaredFeatureValidator: a resize that the node has room for and can do', async () => {
    await made('POST', '/api/v1/nodes', {
      metadata: { name: 'small', labels: { 'kubernetes.io/os': 'linux' } },
      status: { allocatable: { cpu: '2', memory: '1Gi' } },
    });
    const sized = (cpu: string) => ({ containers: [{ name: 'c', image: 'x', resources: { requests: { cpu } } }] });
    await made('POST', pods(), pod({ nodeName: 'small', ...sized('1') }, { name: 'grows' }));
    const resize = (cpu: string) => call('PATCH', `${pods()}/grows/resize`, { spec: sized(cpu) }, merge);
    const big = await resize('3');
    expect(told(big)).toBe(
      '403 Forbidden pods "grows" is forbidden: Node didn\'t have enough allocatable resources: cpu, requested: 3000, allocatable: 2000',
    );
    expect(big.body.details.causes).toEqual([{ reason: 'NodeCapacity' }]);
    expect(told(await resize('2'))).toBe('200');
  });

  it('ResourceQuota: no more than there is room for', async () => {
    const quotas = '/api/v1/namespaces/guarded/resourcequotas';
    await made('POST', quotas, { metadata: { name: 'q' }, spec: { hard: { configmaps: '2' } } });
    const status = { hard: { configmaps: '2' }, used: { configmaps: '1' } };
    await made('PATCH', `${quotas}/q/status`, { status }, merge);
    const maps = '/api/v1/namespaces/guarded/configmaps';
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, i) => call('POST', maps, { metadata: { name: `m${i}` } })),
    );
    expect(answers.filter((each) => each.status === 201)).toHaveLength(1);
    expect(told(answers.find((each) => each.status !== 201)!)).toMatch(
      /^403 Forbidden configmaps "m\d" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2$/,
    );
  });
});

describe('the plugins that are off by default', () => {
  it('AlwaysPullImages, ImagePolicyWebhook: images', async () => {
    const review = (status: object) => ({ kind: 'ImageReview', apiVersion: 'imagepolicy.k8s.io/v1alpha1', status });
    hook.respond = () => review({ allowed: false, reason: 'unsigned' });
    const bad = { containers: [{ name: 'c', image: 'bad' }] };
    expect(told(await strict('POST', pods(), pod(bad, { name: 'bad' })))).toBe(
      '403 Forbidden pods "bad" is forbidden: image policy webhook backend denied one or more images: unsigned',
    );
    hook.respond = () => review({ allowed: true });
    const { body } = await strict('POST', pods(), pod({ containers: [{ name: 'c', image: 'x:1' }] }));
    expect(body.spec.containers[0].imagePullPolicy).toBe('Always');
  });

  it('PodNodeSelector, PodTolerationRestriction: what a namespace says of its pods', async () => {
    const annotated = {
      'scheduler.alpha.kubernetes.io/node-selector': 'disk=ssd',
      'scheduler.alpha.kubernetes.io/defaultTolerations': '[{"key":"shop","operator":"Exists"}]',
      'scheduler.alpha.kubernetes.io/tolerationsWhitelist':
        '[{"key":"shop","operator":"Exists"},{"key":"node.kubernetes.io/not-ready","operator":"Exists"},{"key":"node.kubernetes.io/unreachable","operator":"Exists"}]',
    };
    await made('PATCH', '/api/v1/namespaces/shop', { metadata: { annotations: annotated } }, merge);
    await eventually(async () => {
      const { body } = await strict('POST', `${pods('shop')}?dryRun=All`, pod());
      return body.spec?.nodeSelector?.disk === 'ssd' && body.spec.tolerations[0].key !== undefined;
    });
    const { body } = await strict('POST', pods('shop'), pod());
    expect(body.spec.tolerations).toContainEqual({ key: 'shop', operator: 'Exists' });
    expect(told(await strict('POST', pods('shop'), pod({ nodeSelector: { disk: 'hdd' } }, { name: 'far' })))).toBe(
      '403 Forbidden pods "far" is forbidden: pod node label selector conflicts with its namespace node label selector',
    );
    const other = await strict('POST', pods('shop'), pod({ tolerations: [{ key: 'gpu', operator: 'Exists' }] }));
    expect([other.status, other.body.message]).toEqual([
      500,
      'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
    ]);
  });

  it('EventRateLimit: events of a namespace', async () => {
    const send = () =>
      strict('POST', '/api/v1/namespaces/limits/events', {
        metadata: { name: `e${count++}`, namespace: 'limits' },
        involvedObject: { kind: 'Pod', name: 'p', namespace: 'limits' },
      });
    const answers = [await send(), await send(), await send()].map(told);
    expect(answers).toContain('201');
    expect(answers).toContain('429 TooManyRequests Too many requests: limit reached on type Namespace for key limits');
  });

  it('OwnerReferencesPermissionEnforcement: only who may delete gives an owner', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' }];
    const owned = { metadata: { name: 'owned', ownerReferences } };
    const maps = '/api/v1/namespaces/default/configmaps';
    expect(told(await strict('POST', maps, owned, as('limited')))).toContain(
      'configmaps "owned" is forbidden: cannot set an ownerRef on a resource you can\'t delete: ',
    );
    expect(told(await strict('POST', maps, owned))).toBe('201');
  });
});
