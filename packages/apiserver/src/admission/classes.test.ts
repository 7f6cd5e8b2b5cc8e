import { pod } from '@coracle/api/core/v1/pod';
import { runtimeClass as runtimeClassKind } from '@coracle/api/node/v1/runtimeclass';
import { priorityClass } from '@coracle/api/scheduling/v1/priorityclass';
import type { Pod } from '@coracle/api/types/core/v1';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiServer, type TestServer } from '../testing.ts';
import { priority } from './priority.ts';
import { runtimeClass } from './runtime-class.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startApiServer({ plugins: [priority, runtimeClass] });
});
afterAll(() => server.close());

const web = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'x' }], ...spec },
});
const made = (name: string, spec: Partial<Pod['spec']> = {}) => server.client.create(pod, web(name, spec));

describe('priority classes', () => {
  it('of the system are there and stay', async () => {
    const critical = await server.client.get(priorityClass, 'system-node-critical');
    expect(critical).toMatchObject({ value: 2_000_001_000, metadata: { generation: 1 } });
    await expect(server.client.delete(priorityClass, 'system-node-critical')).rejects.toThrow(
      'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
    );
  });

  it.each<[string, object, string]>([
    [
      'system-mine',
      { value: 1 },
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
    ],
    [
      'much',
      { value: 1_000_000_001 },
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ],
    [
      'odd',
      { value: 1, preemptionPolicy: 'Maybe' },
      'preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"',
    ],
  ])('%s is refused', async (name, fields, why) => {
    await expect(server.client.create(priorityClass, { metadata: { name }, ...fields })).rejects.toThrow(why);
  });

  it('give their pods numbers; one of them at most is the default', async () => {
    const { client } = server;
    expect((await made('plain')).spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    const first = await client.create(priorityClass, {
      metadata: { name: 'usual' },
      value: 7,
      globalDefault: true,
      preemptionPolicy: 'Never',
    });
    expect((await made('usual')).spec).toMatchObject({
      priorityClassName: 'usual',
      priority: 7,
      preemptionPolicy: 'Never',
    });
    await expect(
      client.create(priorityClass, { metadata: { name: 'other' }, value: 8, globalDefault: true }),
    ).rejects.toThrow('PriorityClass usual is already marked as default. Only one default can exist');
    await expect(client.update(priorityClass, { ...first, value: 9 })).rejects.toThrow(
      'value: Forbidden: may not be changed in an update.',
    );
    const told = await client.update(priorityClass, { ...first, description: 'what pods get' });
    expect(told.metadata.generation).toBe(1);
    await expect(made('chosen', { priority: 3 })).rejects.toThrow('computed 7 from the given PriorityClass name');
  });
});

describe('runtime classes', () => {
  const gpu = { key: 'gpu', operator: 'Exists' } as const;

  it('say what pods cost beyond their containers, and where they run', async () => {
    const { client } = server;
    await client.create(runtimeClassKind, {
      metadata: { name: 'kata' },
      handler: 'kata',
      overhead: { podFixed: { cpu: '250m' } },
      scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [gpu] },
    });
    const narrow = { key: 'gpu', operator: 'Equal', value: 'a', effect: 'NoSchedule' };
    const { spec } = await made('kata', { runtimeClassName: 'kata', tolerations: [narrow] });
    expect(spec).toMatchObject({ overhead: { cpu: '250m' }, nodeSelector: { vm: 'yes' }, tolerations: [gpu] });
    await expect(made('k2', { runtimeClassName: 'kata', nodeSelector: { vm: 'no' } })).rejects.toThrow(
      'conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no',
    );
    await expect(made('k3', { runtimeClassName: 'kata', overhead: { cpu: '1' } })).rejects.toThrow(
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    );
  });

  it('must be there, and have names of handlers that stay', async () => {
    const { client } = server;
    await expect(made('none', { runtimeClassName: 'none' })).rejects.toThrow(
      'pods "none" is forbidden: pod rejected: RuntimeClass "none" not found',
    );
    await expect(made('free', { overhead: { cpu: '1' } })).rejects.toThrow(
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
    const first = await client.create(runtimeClassKind, { metadata: { name: 'runc' }, handler: 'runc' });
    await expect(client.update(runtimeClassKind, { ...first, handler: 'crun' })).rejects.toThrow(
      'handler: Invalid value: "crun": field is immutable',
    );
    await expect(client.create(runtimeClassKind, { metadata: { name: 'x' }, handler: 'A_b' })).rejects.toThrow(
      'handler: Invalid value: "A_b": a lowercase RFC 1123 label must consist of',
    );
  });
});
