import type { NodeCondition } from '@coracle/api/types/core/v1';
import type { Pressure } from './pressure.ts';

/** A condition that changed, with the event that tells of it. */
export interface ConditionChange {
  type: 'Normal' | 'Warning';
  reason: string;
}

interface Wording {
  type: string;
  bad: { reason: string; message: string; event: string };
  good: { reason: string; message: string; event: string };
}

const pressures: Record<keyof Pressure, Wording> = {
  memory: {
    type: 'MemoryPressure',
    bad: {
      reason: 'KubeletHasInsufficientMemory',
      message: 'kubelet has insufficient memory available',
      event: 'NodeHasInsufficientMemory',
    },
    good: {
      reason: 'KubeletHasSufficientMemory',
      message: 'kubelet has sufficient memory available',
      event: 'NodeHasSufficientMemory',
    },
  },
  disk: {
    type: 'DiskPressure',
    bad: { reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure', event: 'NodeHasDiskPressure' },
    good: {
      reason: 'KubeletHasNoDiskPressure',
      message: 'kubelet has no disk pressure',
      event: 'NodeHasNoDiskPressure',
    },
  },
  pid: {
    type: 'PIDPressure',
    bad: {
      reason: 'KubeletHasInsufficientPID',
      message: 'kubelet has insufficient PID available',
      event: 'NodeHasInsufficientPID',
    },
    good: {
      reason: 'KubeletHasSufficientPID',
      message: 'kubelet has sufficient PID available',
      event: 'NodeHasSufficientPID',
    },
  },
};

/** The kubelet's conditions of its node, after those of before: what did not change keeps its time. Others' conditions stay. */
export function nodeConditions(
  old: readonly NodeCondition[],
  pressure: Pressure,
  problems: readonly string[],
  now: string,
): { conditions: NodeCondition[]; changes: ConditionChange[] } {
  const changes: ConditionChange[] = [];
  const made: NodeCondition[] = [];
  const add = (condition: Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>, event: string): void => {
    const before = old.find((each) => each.type === condition.type);
    const same = before?.status === condition.status;
    if (!same) changes.push({ type: 'Normal', reason: event });
    made.push({ ...condition, lastHeartbeatTime: now, lastTransitionTime: same ? before.lastTransitionTime : now });
  };
  for (const name of ['memory', 'disk', 'pid'] as const) {
    const { type, bad, good } = pressures[name];
    const { event, ...words } = pressure[name] ? bad : good;
    add({ type, status: pressure[name] ? 'True' : 'False', ...words }, event);
  }
  if (problems.length === 0) {
    add(
      { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      'NodeReady',
    );
  } else {
    const message = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
    add({ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message }, 'NodeNotReady');
  }
  const others = old.filter((each) => !made.some((own) => own.type === each.type));
  return { conditions: [...made, ...others], changes };
}
