import { describe, expect, it } from '@jest/globals';
import { callsToOwnServer } from '../testing/own-server.ts';

const call = callsToOwnServer();

const podSpec = { containers: [{ name: 'c', image: 'i' }] };
const given = {
  labels: { a: 'b' },
  annotations: { a: 'b' },
  finalizers: ['example.com/a'],
  ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'o', uid: 'u' }],
};
const all = Object.keys(given);

const template = { metadata: { labels: { a: 'x' } }, spec: podSpec };
const kinds: [path: string, name: string, object: Record<string, unknown>, kept: string[]][] = [
  ['/api/v1/namespaces/default/pods', 'p', { spec: podSpec }, ['ownerReferences']],
  ['/api/v1/nodes', 'n', {}, []],
  [
    '/apis/apps/v1/namespaces/default/deployments',
    'd',
    { spec: { selector: { matchLabels: { a: 'x' } }, template } },
    ['labels'],
  ],
  [
    '/apis/apps/v1/namespaces/default/replicasets',
    'r',
    { spec: { selector: { matchLabels: { a: 'x' } }, template } },
    [],
  ],
  [
    '/apis/batch/v1/namespaces/default/jobs',
    'j',
    { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
    [],
  ],
  [
    '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    'i',
    { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
    [],
  ],
  [
    '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    'f',
    { spec: { priorityLevelConfiguration: { name: 'global-default' }, matchingPrecedence: 9000 } },
    all,
  ],
  [
    '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    'l',
    { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
    all,
  ],
  [
    '/apis/apiregistration.k8s.io/v1/apiservices',
    'v1.example.com',
    {
      spec: {
        group: 'example.com',
        version: 'v1',
        groupPriorityMinimum: 10,
        versionPriority: 10,
        service: { name: 's', namespace: 'default' },
      },
    },
    all,
  ],
  [
    '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
    'v',
    {
      spec: {
        matchConstraints: {
          resourceRules: [
            { operations: ['CREATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['things'] },
          ],
        },
        validations: [{ expression: 'true' }],
      },
    },
    all,
  ],
];

describe('a write of the status', () => {
  it.each(kinds)('changes of the metadata of %s what upstream lets it', async (path, name, object, kept) => {
    const made = await call('POST', path, { ...object, metadata: { name, annotations: { made: 'so' } } });
    expect({ status: made.status, message: made.body.message }).toEqual({ status: 201 });
    const patched = await call(
      'PATCH',
      `${path}/${name}/status`,
      { metadata: given },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect({ status: patched.status, message: patched.body.message }).toEqual({ status: 200 });
    const { metadata } = patched.body;
    for (const [field, value] of Object.entries(given)) {
      if (kept.includes(field)) expect([field, metadata[field]]).toEqual([field, made.body.metadata[field]]);
      else expect(metadata).toMatchObject({ [field]: value });
    }
    // What was kept is nobody's.
    const fields = metadata.managedFields.find(({ subresource }: { subresource?: string }) => subresource === 'status');
    const owned = Object.keys(fields?.fieldsV1['f:metadata'] ?? {}).map((each) => each.slice(2));
    expect(owned.sort()).toEqual(all.filter((field) => !kept.includes(field)).sort());
  });
});
