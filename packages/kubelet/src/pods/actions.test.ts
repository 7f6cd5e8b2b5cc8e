import type { Container, Pod } from '@coracle/api/types/core/v1';
import { describe, expect, it } from '@jest/globals';
import { containerHash } from '../cri/labels.ts';
import { podActions } from './actions.ts';
import type { RuntimeContainer, RuntimePod, RuntimeSandbox } from './runtime-pod.ts';

const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'i:1', ...more });
const podOf = (spec: Partial<Pod['spec']>): Pod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { restartPolicy: 'Always', containers: [container('a')], ...spec },
});

type Brief = [name: string, state: RuntimeContainer['state'], exitCode?: number, sandboxId?: string];
const runtime = (containers: Brief[], sandboxes: Partial<RuntimeSandbox>[] = [{}]): RuntimePod => ({
  uid: 'u',
  name: 'p',
  namespace: 'n',
  sandboxes: sandboxes.map((each, i) => ({
    id: `s${sandboxes.length - 1 - i}`,
    ready: true,
    attempt: sandboxes.length - 1 - i,
    createdAt: 0,
    ips: ['10.0.0.1'],
    hostNetwork: false,
    ...each,
  })),
  containers: containers.map(
    ([name, state, exitCode = 0, sandboxId = 's0'], i): RuntimeContainer => ({
      id: `${name}-${i}`,
      name,
      state,
      exitCode,
      sandboxId,
      hash: containerHash(container(name)),
      restartCount: 0,
      terminationMessagePath: '',
      terminationMessagePolicy: '',
      createdAt: 0,
      startedAt: 1,
      finishedAt: 2,
      reason: '',
      message: '',
      image: 'i:1',
      imageId: '',
      logPath: '',
      mounts: [],
    }),
  ),
});

const noProbes = { liveness: () => undefined, startup: () => undefined };
const act = (pod: Pod, actual: RuntimePod, probes: Parameters<typeof podActions>[2] = noProbes) => {
  const actions = podActions(pod, actual, probes);
  const names = (list: { name: string }[]): string[] => list.map((each) => each.name);
  return {
    killPod: actions.killPod,
    createSandbox: actions.createSandbox,
    attempt: actions.attempt,
    init: names(actions.init),
    containers: names(actions.containers),
    kill: actions.kill.map((each) => each.container.name),
    messages: actions.kill.map((each) => each.message),
  };
};

const steady = { killPod: false, createSandbox: false, attempt: 0, init: [], containers: [], kill: [], messages: [] };

describe('a new pod', () => {
  it('gets a sandbox and all its containers', () => {
    const pod = podOf({ containers: [container('a'), container('b')] });
    expect(act(pod, runtime([], []))).toMatchObject({ createSandbox: true, attempt: 0, containers: ['a', 'b'] });
  });

  it('gets its first init container alone', () => {
    const pod = podOf({ initContainers: [container('i1'), container('i2')] });
    expect(act(pod, runtime([], []))).toMatchObject({ createSandbox: true, init: ['i1'], containers: [] });
  });
});

describe('init containers', () => {
  const pod = podOf({ initContainers: [container('i1'), container('i2')] });

  it.each<[string, Brief[], Partial<ReturnType<typeof act>>]>([
    ['the first is started', [], { init: ['i1'] }],
    ['a running one is waited for', [['i1', 'running']], {}],
    ['one that was created and never started is started', [['i1', 'created']], { init: ['i1'] }],
    ['after the first the second', [['i1', 'exited']], { init: ['i2'] }],
    ['a failed one again', [['i1', 'exited', 1]], { init: ['i1'] }],
    [
      'after the last the containers',
      [
        ['i2', 'exited'],
        ['i1', 'exited'],
      ],
      { containers: ['a'] },
    ],
    ['collected ones count as done', [['i2', 'exited']], { containers: ['a'] }],
    ['they are not run again once containers were', [['a', 'exited', 1]], { containers: ['a'] }],
    ['an unknown one is killed before it is tried again', [['i1', 'unknown']], { init: ['i1'], kill: ['i1'] }],
  ])('%s', (_, containers, expected) => {
    const result = act(pod, runtime(containers));
    expect({ ...result, messages: [] }).toEqual({ ...steady, ...expected });
  });

  it('that fail for good end the pod', () => {
    const never = podOf({ restartPolicy: 'Never', initContainers: [container('i1')] });
    expect(act(never, runtime([['i1', 'exited', 1]]))).toMatchObject({
      killPod: true,
      createSandbox: false,
      containers: [],
    });
  });
});

