import { describe, expect, it } from '@jest/globals';
import { parseUnits, serviceStatus } from './state.ts';

const shown = `NRestarts=0
MainPID=41
Id=containerd.service
ActiveState=active
SubState=running
StateChangeTimestamp=@1700000000
InvocationID=one

NRestarts=3
MainPID=0
Id=kubelet.service
ActiveState=activating
SubState=auto-restart
StateChangeTimestamp=@1700000100
ExecMainCode=1
ExecMainStatus=255
ExecMainExitTimestamp=@1700000099
InvocationID=two
`;

describe('the services of a node, as systemd tells of them', () => {
  const units = parseUnits(shown);

  it('one that runs is running once it answers', () => {
    const unit = units.get('containerd.service')!;
    const status = { name: 'containerd', pid: 41, restarts: 0, since: 1_700_000_000_000 };
    expect(serviceStatus('containerd', unit, true)).toEqual({ ...status, state: 'running' });
    expect(serviceStatus('containerd', unit, false)).toEqual({ ...status, state: 'starting' });
  });

  it('one that waits for its next start has failed, and how it ended is told', () => {
    expect(serviceStatus('kubelet', units.get('kubelet.service')!, false)).toEqual({
      name: 'kubelet',
      state: 'failed',
      restarts: 3,
      since: 1_700_000_100_000,
      lastEnd: 'exit code 255',
    });
  });

  it.each([
    ['activating', 'start-pre', 'starting'],
    ['deactivating', 'stop-sigterm', 'stopping'],
    ['failed', 'failed', 'failed'],
    ['inactive', 'dead', 'waiting'],
  ])('%s (%s) is %s', (active, sub, state) => {
    expect(serviceStatus('x', { ActiveState: active, SubState: sub }, false).state).toBe(state);
  });
});
