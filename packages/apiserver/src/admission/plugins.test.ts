import { configMap } from '@coracle/api/core/v1/configmap';
import { namespace } from '@coracle/api/core/v1/namespace';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { Pod } from '@coracle/api/types/core/v1';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { type Authorizer, alwaysAllow } from '../chain/authorization/authorizer.ts';
import { type Call, callsTo } from '../testing/http.ts';
import { startApiServer, type TestServer } from '../testing.ts';
import { builtinAdmission } from './builtin.ts';
import { eventRateLimit } from './event-rate-limit/plugin.ts';
import type { AdmissionPlugin } from './plugin.ts';
import { podNodeSelector } from './pod-node-selector/plugin.ts';
import { podTolerationRestriction } from './pod-toleration-restriction/plugin.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';

const servers: TestServer[] = [];
afterAll(() => Promise.all(servers.map((each) => each.close())));
let denied: (verb: string, resource: string) => boolean = () => false;
afterEach(() => {
  denied = () => false;
});

const choosy: Authorizer = {
  ...alwaysAllow,
  authorize: (attributes) =>
    attributes.path === undefined && denied(attributes.verb, `${attributes.resource}/${attributes.subresource}`)
      ? { decision: 'noOpinion', reason: '' }
      : { decision: 'allow', reason: '' },
};

/** A server with these plugins alone. */
async function serving(...plugins: (string | AdmissionPlugin)[]): Promise<Call & { api: TestServer }> {
  const api = await startApiServer({
    plugins: (registry) => {
      const names = plugins.filter((each) => typeof each === 'string');
      const webhooks = ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'];
      const kinds = () => registry.scheme;
      const all = builtinAdmission({ authorizer: choosy, kinds, enable: names, disable: webhooks });
      return [...all.filter(({ name }) => names.includes(name)), ...plugins.filter((each) => typeof each !== 'string')];
    },
  });
  servers.push(api);
  return Object.assign(callsTo(api.url), { api });
}

const pods = '/api/v1/namespaces/default/pods';
const maps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };
let count = 0;
const pod = (spec: object = {}) => ({
  metadata: { name: `p${count++}` },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});
const requests = (list: Record<string, string>) => [
  { name: 'c', image: 'x', resources: { requests: list, limits: list } },
];

describe('AlwaysDeny', () => {
  it('refuses whatever would change something', async () => {
    const call = await serving('AlwaysDeny');
    expect((await call('POST', maps, { metadata: { name: 'm' } })).body).toMatchObject({
      code: 403,
      message: 'configmaps "m" is forbidden: admission control is denying all modifications',
    });
  });
});

describe('AlwaysPullImages', () => {
  it('has every image of a new pod, and every new image, pulled', async () => {
    const call = await serving('AlwaysPullImages');
    const made = await call('POST', pods, {
      metadata: { name: 'pull' },
      spec: {
        initContainers: [{ name: 'i', image: 'a:1', imagePullPolicy: 'Never' }],
        containers: [{ name: 'c', image: 'b:1', imagePullPolicy: 'IfNotPresent' }],
        volumes: [{ name: 'v', image: { reference: 'c:1' } }],
      },
    });
    const { initContainers, containers, volumes } = made.body.spec;
    expect([initContainers[0].imagePullPolicy, containers[0].imagePullPolicy, volumes[0].image.pullPolicy]).toEqual(
      Array(3).fill('Always'),
    );
  });

  it('refuses a pod whose images another plugin would not have pulled', async () => {
    const reset: AdmissionPlugin = {
      name: 'reset',
      mutate: ({ object }) => {
        for (const container of (object as Pod).spec.containers) container.imagePullPolicy = 'Never';
      },
    };
    const call = await serving('AlwaysPullImages', reset);
    const containers = ['a', 'b'].map((name) => ({ name, image: 'x' }));
    const refusal = (i: number) =>
      `pods "pull" is forbidden: spec.containers[${i}].imagePullPolicy: Unsupported value: "Never": supported values: "Always"`;
    const { body } = await call('POST', pods, { metadata: { name: 'pull' }, spec: { containers } });
    expect(body).toMatchObject({ code: 500, message: `[${refusal(0)}, ${refusal(1)}]` });
    expect(body.reason).toBeUndefined();
  });
});

