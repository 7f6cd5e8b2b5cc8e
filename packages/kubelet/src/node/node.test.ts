import type { Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { admissionProblem } from './admission.ts';
import { nodeResources, thresholdOf } from './capacity.ts';
import { nodeConditions } from './conditions.ts';
import { nodeImages } from './node-object.ts';
import { SteadyPressure } from './pressure.ts';

const calm = { memory: false, disk: false, pid: false };

describe('what a node can give', () => {
  const machine = {
    cpus: 4,
    memory: 8 * 2 ** 30,
    swap: 0,
    hugepages: { 'hugepages-2Mi': 2 ** 30 },
    machineId: '',
    systemUuid: '',
    bootId: '',
    kernel: '',
    osImage: '',
    architecture: 'amd64',
  };
  const disk = { capacity: 100 * 2 ** 30, available: 0, inodes: 0, inodesFree: 0 };
  const config = {
    maxPods: 110,
    systemReserved: { cpu: '500m' },
    kubeReserved: { memory: '1Gi' },
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%' },
  };

  it('is what it has less what is reserved', () => {
    const { capacity, allocatable } = nodeResources(machine, disk, config);
    expect(capacity).toEqual({
      cpu: '4',
      memory: '8388608Ki',
      'ephemeral-storage': '104857600Ki',
      'hugepages-2Mi': '1Gi',
      pods: '110',
    });
    expect(allocatable).toEqual({
      cpu: '3500m',
      memory: `${8388608 - 1048576 - 1048576 - 102400}Ki`,
      'ephemeral-storage': String(90 * 2 ** 30),
      'hugepages-2Mi': '1Gi',
      pods: '110',
    });
  });

  it.each([
    ['10%', 100],
    ['1Ki', 1024],
    [undefined, 0],
  ])('a threshold of %s of 1000 is %d', (text, expected) => {
    expect(thresholdOf(text, 1000)).toBe(expected);
  });
});

describe('the conditions of a node', () => {
  it('tell of every change, and keep their time otherwise', () => {
    const first = nodeConditions([], calm, [], 't1');
    expect(first.changes.map((each) => each.reason)).toEqual([
      'NodeHasSufficientMemory',
      'NodeHasNoDiskPressure',
      'NodeHasSufficientPID',
      'NodeReady',
    ]);
    const other = { type: 'NetworkUnavailable', status: 'False' };
    const second = nodeConditions(
      [...first.conditions, other],
      { ...calm, disk: true },
      ['container runtime is down', 'PLEG is not healthy'],
      't2',
    );
    expect(second.changes.map((each) => each.reason)).toEqual(['NodeHasDiskPressure', 'NodeNotReady']);
    const found = Object.fromEntries(second.conditions.map((each) => [each.type, each]));
    expect(found['MemoryPressure']).toMatchObject({ lastTransitionTime: 't1', lastHeartbeatTime: 't2' });
    expect(found['DiskPressure']).toMatchObject({ status: 'True', lastTransitionTime: 't2' });
    expect(found['Ready']).toMatchObject({
      status: 'False',
      message: '[container runtime is down, PLEG is not healthy]',
    });
    expect(found['NetworkUnavailable']).toEqual(other);
  });
});

describe('pressure', () => {
  it('is held for a while after it was seen', () => {
    let now = 0;
    const steady = new SteadyPressure(300_000, () => now);
    expect(steady.observe({ ...calm, memory: true }).memory).toBe(true);
    now = 299_000;
    expect(steady.observe(calm).memory).toBe(true);
    now = 301_000;
    expect(steady.observe(calm).memory).toBe(false);
  });
});

describe('the images of a node', () => {
  const image = (name: string, size: bigint, tags = [name]) => ({
    id: name,
    repoTags: tags,
    repoDigests: [],
    size,
    username: '',
    pinned: false,
    spec: undefined,
    uid: undefined,
  });

  it('are the largest, with a few names', () => {
    const many = image('m', 5n, ['1', '2', '3', '4', '5', '6']);
    expect(nodeImages([image('a', 1n), image('b', 9n), many, image('none', 99n, [])], 2)).toEqual([
      { names: ['b'], sizeBytes: 9 },
      { names: ['1', '2', '3', '4', '5'], sizeBytes: 5 },
    ]);
  });
});

describe('admission', () => {
  const pod = (spec: Partial<Pod['spec']> = {}, name = 'p'): Pod => ({
    metadata: { name, uid: name },
    spec: { containers: [{ name: 'c' }], ...spec },
  });
  const requesting = (cpu: string, name?: string): Pod =>
    pod({ containers: [{ name: 'c', resources: { requests: { cpu } } }] }, name);
  const facts = {
    allocatable: { cpu: '2', memory: '1Gi', pods: '3' },
    node: { metadata: { name: 'n', labels: { zone: 'a' } } },
    others: [requesting('1500m', 'other')],
    allowedUnsafeSysctls: ['net.core.*'],
  };
  const sysctl = (name: string): Pod => pod({ securityContext: { sysctls: [{ name, value: '1' }] } });
  const port = (hostIP?: string): Pod =>
    pod({ containers: [{ name: 'c', ports: [{ containerPort: 1, hostPort: 80, hostIP }] }] });

  it.each<[string, Pod, string | undefined]>([
    ['what fits', requesting('500m'), undefined],
    [
      'too much',
      requesting('501m'),
      "OutOfcpu: Node didn't have enough resource: cpu, requested: 501, used: 1500, capacity: 2000",
    ],
    [
      'what the node does not have',
      pod({ containers: [{ name: 'c', resources: { requests: { 'example.com/gpu': '1' } } }] }),
      "OutOfexample.com/gpu: Node didn't have enough resource: example.com/gpu, requested: 1, used: 0, capacity: 0",
    ],
    [
      'another zone',
      pod({ nodeSelector: { zone: 'b' } }),
      "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ],
    ['a safe sysctl', sysctl('net.ipv4.tcp_syncookies'), undefined],
    ['an allowed sysctl', sysctl('net/core/somaxconn'), undefined],
    [
      'a forbidden sysctl',
      sysctl('kernel.msgmax'),
      'SysctlForbidden: forbidden sysctl: "kernel.msgmax" not allowlisted',
    ],
    [
      'Windows',
      pod({ os: { name: 'windows' } }),
      "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS",
    ],
  ])('judges %s', (_, wanted, expected) => {
    const problem = admissionProblem(wanted, facts);
    expect(problem && `${problem.reason}: ${problem.message}`).toBe(expected);
  });

  it('knows taken ports and a full node', () => {
    expect(admissionProblem(port(), { ...facts, others: [port('192.0.2.1')] })?.reason).toBe('NodePorts');
    expect(admissionProblem(port('192.0.2.2'), { ...facts, others: [port('192.0.2.1')] })).toBeUndefined();
    expect(admissionProblem(pod(), { ...facts, others: [pod(), pod(), pod()] })?.message).toBe(
      "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
    );
  });
});
