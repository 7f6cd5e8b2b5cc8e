import type { Container, Pod, PodStatus } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import type { RuntimeContainer, RuntimePod } from '../pods/runtime-pod.ts';
import { podStatus, type StatusFacts } from './pod-status.ts';

const time = Date.parse('2026-01-01T00:00:00Z');
const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: `${name}:1`, ...more });
const podOf = (spec: Partial<Pod['spec']> = {}, more: Partial<Pod> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u', generation: 3 },
  spec: { restartPolicy: 'Always', containers: [container('a')], ...spec },
  ...more,
});
const of = (
  name: string,
  state: RuntimeContainer['state'],
  more: Partial<RuntimeContainer> = {},
): RuntimeContainer => ({
  id: `id-${name}`,
  name,
  state,
  sandboxId: 's',
  hash: '',
  restartCount: 0,
  terminationMessagePath: '',
  terminationMessagePolicy: '',
  createdAt: time,
  startedAt: time,
  finishedAt: state === 'exited' ? time + 5000 : 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: `${name}:1`,
  imageId: `sha256:${name}`,
  logPath: '',
  mounts: [],
  ...more,
});
const runtime = (...containers: RuntimeContainer[]): RuntimePod => ({
  uid: 'u',
  name: 'p',
  namespace: 'n',
  sandboxes: [{ id: 's', ready: true, attempt: 0, createdAt: time, ips: ['10.0.0.7'], hostNetwork: false }],
  containers,
});
const compute = (pod: Pod, actual: RuntimePod, facts: Partial<StatusFacts> = {}, old: PodStatus = {}): PodStatus =>
  podStatus(pod, actual, old, {
    runtimeName: 'containerd',
    waiting: () => undefined,
    ready: () => true,
    started: () => true,
    hostIPs: ['192.0.2.1'],
    terminating: false,
    ended: false,
    now: '2026-01-01T00:01:00Z',
    ...facts,
  });
const condition = (status: PodStatus, type: string) => {
  const found = status.conditions?.find((each) => each.type === type);
  return found && [found.status, found.reason, found.message];
};

describe('the status of a running pod', () => {
  const status = compute(podOf(), runtime(of('a', 'running')));

  it('tells of its containers', () => {
    expect(status.containerStatuses).toEqual([
      {
        name: 'a',
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
        lastState: {},
        ready: true,
        started: true,
        restartCount: 0,
        image: 'a:1',
        imageID: 'sha256:a',
        containerID: 'containerd://id-a',
        resources: {},
      },
    ]);
  });

  it('tells of the pod', () => {
    expect(status).toMatchObject({
      phase: 'Running',
      podIP: '10.0.0.7',
      podIPs: [{ ip: '10.0.0.7' }],
      hostIP: '192.0.2.1',
      startTime: '2026-01-01T00:01:00Z',
      observedGeneration: 3,
      qosClass: 'BestEffort',
    });
    expect(status.conditions?.map((each) => [each.type, each.status, each.observedGeneration])).toEqual([
      ['PodReadyToStartContainers', 'True', 3],
      ['Initialized', 'True', 3],
      ['Ready', 'True', 3],
      ['ContainersReady', 'True', 3],
      ['PodScheduled', 'True', 3],
    ]);
  });
});

describe('phases', () => {
  const never = podOf({ restartPolicy: 'Never', containers: [container('a'), container('b')] });
  const ok = (name: string) => of(name, 'exited');
  const bad = (name: string) => of(name, 'exited', { exitCode: 1 });

  it.each<[string, Pod, RuntimeContainer[], string]>([
    ['nothing started', podOf(), [], 'Pending'],
    ['one of two started', never, [of('a', 'running')], 'Pending'],
    ['one of two ended', never, [of('a', 'running'), ok('b')], 'Running'],
    ['all well ended', never, [ok('a'), ok('b')], 'Succeeded'],
    ['one ended badly', never, [ok('a'), bad('b')], 'Failed'],
    ['ended, to be restarted', podOf(), [bad('a')], 'Running'],
    ['ended well, restarted on failure alone', podOf({ restartPolicy: 'OnFailure' }), [ok('a')], 'Succeeded'],
    ['initializing', podOf({ initContainers: [container('i')] }), [of('i', 'running')], 'Pending'],
    [
      'initialization failed',
      podOf({ restartPolicy: 'Never', initContainers: [container('i')] }),
      [bad('i')],
      'Failed',
    ],
    ['initialization is tried again', podOf({ initContainers: [container('i')] }), [bad('i')], 'Pending'],
  ])('%s', (_, pod, containers, phase) => {
    expect(compute(pod, runtime(...containers)).phase).toBe(phase);
  });

  it('of a pod that ended never change again', () => {
    expect(
      compute(never, runtime(of('a', 'running')), {}, { phase: 'Failed', reason: 'Evicted', message: 'm' }),
    ).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
    });
  });

  it('of a pod the kubelet ended are Failed once nothing runs', () => {
    const verdict = { reason: 'DeadlineExceeded', message: 'too long' };
    const running = compute(podOf(), runtime(of('a', 'running')), { verdict, terminating: true });
    expect(running.phase).toBe('Running');
    const over = compute(podOf(), runtime(bad('a')), { verdict, terminating: true, ended: true }, running);
    expect(over).toMatchObject({ phase: 'Failed', ...verdict });
  });

  it('of a deleted pod tell how its containers ended', () => {
    expect(compute(podOf(), runtime(ok('a')), { terminating: true, ended: true }).phase).toBe('Succeeded');
    expect(compute(podOf(), runtime(bad('a')), { terminating: true, ended: true }).phase).toBe('Failed');
    expect(compute(podOf(), runtime(), { terminating: true, ended: true }).phase).toBe('Failed');
  });
});

