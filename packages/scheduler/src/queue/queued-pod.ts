import type { PodInfo } from '../framework/pod-info.ts';

/** A pod on its way through the queue, with the history that its back-off and its retries go by. Times are milliseconds. */
export interface QueuedPod {
  info: PodInfo;
  /** When it was last added to the queue. */
  timestamp: number;
  /** When it was first taken from the queue; undefined before. */
  firstAttempt: number | undefined;
  attempts: number;
  /** Attempts in a row that ended in a refusal, and in an error: each lengthens the back-off. */
  unschedulableCount: number;
  consecutiveErrors: number;
  /** Plugins that refused the pod in its last attempt (or keep it out of the queue). */
  unschedulablePlugins: ReadonlySet<string>;
  /** Plugins that wait for an event and want the pod back at once when it comes. */
  pendingPlugins: ReadonlySet<string>;
  /** The PreEnqueue plugin that keeps the pod out of the active queue. */
  gatedBy: string | undefined;
}

export function queuedPod(info: PodInfo, now: number): QueuedPod {
  return {
    info,
    timestamp: now,
    firstAttempt: undefined,
    attempts: 0,
    unschedulableCount: 0,
    consecutiveErrors: 0,
    unschedulablePlugins: new Set(),
    pendingPlugins: new Set(),
    gatedBy: undefined,
  };
}
