import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { fieldRef, resourceFieldRef } from './field-ref.ts';

const pod: Pod = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'u-1',
    labels: { app: 'web', tier: 'a "b"\n' },
    annotations: { note: 'x' },
  },
  spec: { containers: [], serviceAccountName: 'robot' },
};
const facts = {
  nodeName: 'node-1',
  hostIPs: ['192.0.2.1', '2001:db8::1'],
  podIPs: ['10.0.0.5'],
  allocatable: { cpu: '4', memory: '8Gi' },
};

describe('fieldRef', () => {
  it.each([
    ['metadata.name', 'web'],
    ['metadata.namespace', 'shop'],
    ['metadata.uid', 'u-1'],
    ['metadata.labels', 'app="web"\ntier="a \\"b\\"\\n"'],
    ["metadata.labels['app']", 'web'],
    ["metadata.annotations['note']", 'x'],
    ["metadata.annotations['other']", ''],
    ['spec.nodeName', 'node-1'],
    ['spec.serviceAccountName', 'robot'],
    ['status.hostIP', '192.0.2.1'],
    ['status.hostIPs', '192.0.2.1,2001:db8::1'],
    ['status.podIP', '10.0.0.5'],
  ])('%s is %j', (fieldPath, expected) => {
    expect(fieldRef({ fieldPath }, pod, facts)).toBe(expected);
  });

  it('refuses other paths', () => {
    expect(() => fieldRef({ fieldPath: 'spec.secret' }, pod, facts)).toThrow('unsupported fieldPath: spec.secret');
  });
});

describe('resourceFieldRef', () => {
  const container = { name: 'c', resources: { limits: { cpu: '1500m' }, requests: { memory: '100M' } } };

  it.each([
    ['limits.cpu', undefined, '2'],
    ['limits.cpu', '1m', '1500'],
    ['limits.cpu', '0', '2'],
    ['requests.memory', '1Mi', '96'],
    ['requests.cpu', '1m', '0'],
    ['limits.memory', '1Gi', '8'],
  ])('%s by %s is %s', (resource, divisor, expected) => {
    expect(resourceFieldRef({ resource, divisor }, container, facts)).toBe(expected);
  });

  it('refuses other resources', () => {
    expect(() => resourceFieldRef({ resource: 'limits.magic' }, container, facts)).toThrow(
      'unsupported container resource',
    );
  });
});