describe('containers that do not run', () => {
  it('wait to be created', () => {
    expect(compute(podOf(), runtime()).containerStatuses?.[0]?.state).toEqual({
      waiting: { reason: 'ContainerCreating' },
    });
    const initializing = podOf({ initContainers: [container('i')] });
    expect(compute(initializing, runtime()).containerStatuses?.[0]?.state).toEqual({
      waiting: { reason: 'PodInitializing' },
    });
  });

  it('say why they could not be started, and how they ended before', () => {
    const ended = of('a', 'exited', { exitCode: 2, restartCount: 4, message: 'oops' });
    const waiting = () => ({ reason: 'CrashLoopBackOff', message: 'back-off 40s' });
    const [status] = compute(podOf(), runtime(ended), { waiting }).containerStatuses!;
    expect(status).toMatchObject({
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
      lastState: { terminated: { exitCode: 2, reason: 'Error', message: 'oops', finishedAt: '2026-01-01T00:00:05Z' } },
      restartCount: 4,
      ready: false,
      started: false,
    });
  });

  it('that were running and are nowhere to be found count as ended', () => {
    const old: PodStatus = compute(podOf(), runtime(of('a', 'running')));
    const [lost] = compute(podOf(), runtime(), {}, old).containerStatuses!;
    expect(lost).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
    });
  });

  it('keep the end before the last as lastState', () => {
    const now = of('a', 'running', { restartCount: 1 });
    const before = of('a', 'exited', { id: 'old', exitCode: 1 });
    const [status] = compute(podOf(), runtime(now, before)).containerStatuses!;
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 1, containerID: 'containerd://old' });
  });
});

describe('conditions', () => {
  it('say what is not ready', () => {
    const pod = podOf({ containers: [container('a'), container('b')], initContainers: [container('i')] });
    const status = compute(pod, runtime(of('i', 'running')));
    expect(condition(status, 'Initialized')).toEqual([
      'False',
      'ContainersNotInitialized',
      'containers with incomplete status: [i]',
    ]);
    expect(condition(status, 'Ready')).toEqual([
      'False',
      'ContainersNotReady',
      'containers with unready status: [a b]',
    ]);
  });

  it('wait for readiness gates', () => {
    const gated = (conditions: PodStatus['conditions']) =>
      compute(
        podOf({ readinessGates: [{ conditionType: 'lb' }] }, { status: { conditions } }),
        runtime(of('a', 'running')),
      );
    expect(condition(gated([]), 'Ready')).toEqual([
      'False',
      'ReadinessGatesNotReady',
      'corresponding condition of pod readiness gate "lb" does not exist.',
    ]);
    const no = gated([{ type: 'lb', status: 'False' }]);
    expect(condition(no, 'Ready')?.[2]).toBe('the status of pod readiness gate "lb" is not "True", but False');
    const yes = gated([{ type: 'lb', status: 'True' }]);
    expect(condition(yes, 'Ready')).toEqual(['True', undefined, undefined]);
    expect(condition(yes, 'lb')).toEqual(['True', undefined, undefined]);
  });

  it('keep their time while they do not change', () => {
    const first = compute(podOf(), runtime(of('a', 'running')));
    const later = compute(
      podOf(),
      runtime(of('a', 'running')),
      { now: '2026-01-01T01:00:00Z', ready: () => false },
      first,
    );
    const times = Object.fromEntries(later.conditions!.map((each) => [each.type, each.lastTransitionTime]));
    expect(times).toEqual({
      PodReadyToStartContainers: '2026-01-01T00:01:00Z',
      Initialized: '2026-01-01T00:01:00Z',
      Ready: '2026-01-01T01:00:00Z',
      ContainersReady: '2026-01-01T01:00:00Z',
      PodScheduled: '2026-01-01T00:01:00Z',
    });
    expect(later.startTime).toBe(first.startTime);
  });

  it('of a finished pod say so', () => {
    const done = compute(podOf({ restartPolicy: 'Never' }), runtime(of('a', 'exited')));
    expect(condition(done, 'Ready')).toEqual(['False', 'PodCompleted', undefined]);
  });
});
