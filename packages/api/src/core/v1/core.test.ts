import { describe, expect, it } from '@jest/globals';
import type { Kind, KubeObject } from '../../kind.ts';
import { clone } from '../../meta/object.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../../validate.ts';
import { configMap } from './configmap.ts';
import { endpoints } from './endpoints.ts';
import { namespace } from './namespace.ts';
import { node } from './node.ts';
import { secret } from './secret.ts';
import { serviceAccount } from './serviceaccount.ts';

const shown = (errors: { field: string; message: string }[]) => errors.map((each) => `${each.field}: ${each.message}`);

function made<T extends KubeObject>(kind: Kind<T>, fields: object): T {
  const metadata = kind.namespaced ? { name: 'a', namespace: 'default' } : { name: 'a' };
  const it = { metadata, ...fields } as unknown as T;
  kind.defaults?.(it);
  return it;
}
const refused = <T extends KubeObject>(kind: Kind<T>, fields: object) =>
  shown(validateCreate(kind, made(kind, fields)));

it('a config map has a key once', () => {
  expect(refused(configMap, { data: { a: '' }, binaryData: { a: '' } })).toEqual([
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    'binaryData[a]: Invalid value: "a": duplicate of key present in data',
  ]);
});

it.each<[string, Record<string, string>, string[]]>([
  ['kubernetes.io/ssh-auth', { 'ssh-privatekey': '' }, ['data[ssh-privatekey]: Required value']],
  ['kubernetes.io/tls', { 'tls.crt': '' }, ['data[tls.key]: Required value']],
  [
    'kubernetes.io/dockerconfigjson',
    { '.dockerconfigjson': 'x' },
    [
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character \'x\' looking for beginning of value',
    ],
  ],
  [
    'kubernetes.io/dockercfg',
    { '.dockercfg': '[]' },
    [
      'data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
  ],
  ['kubernetes.io/basic-auth', {}, ['data[username]: Required value', 'data[password]: Required value']],
])('a secret of type %s with %j is checked', (type, stringData, errors) => {
  expect(refused(secret, { type, stringData })).toEqual(errors);
});

describe('a node', () => {
  it('has taints, ranges and amounts that can be', () => {
    const taint = { key: 'a', value: 'x', effect: 'NoSchedule' };
    const fields = {
      spec: { taints: [taint, taint, { key: 'b', effect: 'Never' }], podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] },
      status: { capacity: { cpu: '-1', pods: '1500m' }, allocatable: {} },
    };
    expect(refused(node, fields)).toEqual([
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"x","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
      'metadata.taints[2].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'status.capacity[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'status.capacity[pods]: Invalid value: "1500m": must be an integer',
      'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
    ]);
  });

  it('has its first range in two places, and can give out all it has', () => {
    expect(made(node, { spec: { podCIDR: '10.0.0.0/24' } }).spec.podCIDRs).toEqual(['10.0.0.0/24']);
    expect(made(node, { spec: { podCIDRs: ['10.0.0.0/24'] } }).spec.podCIDR).toBe('10.0.0.0/24');
    expect(made(node, { status: { capacity: { cpu: '1' } } }).status!.allocatable).toEqual({ cpu: '1' });
  });

  it('reports each address once', () => {
    const old = made(node, { spec: {}, status: {} });
    const now = clone(old);
    now.status!.addresses = [1, 2].map(() => ({ type: 'InternalIP', address: '10.0.0.1' }));
    expect(shown(validateStatusUpdate(node, now, old))).toEqual([
      'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
    ]);
  });
});

describe('a namespace', () => {
  it('has finalizers with domains', () => {
    expect(refused(namespace, { spec: { finalizers: ['mine', 'kubernetes', 'a.b/c'] } })).toEqual([
      'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ]);
  });

  it('is terminating when it is being deleted, and only then', () => {
    const old = made(namespace, { status: { phase: 'Active' } });
    const now = { ...clone(old), status: { phase: 'Terminating' } };
    expect(shown(validateStatusUpdate(namespace, now, old))).toEqual([
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ]);
    for (const each of [old, now]) each.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(shown(validateStatusUpdate(namespace, now, old))).toEqual([]);
  });
});

it('endpoints are addresses with ports, of nodes that can be', () => {
  const subsets = [{ ports: [{ port: 0, appProtocol: '-' }] }, { addresses: [{ ip: '10.0.0.1', nodeName: '-' }] }];
  expect(refused(endpoints, { subsets }).map((each) => each.replace(/(RFC|part) .*/, '$1'))).toEqual([
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
    'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'subsets[0].ports[0].appProtocol: Invalid value: "-": name part',
    'subsets[1].addresses[0].nodeName: Invalid value: "-": a lowercase RFC',
  ]);
  const old = made(endpoints, { subsets: [] });
  expect(validateUpdate(endpoints, old, old)).toEqual([]);
});

it('endpoints warn of addresses that are not in their one form, but for those of their controller', () => {
  const of = (labels: Record<string, string>) => ({
    metadata: { labels },
    subsets: [{ addresses: [{ ip: 'FD00::1' }], notReadyAddresses: [{ ip: '10.0.0.1' }, { ip: 'fd00:0::2' }] }],
  });
  expect(endpoints.warnings!(of({}), undefined, '')).toEqual([
    'subsets[0].addresses[0].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
    'subsets[0].notReadyAddresses[1].ip: IPv6 address "fd00:0::2" should be in RFC 5952 canonical format ("fd00::2")',
  ]);
  const labels = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
  expect(endpoints.warnings!(of(labels), undefined, '')).toEqual([]);
});

it('who writes a node is warned of fields that mean nothing any more, and of ranges in another form than the one', () => {
  const it = { metadata: { name: 'a' }, spec: { configSource: {}, externalID: 'x', podCIDRs: ['FD00::/64'] } } as never;
  expect(node.warnings!(it, undefined, '')).toEqual([
    'spec.configSource: the feature is removed',
    'spec.externalID: this field is deprecated, and is unused by Kubernetes',
    'spec.podCIDRs[0]: IPv6 CIDR value "FD00::/64" should be in RFC 5952 canonical format ("fd00::/64")',
  ]);
  expect(node.warnings!(it, it, 'status')).toEqual([]);
});

it('who says of an account that its pods may use the secrets it lists alone is warned once', () => {
  const said = { metadata: { name: 'a', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } } };
  expect(serviceAccount.warnings!(said, { metadata: { name: 'a' } }, '')).toEqual([
    'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets',
  ]);
  expect(serviceAccount.warnings!(said, said, '')).toEqual([]);
  expect(serviceAccount.warnings!({ metadata: { name: 'a' } }, undefined, '')).toEqual([]);
});
