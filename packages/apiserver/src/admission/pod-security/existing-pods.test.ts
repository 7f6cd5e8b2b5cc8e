import { namespace } from '@coracle/api/core/v1/namespace';
import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import type { ObjectAccess } from '../../registry/access.ts';
import { attributesOf, type Write } from '../../registry/admission.ts';
import { warningsOfExistingPods } from './existing-pods.ts';

const baseline = { level: 'baseline', minor: Number.POSITIVE_INFINITY } as const;

function pod(name: string, more: Partial<Pod['spec']> = {}, uid?: string): Pod {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: uid ?? '', controller: true };
  return {
    metadata: { name, ...(uid === undefined ? {} : { ownerReferences: [owner] }) },
    spec: { containers: [{ name: 'a' }], hostNetwork: true, ...more },
  };
}

function warnings(pods: Pod[], deadline?: number): Promise<string[]> {
  const objects = { cachedList: () => pods } as unknown as ObjectAccess;
  const write = { subresource: '', ...(deadline === undefined ? {} : { deadline }) } as Write;
  const place = { name: 'shop', namespace: '' };
  const attributes = attributesOf(write, objects, namespace, 'UPDATE', undefined, undefined, place);
  return warningsOfExistingPods(attributes, baseline, ({ spec }) => spec.runtimeClassName === 'kata');
}

const heading = 'existing pods in namespace "shop" violate the new PodSecurity enforce level "baseline:latest"';
const only = (checked: number, all: number) =>
  `new PodSecurity enforce level only checked against the first ${checked} of ${all} existing pods`;

describe('the pods of a namespace that is to enforce a standard', () => {
  it('are looked at up to 3000, one of each controller first', async () => {
    const replicas = Array.from({ length: 3001 }, (_, i) => pod(`p${i}`, {}, 'first'));
    const others = [
      pod('x', { volumes: [{ name: 'v', hostPath: { path: '/' } }] }, 'second'),
      pod('exempt', { runtimeClassName: 'kata' }),
    ];
    expect(await warnings([...replicas, ...others])).toEqual([
      only(3000, 3002),
      heading,
      'p0 (and 2998 other pods): host namespaces',
      'x: host namespaces, hostPath volumes',
    ]);
  });

  it('are looked at for as long as the request has time', async () => {
    expect(await warnings([pod('a'), pod('b')], Date.now() - 1)).toEqual([only(1, 2), heading, 'a: host namespaces']);
    expect(await warnings([])).toEqual([]);
  });
});
