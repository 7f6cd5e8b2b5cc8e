import { describe, expect, it } from '@jest/globals';
import type { PersistentVolumeClaim, Pod, PodSpec, Service } from '../generated/core/v1.ts';
import type { ResourceClaim } from '../generated/resource/v1.ts';
import type { KubeObject } from '../kind.ts';
import { formatResources } from '../meta/resources.ts';
import { evaluatorOf, isUncounted } from './evaluators.ts';
import { boundNames, totalUsage } from './usage.ts';

const noon = Date.parse('2026-01-01T12:00:00Z');
const usage = (resource: string, object: object) =>
  formatResources(evaluatorOf(resource).usage(object as KubeObject, noon));
const pod = (spec: Partial<PodSpec>, rest: Partial<Pod> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'default', ...rest.metadata },
  spec: { containers: [], ...spec },
  ...(rest.status ? { status: rest.status } : {}),
});
const container = (resources: object, name = 'c') => ({ name, image: 'i', resources });
const alone = { 'count/pods': '1', pods: '1' };

describe('a pod', () => {
  it('uses all that its containers request and are limited to', () => {
    const resources = {
      requests: {
        cpu: '500m',
        memory: '1Gi',
        'ephemeral-storage': '2Gi',
        'hugepages-2Mi': '4Mi',
        'nvidia.com/gpu': '2',
      },
      limits: { cpu: '1', memory: '2Gi', 'ephemeral-storage': '3Gi', 'hugepages-2Mi': '4Mi', 'nvidia.com/gpu': '2' },
    };
    expect(
      usage('pods', pod({ containers: [container(resources), container({ requests: { cpu: '1' } }, 'd')] })),
    ).toEqual({
      ...alone,
      cpu: '1500m',
      'requests.cpu': '1500m',
      'limits.cpu': '1',
      memory: '1Gi',
      'requests.memory': '1Gi',
      'limits.memory': '2Gi',
      'ephemeral-storage': '2Gi',
      'requests.ephemeral-storage': '2Gi',
      'limits.ephemeral-storage': '3Gi',
      'hugepages-2Mi': '4Mi',
      'requests.hugepages-2Mi': '4Mi',
      'requests.nvidia.com/gpu': '2',
    });
  });

  it('counts the greater of what starts it and what runs, its overhead, and what is said of it as a whole', () => {
    const cpu = (amount: string) => ({ requests: { cpu: amount } });
    const init = [container(cpu('3'), 'i')];
    const overhead = { cpu: '100m' };
    expect(usage('pods', pod({ containers: [container(cpu('1'))], initContainers: init, overhead }))['cpu']).toBe(
      '3100m',
    );
    const resources = cpu('2');
    expect(usage('pods', pod({ containers: [container(cpu('1'))], resources }))['requests.cpu']).toBe('2');
  });

  it('is charged what it still has while a resize is under way, and no more than that where it cannot be done', () => {
    const spec = { containers: [container({ requests: { cpu: '1' }, limits: { cpu: '1' } })] };
    const resources = { requests: { cpu: '2' }, limits: { cpu: '3' } };
    const state = { name: 'c', image: 'i', imageID: '', ready: true, restartCount: 0, resources };
    const status = { containerStatuses: [state] };
    expect(usage('pods', pod(spec, { status }))).toMatchObject({ cpu: '2', 'limits.cpu': '3' });
    const wish = { containers: [container({ requests: { cpu: '9' } })] };
    const pending = { type: 'PodResizePending', status: 'True', reason: 'Infeasible' } as const;
    expect(usage('pods', pod(wish, { status: { ...status, conditions: [pending] } }))['cpu']).toBe('2');
    expect(usage('pods', pod(wish, { status }))['cpu']).toBe('9');
  });

  it.each<[string, Partial<Pod>]>([
    ['has failed', { status: { phase: 'Failed' } }],
    ['has succeeded', { status: { phase: 'Succeeded' } }],
    ['should have ended', { metadata: { deletionTimestamp: '2026-01-01T11:59:00Z', deletionGracePeriodSeconds: 30 } }],
  ])('that %s only counts as an object', (_, rest) => {
    expect(usage('pods', pod({ containers: [container({ requests: { cpu: '1' } })] }, rest))).toEqual({
      'count/pods': '1',
    });
  });

  it('that is ending is charged until its grace is over', () => {
    const metadata = { deletionTimestamp: '2026-01-01T11:59:45Z', deletionGracePeriodSeconds: 30 };
    expect(usage('pods', pod({}, { metadata }))).toEqual(alone);
  });

  it('has to state what is bounded, container by container', () => {
    const missing = (it: Pod, ...names: string[]) => evaluatorOf('pods').missing!(it, names);
    const spec = {
      containers: [container({ limits: { cpu: '1' } }, 'b'), container({}, 'a')],
      initContainers: [container({ limits: { cpu: '1' }, requests: { cpu: '1' } }, 'i')],
    };
    expect(missing(pod(spec), 'pods', 'limits.cpu', 'cpu', 'requests.ephemeral-storage')).toBe(
      'must specify cpu for: a,b; limits.cpu for: a',
    );
    expect(missing(pod(spec), 'limits.ephemeral-storage', 'requests.nvidia.com/gpu')).toBeUndefined();
    expect(missing(pod({ ...spec, resources: { limits: { cpu: '1' } } }), 'limits.cpu')).toBeUndefined();
  });

  it.each<[string, object, boolean, Partial<PodSpec>]>([
    ['Terminating', {}, true, { activeDeadlineSeconds: 5 }],
    ['Terminating', {}, false, {}],
    ['NotTerminating', {}, true, {}],
    ['BestEffort', {}, true, { containers: [container({})] }],
    ['NotBestEffort', {}, true, { containers: [container({ requests: { cpu: '1' } })] }],
    ['PriorityClass', {}, true, { priorityClassName: 'high' }],
    ['PriorityClass', {}, false, {}],
    ['PriorityClass', { operator: 'In', values: ['high'] }, true, { priorityClassName: 'high' }],
    ['PriorityClass', { operator: 'In', values: ['high'] }, false, { priorityClassName: 'low' }],
    ['PriorityClass', { operator: 'NotIn', values: ['high'] }, true, {}],
    ['PriorityClass', { operator: 'NotIn', values: ['high'] }, false, { priorityClassName: 'high' }],
    ['PriorityClass', { operator: 'DoesNotExist' }, true, {}],
    ['CrossNamespacePodAffinity', {}, false, {}],
    [
      'CrossNamespacePodAffinity',
      {},
      true,
      {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, podAffinityTerm: { topologyKey: 'zone', namespaceSelector: {} } },
            ],
          },
        },
      },
    ],
    ['VolumeAttributesClass', {}, false, {}],
  ])('%s %j: %s of %j', (scopeName, rest, is, spec) => {
    const term = { scopeName, operator: 'Exists', ...rest };
    const quota = { scopeSelector: { matchExpressions: [term as never] } };
    expect(boundNames(evaluatorOf('pods'), quota, { pods: '1' }, pod(spec))).toEqual(is ? ['pods'] : []);
  });
});

