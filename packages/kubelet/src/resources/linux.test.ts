import type { Container, Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import {
  containerResources,
  hugepageSize,
  milliCpuToQuota,
  milliCpuToShares,
  oomScoreAdj,
  sharesToWeight,
} from './linux.ts';
import { podAmounts } from './pod-resources.ts';

const container = (name: string, requests?: Record<string, string>, limits?: Record<string, string>): Container => ({
  name,
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
});
const pod = (...containers: Container[]): Pod => ({ metadata: {}, spec: { containers } });
const gibibyte = 2 ** 30;

describe('CPU', () => {
  it.each([
    [0, 2],
    [1, 2],
    [2, 2],
    [100, 102],
    [1000, 1024],
    [1_000_000, 262_144],
  ])('%d m is %d shares', (milli, shares) => {
    expect(milliCpuToShares(milli)).toBe(shares);
  });
  it.each([
    [0, 0],
    [5, 1000],
    [10, 1000],
    [250, 25_000],
    [2000, 200_000],
  ])('%d m is a quota of %d µs', (milli, quota) => {
    expect(milliCpuToQuota(milli)).toBe(quota);
  });
  it.each([
    [2, 1],
    [102, 17],
    [1024, 100],
    [262_144, 10_000],
  ])('%d shares weigh %d', (shares, weight) => {
    expect(sharesToWeight(shares)).toBe(weight);
  });
});

describe('oom_score_adj', () => {
  const memory = 8 * gibibyte;

  it('kills best effort first and guaranteed last', () => {
    expect(oomScoreAdj(pod(container('a')), container('a'), memory)).toBe(1000);
    const amounts = { cpu: '1', memory: '1Gi' };
    const guaranteed = container('a', amounts, amounts);
    expect(oomScoreAdj(pod(guaranteed), guaranteed, memory)).toBe(-997);
    const critical = pod(container('a'));
    critical.spec.priority = 2_000_001_000;
    expect(oomScoreAdj(critical, container('a'), memory)).toBe(-997);
  });

  it.each([
    ['4Gi', 500],
    ['1Mi', 999],
    ['8Gi', 3],
  ])('of a burstable container that asks for %s is %d', (request, score) => {
    const burstable = container('a', { memory: request });
    expect(oomScoreAdj(pod(burstable), burstable, memory)).toBe(score);
  });
});

describe('the resources of a container', () => {
  it('are what CRI takes', () => {
    const it = container('a', { cpu: '100m' }, { cpu: '500m', memory: '64Mi', 'hugepages-2Mi': '4Mi' });
    expect(
      containerResources(pod(it), it, {
        memory: gibibyte,
        cpuQuota: true,
        cpuQuotaPeriod: 100_000,
        unified: true,
        podHugepages: ['hugepages-2Mi', 'hugepages-1Gi'],
      }),
    ).toEqual({
      cpuShares: 102n,
      cpuPeriod: 100_000n,
      cpuQuota: 50_000n,
      memoryLimitInBytes: 67_108_864n,
      oomScoreAdj: 999n,
      hugepageLimits: [
        { pageSize: '2MB', limit: 4_194_304n },
        { pageSize: '1GB', limit: 0n },
      ],
      unified: { 'memory.oom.group': '1' },
    });
  });

  it('request of CPU is the limit where only that is set', () => {
    const it = container('a', undefined, { cpu: '2' });
    const made = containerResources(pod(it), it, {
      memory: gibibyte,
      cpuQuota: false,
      cpuQuotaPeriod: 100_000,
      unified: false,
      podHugepages: [],
    });
    expect(made).toMatchObject({ cpuShares: 2048n });
    expect(made).not.toHaveProperty('cpuQuota');
  });

  it.each([
    ['hugepages-2Mi', '2MB'],
    ['hugepages-1Gi', '1GB'],
    ['hugepages-64Ki', '64KB'],
  ])('%s are %s', (name, size) => {
    expect(hugepageSize(name)).toBe(size);
  });
});

describe('what a pod asks for', () => {
  it('is the sum of its containers, or the largest of its init containers, with sidecars beside', () => {
    const spec: Pod['spec'] = {
      containers: [container('a', { cpu: '100m' }), container('b', { cpu: '200m', memory: '1Gi' })],
      initContainers: [
        container('i', { cpu: '1' }),
        { ...container('side', { cpu: '50m' }), restartPolicy: 'Always' },
        container('j', { cpu: '400m', memory: '2Gi' }),
      ],
      overhead: { cpu: '10m' },
    };
    expect(podAmounts(spec, 'requests')).toEqual({ cpu: '1010m', memory: '2Gi' });
  });

  it('is what the pod says as a whole, where it does', () => {
    const spec: Pod['spec'] = { containers: [container('a', { cpu: '1' })], resources: { requests: { cpu: '3' } } };
    expect(podAmounts(spec, 'requests')).toEqual({ cpu: '3' });
  });
});