describe('sidecars', () => {
  const probe = { exec: { command: ['true'] } };
  const sidecar = container('side', { restartPolicy: 'Always' });
  const pod = podOf({ initContainers: [sidecar, container('i2')] });

  it('let the next container start as soon as they run', () => {
    expect(act(pod, runtime([]))).toMatchObject({ init: ['side'] });
    expect(act(pod, runtime([['side', 'running']]))).toMatchObject({ init: ['i2'] });
  });

  it('with a startup probe are waited for', () => {
    const probed = podOf({ initContainers: [{ ...sidecar, startupProbe: probe }, container('i2')] });
    expect(act(probed, runtime([['side', 'running']]))).toMatchObject({ init: [] });
    expect(act(probed, runtime([['side', 'running']]), { ...noProbes, startup: () => 'success' })).toMatchObject({
      init: ['i2'],
    });
  });

  it('are restarted beside running containers, even in pods that never restart', () => {
    const running: Brief[] = [
      ['a', 'running'],
      ['side', 'exited', 1],
    ];
    expect(act(pod, runtime(running))).toMatchObject({ init: ['side'], containers: [] });
    expect(act(podOf({ ...pod.spec, restartPolicy: 'Never' }), runtime(running))).toMatchObject({ init: ['side'] });
  });

  it('do not keep a pod whose containers have ended', () => {
    const done = podOf({ ...pod.spec, restartPolicy: 'Never' });
    expect(
      act(
        done,
        runtime([
          ['a', 'exited'],
          ['side', 'running'],
        ]),
      ),
    ).toMatchObject({ killPod: true, init: [] });
  });
});

describe('containers', () => {
  it('that run stay', () => {
    expect(act(podOf({}), runtime([['a', 'running']]))).toEqual(steady);
  });

  it.each<[string, number, boolean]>([
    ['Always', 0, true],
    ['Always', 1, true],
    ['OnFailure', 0, false],
    ['OnFailure', 1, true],
    ['Never', 0, false],
    ['Never', 1, false],
  ])('with policy %s and exit code %d are restarted: %s', (restartPolicy, exitCode, restarted) => {
    const result = act(podOf({ restartPolicy }), runtime([['a', 'exited', exitCode]]));
    expect(result).toMatchObject({ containers: restarted ? ['a'] : [], killPod: !restarted });
  });

  it('may have a policy and rules of their own', () => {
    const own = podOf({
      restartPolicy: 'Never',
      containers: [
        container('a', { restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] }),
        container('b', { restartPolicy: 'OnFailure' }),
      ],
    });
    expect(
      act(
        own,
        runtime([
          ['a', 'exited', 42],
          ['b', 'exited', 1],
        ]),
      ),
    ).toMatchObject({ containers: ['a', 'b'] });
    expect(
      act(
        own,
        runtime([
          ['a', 'exited', 41],
          ['b', 'exited', 0],
        ]),
      ),
    ).toMatchObject({ containers: [], killPod: true });
  });

  it('whose definition changed are replaced', () => {
    const pod = podOf({ containers: [container('a', { image: 'i:2' })] });
    expect(act(pod, runtime([['a', 'running']]))).toMatchObject({
      kill: ['a'],
      containers: ['a'],
      messages: ['Container a definition changed, will be restarted'],
    });
  });

  it.each(['liveness', 'startup'] as const)('that fail their %s probe are replaced', (type) => {
    const probes = { ...noProbes, [type]: () => 'failure' as const };
    expect(act(podOf({}), runtime([['a', 'running']]), probes)).toMatchObject({
      kill: ['a'],
      containers: ['a'],
      messages: [`Container a failed ${type} probe, will be restarted`],
    });
    expect(act(podOf({ restartPolicy: 'Never' }), runtime([['a', 'running']]), probes)).toMatchObject({
      kill: ['a'],
      containers: [],
      killPod: false,
      messages: [`Container a failed ${type} probe`],
    });
  });

  it('of a pod that is being deleted are not started', () => {
    const pod = podOf({});
    pod.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect(act(pod, runtime([['a', 'exited', 1]])).containers).toEqual([]);
  });
});

describe('the sandbox', () => {
  it('that died is replaced, with all in it', () => {
    const actual = runtime([['a', 'running']], [{ ready: false }]);
    expect(act(podOf({}), actual)).toMatchObject({ killPod: true, createSandbox: true, attempt: 1, containers: ['a'] });
  });

  it('without an address is replaced', () => {
    expect(act(podOf({}), runtime([], [{ ips: [] }]))).toMatchObject({ createSandbox: true, attempt: 1 });
    expect(act(podOf({ hostNetwork: true }), runtime([['a', 'running']], [{ ips: [], hostNetwork: true }]))).toEqual(
      steady,
    );
  });

  it('is not made again for what is over', () => {
    const pod = podOf({ restartPolicy: 'OnFailure', containers: [container('a'), container('b')] });
    const over = runtime(
      [
        ['a', 'exited'],
        ['b', 'exited'],
      ],
      [{ ready: false }],
    );
    expect(act(pod, over)).toMatchObject({ killPod: true, createSandbox: false });
    const half = runtime(
      [
        ['a', 'exited'],
        ['b', 'exited', 1],
      ],
      [{ ready: false }],
    );
    expect(act(pod, half)).toMatchObject({ createSandbox: true, containers: ['b'] });
  });

  it('that is new starts initialization over', () => {
    const pod = podOf({ initContainers: [container('i1')] });
    const actual = runtime(
      [
        ['a', 'exited', 1, 's0'],
        ['i1', 'exited', 0, 's0'],
      ],
      [{}, { ready: false }],
    );
    expect(act(pod, actual)).toMatchObject({ init: ['i1'], containers: [] });
  });
});
