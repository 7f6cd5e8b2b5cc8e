import { messageOf } from '@coracle/api/meta/message-of';

/**
 * What a plugin answers when it does not simply agree. Success is `undefined`, so the hot path allocates nothing.
 * - Error: something broke; the pod is retried with back-off.
 * - Unschedulable: no, but preempting other pods could change that.
 * - UnschedulableAndUnresolvable: no, and preemption could not help.
 * - Wait: (Permit) hold the pod until it is allowed or rejected.
 * - Skip: (PreFilter, PreScore, Bind) this plugin has nothing to do for this pod.
 * - Pending: not schedulable yet; an event the plugin waits for moves the pod back at once.
 */
export type Code = 'Error' | 'Unschedulable' | 'UnschedulableAndUnresolvable' | 'Wait' | 'Skip' | 'Pending';

/** A plugin's refusal, with the reasons that events and conditions show. Immutable: constants may be shared. */
export class Status {
  readonly code: Code;
  readonly reasons: readonly string[];
  readonly plugin: string;
  readonly cause: unknown;

  constructor(code: Code, reasons: readonly string[], plugin: string, cause?: unknown) {
    this.code = code;
    this.reasons = reasons;
    this.plugin = plugin;
    this.cause = cause;
  }

  /** Whether the pod was refused, as opposed to an error or a control answer. */
  get rejected(): boolean {
    return this.code === 'Unschedulable' || this.code === 'UnschedulableAndUnresolvable' || this.code === 'Pending';
  }

  get message(): string {
    return this.reasons.join(', ');
  }
}

/** `undefined` is success. */
export type Verdict = Status | undefined;

/** The status of a plugin that threw. */
export function errorStatus(plugin: string, cause: unknown): Status {
  return new Status('Error', [messageOf(cause)], plugin, cause);
}
