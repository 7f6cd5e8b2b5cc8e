import type { Clock } from '../clock.ts';
import type { PodInfo } from './pod-info.ts';
import type { Verdict } from './status.ts';
import { Status } from './status.ts';

/** A pod that Permit plugins hold back. It goes on when all have allowed it; one rejection or time-out refuses it. */
export class WaitingPod {
  readonly info: PodInfo;
  readonly decision: Promise<Verdict>;
  readonly #pending = new Map<string, () => void>();
  #decide!: (verdict: Verdict) => void;

  constructor(info: PodInfo, timeouts: ReadonlyMap<string, number>, clock: Clock) {
    this.info = info;
    this.decision = new Promise((resolve) => {
      this.#decide = (verdict) => {
        for (const cancel of this.#pending.values()) cancel();
        this.#pending.clear();
        resolve(verdict);
      };
    });
    for (const [plugin, ms] of timeouts) {
      const refuse = () =>
        this.reject(plugin, `rejected due to timeout after waiting ${ms / 1000}s at plugin ${plugin}`);
      this.#pending.set(plugin, clock.after(ms, refuse));
    }
  }

  pendingPlugins(): string[] {
    return [...this.#pending.keys()];
  }

  allow(plugin: string): void {
    this.#pending.get(plugin)?.();
    if (this.#pending.delete(plugin) && this.#pending.size === 0) this.#decide(undefined);
  }

  reject(plugin: string, message: string): void {
    this.#decide(new Status('Unschedulable', [message], plugin));
  }
}

/** The pods waiting on Permit, by uid. */
export class WaitingPods {
  readonly #byUid = new Map<string, WaitingPod>();

  add(pod: WaitingPod): void {
    this.#byUid.set(pod.info.uid, pod);
  }

  remove(uid: string): void {
    this.#byUid.delete(uid);
  }

  get(uid: string): WaitingPod | undefined {
    return this.#byUid.get(uid);
  }

  [Symbol.iterator](): IterableIterator<WaitingPod> {
    return this.#byUid.values();
  }
}
