import { event as eventKind } from '@coracle/api/core/v1/event';
import { pod } from '@coracle/api/core/v1/pod';
import type { Event } from '@coracle/api/types/core/v1';
import { startApiServer } from '@coracle/apiserver/testing';
import { describe, expect, it } from '@jest/globals';
import { EventCorrelator } from './event-correlator.ts';
import { EventRecorder } from './events.ts';

const happened = (message: string, object = 'web', reason = 'Failed'): Event => ({
  metadata: { name: `${object}.1`, namespace: 'default' },
  involvedObject: { kind: 'Pod', namespace: 'default', name: object, uid: object },
  source: { component: 'test' },
  reason,
  message,
  type: 'Warning',
  count: 1,
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:00:00Z',
});

describe('correlation', () => {
  it('counts what repeats', () => {
    const correlator = new EventCorrelator(() => 0);
    const writes = Array.from({ length: 3 }, () => correlator.correlate(happened('x')));
    expect(writes.map((each) => [each.write, each.write !== 'skip' && each.event.count])).toEqual([
      ['create', 1],
      ['patch', 2],
      ['patch', 3],
    ]);
  });

  it('combines many similar ones', () => {
    const correlator = new EventCorrelator(() => 0);
    const writes = Array.from({ length: 12 }, (_, i) => correlator.correlate(happened(`attempt ${i}`)));
    expect(writes.slice(0, 9).every((each) => each.write === 'create')).toBe(true);
    expect(writes[9]).toMatchObject({
      write: 'create',
      event: { message: '(combined from similar events): attempt 9', count: 1 },
    });
    expect(writes[11]).toMatchObject({
      write: 'patch',
      event: { message: '(combined from similar events): attempt 11', count: 3 },
    });
  });

  it('drops floods about one object, and only about that one', () => {
    let now = 0;
    const correlator = new EventCorrelator(() => now);
    const write = (i: number, object?: string) => correlator.correlate(happened('x', object, `Reason${i}`)).write;
    expect(Array.from({ length: 25 }, (_, i) => write(i))).not.toContain('skip');
    expect(write(26)).toBe('skip');
    expect(write(27, 'other')).toBe('create');
    now = 300_000;
    expect(write(28)).toBe('create');
    expect(write(29)).toBe('skip');
  });
});

describe('the recorder', () => {
  it('writes events, counts repetitions on the server and starts anew when one has expired', async () => {
    const server = await startApiServer();
    const refusals: string[] = [];
    const note = (_: object, message: string) => refusals.push(message);
    const log = { debug: () => {}, info: () => {}, warn: note, error: note };
    const recorder = new EventRecorder(server.client, { component: 'kubelet', host: 'node-1' }, { log });
    const about = { metadata: { name: 'web', namespace: 'default', uid: 'u1', resourceVersion: '5' } };
    const tell = () =>
      recorder.event(about, pod, 'Warning', 'BackOff', 'Back-off restarting', { fieldPath: 'spec.containers{web}' });
    const written = async () => {
      await recorder.written();
      return (await server.client.list(eventKind, { namespace: 'default' })).items;
    };
    tell();
    tell();
    const [first, ...more] = await written();
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      involvedObject: {
        apiVersion: 'v1',
        kind: 'Pod',
        name: 'web',
        namespace: 'default',
        uid: 'u1',
        fieldPath: 'spec.containers{web}',
      },
      reason: 'BackOff',
      message: 'Back-off restarting',
      type: 'Warning',
      count: 2,
      source: { component: 'kubelet', host: 'node-1' },
      reportingComponent: 'kubelet',
      reportingInstance: 'node-1',
    });
    expect(first!.metadata.name).toMatch(/^web\.[0-9a-f]+$/);
    await server.client.delete(eventKind, first!.metadata.name!, 'default');
    tell();
    expect((await written()).map((each) => each.count)).toEqual([3]);

    recorder.event({ metadata: { name: 'x', namespace: 'nowhere' } }, pod, 'Normal', 'R', 'm');
    await recorder.written();
    await server.close();
  });

  it('writes on after an event was dropped', async () => {
    const server = await startApiServer();
    const recorder = new EventRecorder(server.client, { component: 'kubelet' });
    const about = (name: string) => ({ metadata: { name, namespace: 'default', uid: name } });
    for (let i = 0; i < 26; i++) {
      recorder.event(about('flood'), pod, 'Normal', `R${i}`, 'm');
      await recorder.written();
    }
    recorder.event(about('web'), pod, 'Normal', 'Started', 'm');
    await recorder.written();
    const { items } = await server.client.list(eventKind, { namespace: 'default' });
    const names = items.map((each) => each.involvedObject.name);
    expect(names.filter((each) => each === 'flood')).toHaveLength(25);
    expect(names).toContain('web');
    await server.close();
  });
});
