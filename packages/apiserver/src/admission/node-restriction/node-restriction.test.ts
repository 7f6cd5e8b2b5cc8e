import { certificateSigningRequest } from '@coracle/api/certificates/v1/certificatesigningrequest';
import { lease } from '@coracle/api/coordination/v1/lease';
import { node } from '@coracle/api/core/v1/node';
import { pod } from '@coracle/api/core/v1/pod';
import { serviceAccount } from '@coracle/api/core/v1/serviceaccount';
import type { KubeObject } from '@coracle/api/kind';
import type { Pod } from '@coracle/api/types/core/v1';
import { makeRequest } from '@coracle/process/pki';
import { describe, expect, it } from '@jest/globals';
import { type Admission, admit, n1 } from '../../testing/admitting.ts';

describe('NodeRestriction', () => {
  const mirror = (change: Partial<Pod['metadata']> = {}, spec: Partial<Pod['spec']> = {}): Pod => ({
    metadata: {
      name: 'static-n1',
      namespace: 'default',
      annotations: { 'kubernetes.io/config.mirror': 'x' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'n1-uid', controller: true }],
      ...change,
    },
    spec: { nodeName: 'n1', containers: [], ...spec },
  });
  const nodeObject = (name: string, labels?: Record<string, string>, taints?: { key: string; effect: string }[]) => ({
    metadata: { name, ...(labels ? { labels } : {}) },
    spec: { ...(taints ? { taints } : {}) },
  });
  const bound = (nodeName: string, labels = {}) => ({
    metadata: { name: 'p', namespace: 'default', labels },
    spec: { nodeName, containers: [] },
  });
  const ref = { apiVersion: 'v1', kind: 'Pod', name: 'there', uid: 'u' };
  const token = (boundObjectRef?: object) => ({
    metadata: { name: 'robot', namespace: 'default' },
    spec: { audiences: [], boundObjectRef },
  });
  const inLeases = (name: string) => ({ metadata: { name, namespace: 'kube-node-lease' } });

  it.each<[string, Admission, string | undefined]>([
    ['a mirror pod', { kind: pod, object: mirror() }, undefined],
    [
      'a pod',
      { kind: pod, object: mirror({ annotations: {} }) },
      'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    ],
    [
      'a mirror pod elsewhere',
      { kind: pod, object: mirror({}, { nodeName: 'n2' }) },
      'node "n1" can only create pods with spec.nodeName set to itself',
    ],
    [
      'a mirror pod of nobody',
      { kind: pod, object: mirror({ ownerReferences: [] }) },
      'node "n1" can only create pods with an owner reference set to itself',
    ],
    [
      'a mirror pod of an earlier node',
      { kind: pod, object: mirror({ ownerReferences: [{ ...mirror().metadata.ownerReferences![0]!, uid: 'old' }] }) },
      'node n1 UID mismatch: expected old got n1-uid',
    ],
    [
      'a mirror pod with a secret',
      { kind: pod, object: mirror({}, { volumes: [{ name: 'v', secret: { secretName: 's' } }] }) },
      'a mirror pod may not reference secrets',
    ],
    [
      'its own node',
      { kind: node, object: nodeObject('n1', { 'kubernetes.io/hostname': 'n1', team: 'a' }) },
      undefined,
    ],
    [
      'a mirror pod with a driver',
      { kind: pod, object: mirror({}, { volumes: [{ name: 'v', csi: { driver: 'd' } }] }) },
      'node "n1" can not create pods that reference csidrivers (via CSI volumes)',
    ],
    [
      'a mirror pod with settings',
      { kind: pod, object: mirror({}, { volumes: [{ name: 'v', configMap: { name: 'm' } }] }) },
      'node "n1" can not create pods that reference configmaps',
    ],
    [
      'a mirror pod with a claim to come',
      {
        kind: pod,
        object: mirror({}, { resourceClaims: [{ name: 'r', resourceClaimTemplateName: 't' }] }),
      },
      'node "n1" can not create pods that reference resourceclaims',
    ],
    ['another node', { kind: node, object: nodeObject('n2') }, 'node "n1" is not allowed to modify node "n2"'],
    [
      'a protected label',
      { kind: node, object: nodeObject('n1', { 'node-restriction.kubernetes.io/x': 'y', 'k8s.io/z': '' }) },
      'node "n1" is not allowed to set the following labels: k8s.io/z, node-restriction.kubernetes.io/x',
    ],
    [
      'its role',
      {
        kind: node,
        operation: 'UPDATE',
        old: nodeObject('n1'),
        object: nodeObject('n1', { 'node-role.kubernetes.io/control-plane': '' }),
      },
      'is not allowed to modify labels: node-role.kubernetes.io/control-plane',
    ],
    [
      'its taints',
      {
        kind: node,
        operation: 'UPDATE',
        old: nodeObject('n1', {}, [{ key: 'a', effect: 'NoSchedule' }]),
        object: nodeObject('n1'),
      },
      'node "n1" is not allowed to modify taints',
    ],
    [
      'its taints, before its labels',
      {
        kind: node,
        operation: 'UPDATE',
        old: nodeObject('n1', {}, [{ key: 'a', effect: 'NoSchedule' }]),
        object: nodeObject('n1', { 'node-role.kubernetes.io/control-plane': '' }),
      },
      'node "n1" is not allowed to modify taints',
    ],
    [
      'another status of pods',
      { kind: pod, operation: 'CREATE', subresource: 'status', object: bound('n1') },
      'unexpected operation "CREATE"',
    ],
    [
      'status of its pod',
      { kind: pod, operation: 'UPDATE', subresource: 'status', old: bound('n1'), object: bound('n1') },
      undefined,
    ],
    [
      'status of a pod elsewhere',
      { kind: pod, operation: 'UPDATE', subresource: 'status', old: bound('n2'), object: bound('n2') },
      'node "n1" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      'labels through status',
      { kind: pod, operation: 'UPDATE', subresource: 'status', old: bound('n1'), object: bound('n1', { a: 'b' }) },
      'node "n1" cannot update labels through pod status',
    ],
    [
      'the spec of its pod',
      { kind: pod, operation: 'UPDATE', old: bound('n1'), object: bound('n1') },
      'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods',
    ],
    ['the end of its pod', { kind: pod, operation: 'DELETE', old: bound('n1') }, undefined],
    [
      'the end of a pod elsewhere',
      { kind: pod, operation: 'DELETE', old: bound('n2') },
      'node "n1" can only delete pods with spec.nodeName set to itself',
    ],
    [
      'a token for nobody',
      { kind: serviceAccount, subresource: 'token', object: token() },
      'node requested token not bound to a pod',
    ],
    [
      'a token for a pod elsewhere',
      { kind: serviceAccount, subresource: 'token', object: token(ref) },
      'node requested token bound to a pod scheduled on a different node',
    ],
    [
      'a token for a later pod',
      { kind: serviceAccount, subresource: 'token', object: token({ ...ref, uid: 'v' }) },
      'the UID in the bound object reference (v) does not match the UID in record. The object might have been deleted and then recreated',
    ],
    ['its lease', { kind: lease, object: inLeases('n1') }, undefined],
    [
      'the lease of another',
      { kind: lease, object: inLeases('n2') },
      'can only access node lease with the same name as the requesting node',
    ],
  ])('judges %s', async (_, written, why) => {
    const outcome = admit({ user: n1, ...written });
    if (why === undefined) await outcome;
    else await expect(outcome).rejects.toThrow(`is forbidden: ${why}`);
  });

  it('leaves others alone', async () => {
    await admit({ kind: node, object: nodeObject('n2', { 'node-restriction.kubernetes.io/x': 'y' }) });
  });

  it('lets nodes ask for certificates in their own name only', async () => {
    const asking = async (commonName: string) => {
      const { request } = await makeRequest({ commonName, organizations: ['system:nodes'] });
      const spec = { request: Buffer.from(request).toString('base64'), signerName: 'kubernetes.io/kubelet-serving' };
      return admit({
        kind: certificateSigningRequest,
        user: n1,
        object: { metadata: { name: 'c' }, spec } as KubeObject,
      });
    };
    await asking('system:node:n1');
    await expect(asking('system:node:n2')).rejects.toThrow('can only create a node CSR with CN=system:node:n1');
  });
});
