import { flowSchema } from '@coracle/api/flowcontrol/v1/flowschema';
import { priorityLevelConfiguration } from '@coracle/api/flowcontrol/v1/prioritylevelconfiguration';
import type { FlowSchema, PriorityLevelConfiguration } from '@coracle/api/types/flowcontrol/v1';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Store } from '../../storage/store.ts';
import { eventually } from '../../testing/expectations.ts';
import { ownStore } from '../../testing/own-store.ts';
import { startApiServer, type TestServer } from '../../testing.ts';
import { FlowSchemaStatus } from './flow-schema-status.ts';

let store: Store;
let servers: { server: TestServer; status: FlowSchemaStatus }[];
/** Of all servers, by hand. */
let time: number;
let timers: { at: number; callback: () => void }[];

const clock = {
  now: () => time,
  after(milliseconds: number, callback: () => void) {
    const timer = { at: time + milliseconds, callback };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), 1);
  },
};

async function another(): Promise<TestServer> {
  const server = await startApiServer({ store });
  const status = new FlowSchemaStatus(server.registry, { warn: () => undefined }, clock);
  await status.start();
  servers.push({ server, status });
  return server;
}

beforeEach(async () => {
  store = await ownStore();
  servers = [];
  time = 0;
  timers = [];
});
afterEach(async () => {
  for (const { server, status } of servers) {
    await status.stop();
    await server.close();
  }
  await store.close();
});

const level: PriorityLevelConfiguration = {
  metadata: { name: 'l' },
  spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
};
const schema: FlowSchema = { metadata: { name: 's' }, spec: { priorityLevelConfiguration: { name: 'l' } } };

const found = {
  type: 'Dangling',
  status: 'False',
  reason: 'Found',
  message: 'This FlowSchema references the PriorityLevelConfiguration object named "l" and it exists',
};
const missing = {
  type: 'Dangling',
  status: 'True',
  reason: 'NotFound',
  message: 'This FlowSchema references the PriorityLevelConfiguration object named "l" but there is no such object',
};

describe('the condition Dangling', () => {
  it('says whether the level is there, as that comes and goes', async () => {
    const { registry } = await another();
    const conditions = async () => (await registry.get(flowSchema, 's'))?.status?.conditions;
    const says = (reason: string) => eventually(async () => (await conditions())?.[0]?.reason === reason);
    await registry.create(flowSchema, schema);
    await says('NotFound');
    expect(await conditions()).toEqual([{ ...missing, lastTransitionTime: expect.any(String) }]);
    await registry.create(priorityLevelConfiguration, level);
    await says('Found');
    expect(await conditions()).toEqual([{ ...found, lastTransitionTime: expect.any(String) }]);
    await registry.delete(priorityLevelConfiguration, 'l');
    await says('NotFound');
    const { metadata } = (await registry.get(flowSchema, 's'))!;
    expect(metadata.generation).toBe(1);
    expect(metadata.managedFields).toContainEqual(
      expect.objectContaining({
        manager: 'api-priority-and-fairness-config-consumer-v1',
        operation: 'Apply',
        subresource: 'status',
      }),
    );
  });

  it('is put right where somebody else wrote it, and keeps the other conditions', async () => {
    const { registry } = await another();
    await registry.create(priorityLevelConfiguration, level);
    await registry.create(flowSchema, schema);
    const conditions = async () => (await registry.get(flowSchema, 's'))?.status?.conditions ?? [];
    const isFound = (all: object[]) => all.some((each) => 'reason' in each && each.reason === 'Found');
    await eventually(async () => isFound(await conditions()));
    const other = { type: 'Mine', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' };
    const write = { ...missing, lastTransitionTime: '2026-01-01T00:00:00Z' };
    const status = { conditions: [write, other] };
    await registry.update(flowSchema, 's', undefined, (it) => ({ ...it, status }), { subresource: 'status' });
    await eventually(async () => isFound(await conditions()));
    expect(await conditions()).toEqual(expect.arrayContaining([expect.objectContaining(found), other]));
  });

  it('is said by one of several servers', async () => {
    const one = await another();
    const two = await another();
    await one.registry.create(priorityLevelConfiguration, level);
    await one.registry.create(flowSchema, schema);
    await eventually(async () => (await two.registry.get(flowSchema, 's'))?.status?.conditions !== undefined);
    for (const { server, status } of servers) {
      await server.registry.fresh();
      await status.stop();
    }
    const revision = await store.revision();
    for (const { server } of servers) {
      const again = new FlowSchemaStatus(server.registry, { warn: () => undefined }, clock);
      await again.start();
      await new Promise(setImmediate);
      await again.stop();
    }
    expect(await store.revision()).toBe(revision);
  });

  it('is written six times a minute at most where others write something else', async () => {
    const { registry } = await another();
    await registry.create(priorityLevelConfiguration, level);
    await registry.create(flowSchema, schema);
    const says = async (reason: string) =>
      (await registry.get(flowSchema, 's'))?.status?.conditions?.[0]?.reason === reason;
    await eventually(() => says('Found'));
    const overwrite = () =>
      registry.update(
        flowSchema,
        's',
        undefined,
        (it) => ({ ...it, status: { conditions: [{ ...missing, lastTransitionTime: '2026-01-01T00:00:00Z' }] } }),
        { subresource: 'status' },
      );
    for (let turn = 1; turn < 6; turn++) {
      await overwrite();
      await eventually(() => says('Found'));
    }
    await overwrite();
    await eventually(async () => timers.length > 0);
    expect(await says('NotFound')).toBe(true);
    time += 60_000;
    timers.shift()!.callback();
    await eventually(() => says('Found'));
  });
});
