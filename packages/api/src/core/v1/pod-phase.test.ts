import { describe, expect, it } from '@jest/globals';
import type { ContainerState, Pod, PodStatus } from '../../generated/core/v1.ts';
import { podSummary } from './pod-phase.ts';

const at = Date.parse('2026-01-01T01:00:00Z');
const of = (state: ContainerState, more: object = {}) => ({
  name: 'c',
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...more,
});
const show = (status: PodStatus, more: Partial<Pod['spec']> = {}, metadata: object = {}) =>
  podSummary({ metadata: { name: 'p', ...metadata }, spec: { containers: [{ name: 'c' }], ...more }, status }, at);

describe('the status column of a pod', () => {
  it.each<[string, ReturnType<typeof show>, object]>([
    ['pending', show({ phase: 'Pending' }), { ready: '0/1', status: 'Pending' }],
    [
      'waiting',
      show({ phase: 'Pending', containerStatuses: [of({ waiting: { reason: 'ImagePullBackOff' } })] }),
      { status: 'ImagePullBackOff' },
    ],
    [
      'running',
      show({ phase: 'Running', containerStatuses: [of({ running: {} }, { ready: true })] }),
      { ready: '1/1', status: 'Running' },
    ],
    [
      'failed',
      show({ phase: 'Failed', containerStatuses: [of({ terminated: { exitCode: 2 } })] }),
      { status: 'ExitCode:2' },
    ],
    [
      'done',
      show({ phase: 'Succeeded', containerStatuses: [of({ terminated: { exitCode: 0, reason: 'Completed' } })] }),
      { status: 'Completed' },
    ],
    [
      'initializing',
      show(
        { phase: 'Pending', initContainerStatuses: [of({ running: {} })] },
        { initContainers: [{ name: 'c' }, { name: 'd' }] },
      ),
      { status: 'Init:0/2' },
    ],
    [
      'going away',
      show(
        { phase: 'Running', containerStatuses: [of({ running: {} }, { ready: true })] },
        {},
        { deletionTimestamp: '2026-01-01T00:59:00Z' },
      ),
      { status: 'Terminating' },
    ],
    [
      'restarted',
      show({
        phase: 'Running',
        containerStatuses: [
          of(
            { running: {} },
            {
              ready: true,
              restartCount: 3,
              lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:58:00Z' } },
            },
          ),
        ],
      }),
      { restarts: '3 (2m ago)', status: 'Running' },
    ],
  ])('%s', (_name, shown, expected) => expect(shown).toMatchObject(expected));
});