describe('DenyServiceExternalIPs', () => {
  it('refuses new external addresses, and keeps old ones', async () => {
    const call = await serving('DenyServiceExternalIPs');
    const services = '/api/v1/namespaces/default/services';
    const service = { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], externalIPs: ['1.2.3.4'] } };
    expect((await call('POST', services, service)).body.message).toBe(
      'services "s" is forbidden: Use of external IPs is denied by admission control',
    );
    expect((await call('POST', services, { ...service, spec: { ports: [{ port: 80 }] } })).status).toBe(201);
  });
});

describe('LimitPodHardAntiAffinityTopology', () => {
  it('lets pods keep others off nodes only', async () => {
    const call = await serving('LimitPodHardAntiAffinityTopology');
    const apart = (topologyKey: string) =>
      pod({
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey, labelSelector: { matchLabels: { a: 'b' } } },
            ],
          },
        },
      });
    expect((await call('POST', pods, apart('kubernetes.io/hostname'))).status).toBe(201);
    expect((await call('POST', pods, apart('zone'))).body.message).toContain(
      'is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
    );
  });
});

describe('ExtendedResourceToleration', () => {
  it('lets pods that ask for a device onto the nodes kept for them', async () => {
    const call = await serving('ExtendedResourceToleration');
    const made = await call('POST', pods, pod({ containers: requests({ 'example.com/gpu': '1', cpu: '1' }) }));
    expect(made.body.spec.tolerations).toEqual([{ key: 'example.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
  });
});

describe('NamespaceAutoProvision', () => {
  it('makes a namespace for the first thing in it, but not in a dry run', async () => {
    const call = await serving('NamespaceAutoProvision');
    const inNew = '/api/v1/namespaces/fresh/configmaps';
    await call('POST', `${inNew}?dryRun=All`, { metadata: { name: 'm' } });
    expect(await call.api.registry.get(namespace, 'fresh')).toBeUndefined();
    expect((await call('POST', inNew, { metadata: { name: 'm' } })).status).toBe(201);
    expect(await call.api.registry.get(namespace, 'fresh')).toBeDefined();
  });
});

describe('NamespaceExists', () => {
  it('refuses what is in no namespace that there is', async () => {
    const call = await serving('NamespaceExists');
    const refused = await call('POST', '/api/v1/namespaces/none/configmaps', { metadata: { name: 'm' } });
    expect([refused.status, refused.body.message]).toEqual([404, 'namespaces "none" not found']);
    expect((await call('POST', maps, { metadata: { name: 'ok' } })).status).toBe(201);
  });
});

describe('OwnerReferencesPermissionEnforcement', () => {
  const owned = (name: string, blockOwnerDeletion?: boolean, kind = 'ServiceAccount') => ({
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind, name: 'o', uid: 'u', blockOwnerDeletion }] },
  });

  it('asks for the permission to delete, and to block the deletion of the owner', async () => {
    const call = await serving('OwnerReferencesPermissionEnforcement');
    denied = (verb) => verb === 'delete';
    expect((await call('POST', maps, owned('a'))).body.message).toBe(
      'configmaps "a" is forbidden: cannot set an ownerRef on a resource you can\'t delete: , <nil>',
    );
    expect((await call('POST', maps, { metadata: { name: 'free' } })).status).toBe(201);
    denied = (verb, resource) => verb === 'update' && resource === `${serviceAccount.plural}/finalizers`;
    expect((await call('POST', maps, owned('b'))).status).toBe(201);
    expect((await call('POST', maps, owned('c', true))).body.message).toBe(
      'configmaps "c" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on: , <nil>',
    );
    denied = () => false;
    expect((await call('POST', maps, owned('d', true))).status).toBe(201);
    expect((await call('POST', maps, owned('e', true, 'Thing'))).body.message).toContain(
      'cannot find RESTMapping for APIVersion v1 Kind Thing: no matches for kind "Thing" in version "v1"',
    );
    denied = () => true;
    const labelled = await call('PATCH', `${maps}/d`, '{"metadata":{"labels":{"a":"b"}}}', merge);
    expect([labelled.status, labelled.body.kind]).toEqual([200, configMap.kind]);
  });
});

