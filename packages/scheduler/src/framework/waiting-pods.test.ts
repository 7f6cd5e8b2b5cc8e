import { expect, it } from '@jest/globals';
import { FakeClock } from '../clock.ts';
import { makePod } from '../testing/objects.ts';
import { podInfo } from './pod-info.ts';
import { WaitingPod } from './waiting-pods.ts';

function waiting(clock = new FakeClock()) {
  const timeouts = new Map([
    ['A', 1_000],
    ['B', 2_000],
  ]);
  return { clock, pod: new WaitingPod(podInfo(makePod()), timeouts, clock) };
}

it('goes on once all have allowed it', async () => {
  const { clock, pod } = waiting();
  pod.allow('A');
  expect(pod.pendingPlugins()).toEqual(['B']);
  pod.allow('B');
  expect(await pod.decision).toBeUndefined();
  clock.advance(10_000);
  expect(await pod.decision).toBeUndefined();
});

it('is refused by one rejection', async () => {
  const { pod } = waiting();
  pod.reject('B', 'no');
  pod.allow('A');
  expect(await pod.decision).toMatchObject({ code: 'Unschedulable', message: 'no', plugin: 'B' });
});

it('is refused when the first time-out ends', async () => {
  const { clock, pod } = waiting();
  pod.allow('A');
  clock.advance(2_000);
  expect(await pod.decision).toMatchObject({
    plugin: 'B',
    message: 'rejected due to timeout after waiting 2s at plugin B',
  });
});
