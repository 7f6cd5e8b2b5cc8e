import { referencesOf } from '@coracle/api/core/v1/pod-references';
import type { CSIPersistentVolumeSource, PersistentVolume, Pod, PodSpec } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import type { ResourceAttributes } from '../authorizer.ts';
import { nodeAuthorizer } from './authorizer.ts';
import { NodeGraph } from './graph.ts';

const podOn = (
  nodeName: string,
  name: string,
  spec: Partial<PodSpec> = {},
  annotations?: Record<string, string>,
): Pod => ({
  metadata: { namespace: 'default', name, uid: name, ...(annotations ? { annotations } : {}) },
  spec: { nodeName, serviceAccountName: 'robot', containers: [], ...spec },
});

const secretVolume = (secretName: string): Partial<PodSpec> => ({ volumes: [{ name: 'v', secret: { secretName } }] });

const ask = (verb: string, resource: string, change: Partial<ResourceAttributes> = {}): ResourceAttributes => ({
  user: { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] },
  verb,
  group: '',
  version: 'v1',
  resource,
  subresource: '',
  namespace: 'default',
  name: '',
  ...change,
});

const volumeOf = (name: string, claim: string, csi: Partial<CSIPersistentVolumeSource> = {}): PersistentVolume => ({
  metadata: { name },
  spec: { claimRef: { namespace: 'default', name: claim }, csi: { driver: 'd', volumeHandle: 'h', ...csi } },
});

describe('the references of a pod', () => {
  it('are found wherever a pod can name them', () => {
    const pod = podOn('n1', 'web', {
      imagePullSecrets: [{ name: 'pull' }],
      initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'init' } }, { secretRef: { name: 'init' } }] }],
      containers: [
        {
          name: 'c',
          env: [
            { name: 'A', valueFrom: { secretKeyRef: { name: 'env', key: 'a' } } },
            { name: 'B', valueFrom: { configMapKeyRef: { name: 'env', key: 'b' } } },
          ],
        },
      ],
      volumes: [
        { name: 'a', configMap: { name: 'volume' } },
        { name: 'b', secret: { secretName: 'volume' } },
        {
          name: 'c',
          projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'projected' } }] },
        },
        { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
        { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } },
        { name: 'f', csi: { driver: 'd', nodePublishSecretRef: { name: 'csi' } } },
      ],
    });
    expect(referencesOf(pod).map(({ kind, name }) => `${kind}/${name}`)).toEqual([
      'serviceaccount/robot',
      'secret/pull',
      'configmap/init',
      'secret/init',
      'secret/env',
      'configmap/env',
      'configmap/volume',
      'secret/volume',
      'secret/projected',
      'configmap/projected',
      'persistentvolumeclaim/claim',
      'persistentvolumeclaim/web-scratch',
      'secret/csi',
    ]);
  });
});