describe('PodNodeSelector', () => {
  it('sends pods to the nodes of their namespace', async () => {
    const configured = { clusterDefaultNodeSelector: { env: 'dev' }, default: { env: 'dev', disk: 'ssd' } };
    const call = await serving(podNodeSelector(new Map(Object.entries(configured))));
    const selected = async (nodeSelector?: object) => (await call('POST', pods, pod({ nodeSelector }))).body;
    expect((await selected()).spec.nodeSelector).toEqual({ env: 'dev' });
    expect((await selected({ disk: 'ssd' })).spec.nodeSelector).toEqual({ env: 'dev', disk: 'ssd' });
    expect((await selected({ env: 'prod' })).message).toContain(
      'is forbidden: pod node label selector conflicts with its namespace node label selector',
    );
    expect((await selected({ zone: 'a' })).message).toContain(
      'is forbidden: pod node label selector labels conflict with its namespace whitelist',
    );
    const annotations = { 'scheduler.alpha.kubernetes.io/node-selector': 'team=red, disk=hdd' };
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'red', annotations } });
    const there = await call('POST', '/api/v1/namespaces/red/pods', pod());
    expect(there.body.spec.nodeSelector).toEqual({ team: 'red', disk: 'hdd' });
  });

  it.each([
    ['foo', 'invalid selector: [foo]'],
    ['a=b,c=d=e', 'invalid selector: [c d e]'],
    [
      '=b',
      "<nil>: Invalid value: \"\": name part must be non-empty; name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
    [
      'disk= ?',
      "[disk]: Invalid value: \"?\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ])('fails on the annotation %j, with what is wrong', async (selector, message) => {
    const call = await serving(podNodeSelector());
    const annotations = { 'scheduler.alpha.kubernetes.io/node-selector': selector };
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'odd', annotations } });
    const { status, body } = await call('POST', '/api/v1/namespaces/odd/pods', pod());
    expect([status, body]).toEqual([
      500,
      { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 },
    ]);
  });
});

describe('PodTolerationRestriction', () => {
  it('gives pods the tolerations of their namespace, and allows no others', async () => {
    const call = await serving(
      podTolerationRestriction({ defaults: [{ key: 'cluster', operator: 'Exists' }], allowed: [] }),
    );
    expect((await call('POST', pods, pod())).body.spec.tolerations).toEqual([{ key: 'cluster', operator: 'Exists' }]);
    const list = (...keys: string[]) => JSON.stringify(keys.map((key) => ({ key, operator: 'Exists' })));
    const annotations = {
      'scheduler.alpha.kubernetes.io/defaultTolerations': list('own'),
      'scheduler.alpha.kubernetes.io/tolerationsWhitelist': list('own', 'other', 'node.kubernetes.io/memory-pressure'),
    };
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'picky', annotations } });
    const make = (spec: object) => call('POST', '/api/v1/namespaces/picky/pods', pod(spec));
    const made = await make({ containers: requests({ cpu: '1' }) });
    expect(made.body.spec.tolerations).toEqual([
      { key: 'own', operator: 'Exists' },
      { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
    ]);
    expect((await make({ tolerations: [{ key: 'other', operator: 'Exists' }] })).status).toBe(201);
    expect((await make({ tolerations: [{ key: 'third', operator: 'Exists' }] })).body.message).toBe(
      'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
    );
  });

  it.each<[string, string, string]>([
    ['defaultTolerations', '[', 'unexpected end of JSON input'],
    ['tolerationsWhitelist', '{}', 'json: cannot unmarshal object into Go value of type []v1.Toleration'],
    ['defaultTolerations', '[1]', 'json: cannot unmarshal number into Go value of type v1.Toleration'],
    [
      'tolerationsWhitelist',
      '[{"key":"a","tolerationSeconds":"x"}]',
      'json: cannot unmarshal string into Go struct field Toleration.tolerationSeconds of type int64',
    ],
  ])('fails on the annotation %s that is %s, with what is wrong', async (name, text, message) => {
    const call = await serving(podTolerationRestriction());
    const annotations = { [`scheduler.alpha.kubernetes.io/${name}`]: text };
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'odd', annotations } });
    const tolerations = [{ key: 'a', operator: 'Exists' }];
    const { status, body } = await call('POST', '/api/v1/namespaces/odd/pods', pod({ tolerations }));
    expect([status, body.reason, body.message]).toEqual([500, undefined, message]);
  });

  it('takes an annotation that is null for an empty list, and leaves out what tolerations do not have', async () => {
    const call = await serving(
      podTolerationRestriction({ defaults: [{ key: 'cluster', operator: 'Exists' }], allowed: [] }),
    );
    const made = async (name: string, text: string) => {
      const annotations = { 'scheduler.alpha.kubernetes.io/defaultTolerations': text };
      await call('POST', '/api/v1/namespaces', { metadata: { name, annotations } });
      return (await call('POST', `/api/v1/namespaces/${name}/pods`, pod())).body.spec.tolerations;
    };
    expect(await made('none', 'null')).toBeUndefined();
    expect(await made('more', '[{"key":"a","operator":"Exists","why":"b"}]')).toEqual([
      { key: 'a', operator: 'Exists' },
    ]);
  });
});