describe('other objects', () => {
  it.each<[object, object]>([
    [{}, { 'services.loadbalancers': '0', 'services.nodeports': '0' }],
    [{ type: 'NodePort' }, { 'services.loadbalancers': '0', 'services.nodeports': '2' }],
    [{ type: 'LoadBalancer' }, { 'services.loadbalancers': '1', 'services.nodeports': '2' }],
    [
      { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false },
      { 'services.loadbalancers': '1', 'services.nodeports': '1' },
    ],
  ])('a service with %j', (spec, expected) => {
    const it = { metadata: {}, spec: { ports: [{ port: 1 }, { port: 2, nodePort: 30000 }], ...spec } } as Service;
    expect(usage('services', it)).toEqual({ 'count/services': '1', services: '1', ...expected });
  });

  it('a claim counts its storage, in whole bytes, for its class too', () => {
    const spec = { storageClassName: 'gold', resources: { requests: { storage: '1500m' } } };
    const claim: PersistentVolumeClaim = { metadata: {}, spec };
    expect(usage('persistentvolumeclaims', claim)).toEqual({
      'count/persistentvolumeclaims': '1',
      persistentvolumeclaims: '1',
      'requests.storage': '2',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'gold.storageclass.storage.k8s.io/requests.storage': '2',
    });
    const status = { allocatedResources: { storage: '5Gi' } };
    expect(usage('persistentvolumeclaims', { ...claim, status })['requests.storage']).toBe('5Gi');
  });

  it('a claim is in the scopes of all attributes classes it has or is getting', () => {
    const claim: PersistentVolumeClaim = {
      metadata: {},
      spec: { volumeAttributesClassName: 'fast' },
      status: { currentVolumeAttributesClassName: 'slow' },
    };
    const of = (operator: 'In' | 'NotIn' | 'DoesNotExist', ...values: string[]) => {
      const term = { scopeName: 'VolumeAttributesClass' as const, operator, values };
      const spec = { scopeSelector: { matchExpressions: [term] } };
      return boundNames(evaluatorOf('persistentvolumeclaims'), spec, { persistentvolumeclaims: '1' }, claim).length > 0;
    };
    expect([of('In', 'slow'), of('In', 'fast'), of('In', 'other'), of('DoesNotExist')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('a resource claim counts devices by class: of alternatives the worst, of all of them 32', () => {
    const requests = [
      { name: 'a', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 2 } },
      { name: 'b', exactly: { deviceClassName: 'nic', allocationMode: 'All' } },
      {
        name: 'c',
        firstAvailable: [
          { name: 'x', deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 3 },
          { name: 'y', deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 },
          { name: 'z', deviceClassName: 'fpga', allocationMode: 'ExactCount', count: 1 },
        ],
      },
    ];
    const claim: ResourceClaim = { metadata: {}, spec: { devices: { requests } } };
    expect(usage('resourceclaims.resource.k8s.io', claim)).toEqual({
      'count/resourceclaims.resource.k8s.io': '1',
      'gpu.deviceclass.resource.k8s.io/devices': '5',
      'nic.deviceclass.resource.k8s.io/devices': '32',
      'fpga.deviceclass.resource.k8s.io/devices': '1',
    });
  });

  it('all others count as objects, some under their old names too', () => {
    expect(usage('secrets', {})).toEqual({ 'count/secrets': '1', secrets: '1' });
    expect(usage('deployments.apps', {})).toEqual({ 'count/deployments.apps': '1' });
    expect(usage('constructor', {})).toEqual({ 'count/constructor': '1' });
  });
});

describe('the usage of a namespace', () => {
  it('is of what the quota bounds, by the objects in its scopes; what nothing uses is zero', () => {
    const hard = { pods: '5', 'requests.cpu': '5', 'limits.memory': '1Gi', secrets: '3' };
    const spec = { hard, scopes: ['NotTerminating' as const] };
    const pods = [
      pod({ containers: [container({ requests: { cpu: '1' } })] }),
      pod({ containers: [container({ requests: { cpu: '500m' } })] }),
      pod({ containers: [container({ requests: { cpu: '8' } })], activeDeadlineSeconds: 3 }),
    ];
    expect(formatResources(totalUsage(evaluatorOf('pods'), spec, pods, noon))).toEqual({
      pods: '2',
      'requests.cpu': '1500m',
      'limits.memory': '0',
    });
    expect(formatResources(totalUsage(evaluatorOf('secrets'), spec, [{ metadata: {} }], noon))).toEqual({
      secrets: '0',
    });
  });
});

it('events of the two groups are not counted, other kinds of that name are', () => {
  expect(['events', 'events.events.k8s.io', 'events.shop.example', 'pods'].filter(isUncounted)).toEqual([
    'events',
    'events.events.k8s.io',
  ]);
});