describe('the node authorizer', () => {
  const graph = new NodeGraph();
  graph.setPod(podOn('n1', 'web', secretVolume('mine')));
  graph.setPod(podOn('n2', 'other', { ...secretVolume('theirs'), serviceAccountName: 'stranger' }));
  graph.setPod(podOn('n1', 'static', secretVolume('forged'), { 'kubernetes.io/config.mirror': 'x' }));
  graph.setPod(podOn('n1', 'db', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }));
  graph.setVolume(volumeOf('mine', 'data', { nodeStageSecretRef: { name: 'stage', namespace: 'csi' } }));
  graph.setVolume(volumeOf('theirs', 'other', { nodePublishSecretRef: { name: 'publish', namespace: 'csi' } }));
  graph.setVolume({ metadata: { name: 'free' }, spec: {} });
  for (const nodeName of ['n1', 'n2'])
    graph.setAttachment({ metadata: { name: `to-${nodeName}` }, spec: { attacher: 'a', source: {}, nodeName } });
  graph.setPod({
    ...podOn('n1', 'gpu', { resourceClaims: [{ name: 'own', resourceClaimName: 'named' }, { name: 'made' }] }),
    status: { resourceClaimStatuses: [{ name: 'made', resourceClaimName: 'gpu-made-x' }] },
  });
  for (const nodeName of ['n1', 'n2']) {
    const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
    graph.setSlice({ metadata: { name: `of-${nodeName}` }, spec: { driver: 'd', pool, nodeName } });
  }
  const devices = { group: 'resource.k8s.io' };
  const slice = { ...devices, namespace: '' };
  const authorizer = nodeAuthorizer(graph);
  const attachment = (name: string) => ({ group: 'storage.k8s.io', namespace: '', name });
  const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };
  const unrelated = "no relationship found between node 'n1' and this object";
  const nodeName = (value: string) => ({ fieldSelector: [{ field: 'spec.nodeName', operator: '=' as const, value }] });

  it.each<[ResourceAttributes, 'allow' | string]>([
    [ask('get', 'secrets', { name: 'mine' }), 'allow'],
    [ask('watch', 'secrets', { name: 'mine' }), 'allow'],
    [ask('update', 'secrets', { name: 'mine' }), 'can only read resources of this type'],
    [ask('get', 'secrets', { name: 'theirs' }), unrelated],
    [ask('get', 'secrets', { name: 'mine', namespace: 'kube-system' }), unrelated],
    [ask('get', 'secrets', { name: 'forged' }), unrelated],
    [ask('list', 'secrets'), 'No Object name found'],
    [ask('list', 'secrets', { namespace: '' }), 'can only read namespaced object of this type'],
    [ask('create', 'serviceaccounts', { subresource: 'token', name: 'robot' }), 'allow'],
    [ask('create', 'serviceaccounts', { subresource: 'token', name: 'stranger' }), unrelated],
    [ask('create', 'serviceaccounts', { name: '' }), 'can only create tokens for individual service accounts'],
    [ask('get', 'nodes', { name: 'n1', namespace: '' }), 'allow'],
    [ask('get', 'nodes', { name: 'n2', namespace: '' }), "node 'n1' cannot read 'n2', only its own Node object"],
    [ask('list', 'nodes', { namespace: '' }), "node 'n1' cannot read all nodes, only its own Node object"],
    [ask('delete', 'nodes', { name: 'n1', namespace: '' }), ''],
    [ask('patch', 'nodes', { name: 'n1', namespace: '', subresource: 'status' }), 'allow'],
    [ask('get', 'pods', { name: 'web' }), 'allow'],
    [ask('get', 'pods', { name: 'other' }), unrelated],
    [ask('watch', 'pods', { namespace: '', ...nodeName('n1') }), 'allow'],
    [
      ask('watch', 'pods', { namespace: '', ...nodeName('n2') }),
      'can only list/watch pods with spec.nodeName field selector',
    ],
    [ask('list', 'pods', { namespace: '' }), 'can only list/watch pods with spec.nodeName field selector'],
    [ask('watch', 'pods', { name: 'web' }), 'allow'],
    [ask('list', 'pods', { name: 'other' }), unrelated],
    [ask('get', 'pods'), 'No Object name found'],
    [ask('update', 'leases', { ...lease, name: 'n1' }), 'allow'],
    [
      ask('update', 'leases', { ...lease, name: 'n2' }),
      'can only access node lease with the same name as the requesting node',
    ],
    [ask('create', 'leases', lease), 'allow'],
    [
      ask('get', 'leases', { ...lease, namespace: 'kube-system', name: 'kube-scheduler' }),
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    [ask('get', 'persistentvolumeclaims', { name: 'data' }), 'allow'],
    [ask('patch', 'persistentvolumeclaims', { name: 'data', subresource: 'status' }), 'allow'],
    [
      ask('get', 'persistentvolumeclaims', { name: 'data', subresource: 'status' }),
      'can only get/update/patch this type',
    ],
    [ask('update', 'persistentvolumeclaims', { subresource: 'status' }), 'No Object name found'],
    [ask('update', 'persistentvolumeclaims', { name: 'data' }), 'can only get individual resources of this type'],
    [ask('get', 'persistentvolumes', { name: 'mine', namespace: '' }), 'allow'],
    [ask('get', 'persistentvolumes', { name: 'theirs', namespace: '' }), unrelated],
    [ask('get', 'persistentvolumes', { name: 'free', namespace: '' }), unrelated],
    [ask('list', 'persistentvolumes', { namespace: '' }), 'can only get individual resources of this type'],
    [ask('get', 'secrets', { name: 'stage', namespace: 'csi' }), 'allow'],
    [ask('get', 'secrets', { name: 'publish', namespace: 'csi' }), unrelated],
    [ask('get', 'volumeattachments', attachment('to-n1')), 'allow'],
    [ask('get', 'volumeattachments', attachment('to-n2')), unrelated],
    [ask('list', 'csidrivers', { group: 'storage.k8s.io', namespace: '' }), 'allow'],
    [ask('update', 'csinodes', { group: 'storage.k8s.io', namespace: '', name: 'n1' }), 'allow'],
    [
      ask('update', 'csinodes', { group: 'storage.k8s.io', namespace: '', name: 'n2' }),
      'can only access CSINode with the same name as the requesting node',
    ],
    [ask('get', 'resourceclaims', { ...devices, name: 'named' }), 'allow'],
    [ask('get', 'resourceclaims', { ...devices, name: 'gpu-made-x' }), 'allow'],
    [ask('get', 'resourceclaims', { ...devices, name: 'other' }), unrelated],
    [ask('list', 'resourceclaims', devices), 'can only get individual resources of this type'],
    [ask('create', 'resourceslices', slice), 'allow'],
    [ask('update', 'resourceslices', { ...slice, name: 'of-n1' }), 'allow'],
    [ask('delete', 'resourceslices', { ...slice, name: 'of-n2' }), unrelated],
    [ask('watch', 'resourceslices', { ...slice, ...nodeName('n1') }), 'allow'],
    [ask('deletecollection', 'resourceslices', { ...slice, ...nodeName('n1') }), 'allow'],
    [
      ask('list', 'resourceslices', slice),
      'can only list/watch/deletecollection resourceslices with spec.nodeName field selector',
    ],
    [ask('list', 'services'), 'allow'],
    [ask('delete', 'services', { name: 'web' }), ''],
    [ask('create', 'events'), 'allow'],
    [ask('create', 'tokenreviews', { group: 'authentication.k8s.io', namespace: '' }), 'allow'],
  ])('answers %j', (attributes, expected) => {
    const { decision, reason } = authorizer.authorize(attributes);
    expect(decision === 'allow' ? 'allow' : reason).toBe(expected);
  });

  it('leaves everybody else to the next', () => {
    const pretender = { name: 'system:node:n1', groups: ['system:authenticated'] };
    expect(authorizer.authorize(ask('get', 'secrets', { name: 'mine', user: pretender })).decision).toBe('noOpinion');
  });

  it('forgets what a pod needed when the last such pod is gone', () => {
    const changing = new NodeGraph();
    const reads = () => changing.connects('n1', 'secret', 'default', 's');
    changing.setPod(podOn('n1', 'a', secretVolume('s')));
    changing.setPod(podOn('n1', 'b', secretVolume('s')));
    changing.setPod(podOn('n1', 'b', secretVolume('s')));
    changing.deletePod('default', 'a');
    expect(reads()).toBe(true);
    changing.deletePod('default', 'b');
    expect(reads()).toBe(false);
  });

  it('forgets the secrets of a volume with the volume, and its node with an attachment', () => {
    const changing = new NodeGraph();
    changing.setPod(podOn('n1', 'db', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }));
    const reads = (secret: string) => changing.connects('n1', 'secret', 'default', secret);
    changing.setVolume(volumeOf('pv', 'data', { nodeStageSecretRef: { name: 'a' } }));
    expect([reads('a'), reads('b')]).toEqual([true, false]);
    changing.setVolume(volumeOf('pv', 'data', { nodeStageSecretRef: { name: 'b' } }));
    expect([reads('a'), reads('b')]).toEqual([false, true]);
    changing.deleteVolume('pv');
    expect([reads('a'), reads('b')]).toEqual([false, false]);
    changing.setAttachment({ metadata: { name: 'at' }, spec: { attacher: 'a', source: {}, nodeName: 'n1' } });
    changing.deleteAttachment('at');
    expect(changing.connects('n1', 'volumeattachment', '', 'at')).toBe(false);
  });
});