describe('PodTopologyLabels', () => {
  it('gives pods the zone and region of the node they are bound to', async () => {
    const call = await serving(podTopologyLabels);
    const zone = { 'topology.kubernetes.io/zone': 'a', 'topology.kubernetes.io/region': 'eu' };
    await call('POST', '/api/v1/nodes', { metadata: { name: 'n1', labels: { ...zone, disk: 'ssd' } } });
    const { metadata, ...rest } = pod();
    const labels = { app: 'web', 'topology.kubernetes.io/zone': 'mine' };
    const made = await call('POST', pods, { ...rest, metadata: { ...metadata, labels } });
    expect(made.body.metadata.labels).toEqual(labels);
    const { name } = metadata;
    const bound = await call('POST', `${pods}/${name}/binding`, {
      metadata: { name },
      target: { kind: 'Node', name: 'n1' },
    });
    expect(bound.status).toBe(201);
    expect((await call('GET', `${pods}/${name}`)).body.metadata.labels).toEqual({ app: 'web', ...zone });
    expect((await call('POST', pods, pod({ nodeName: 'n1' }))).body.metadata.labels).toEqual(zone);
    expect((await call('POST', pods, pod({ nodeName: 'gone' }))).body.metadata.labels).toBeUndefined();
  });
});

describe('EventRateLimit', () => {
  const event = (about: string) => ({
    metadata: { name: `e${count++}`, namespace: 'default' },
    involvedObject: { kind: 'Pod', name: about, namespace: 'default' },
    source: { component: 'test' },
  });

  it('refuses events beyond the limit, and lets them in again later', async () => {
    let now = 0;
    const limits = [{ type: 'SourceAndObject', qps: 1, burst: 2, cacheSize: 2 } as const];
    const call = await serving(eventRateLimit(limits, () => now));
    const send = async (about: string) =>
      (await call('POST', '/api/v1/namespaces/default/events', event(about))).status;
    const dry = await call('POST', '/api/v1/namespaces/default/events?dryRun=All', event('a'));
    expect(dry.status).toBe(201);
    expect([await send('a'), await send('a'), await send('a'), await send('b')]).toEqual([201, 201, 429, 201]);
    const refused = await call('POST', '/api/v1/namespaces/default/events', event('a'));
    expect(refused.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      code: 429,
      reason: 'TooManyRequests',
      message: 'Too many requests: limit reached on type SourceAndObject for key testPoddefaulta',
    });
    now += 1000;
    expect([await send('a'), await send('a')]).toEqual([201, 429]);
    // Two others make it forget the first.
    await send('b');
    await send('c');
    expect(await send('a')).toBe(201);
  });
});
