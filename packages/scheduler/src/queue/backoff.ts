import type { Clock } from '../clock.ts';
import { Heap } from './heap.ts';
import type { QueuedPod } from './queued-pod.ts';

export interface BackoffLimits {
  /** Milliseconds before the second attempt; doubles with each failure. */
  initialBackoff: number;
  maxBackoff: number;
}

/** The pods that rest before their next attempt. One timer waits for the first of them; none runs while there are none. */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #clock: Clock;
  readonly #complete: (pod: QueuedPod) => void;
  readonly #resting: Heap<QueuedPod>;
  #timer: { at: number; cancel: () => void } | undefined;

  constructor(limits: BackoffLimits, clock: Clock, complete: (pod: QueuedPod) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#complete = complete;
    this.#resting = new Heap(
      (each) => each.info.uid,
      (a, b) => this.#ends(a) < this.#ends(b),
    );
  }

  get size(): number {
    return this.#resting.size;
  }

  get(uid: string): QueuedPod | undefined {
    return this.#resting.get(uid);
  }

  /** Milliseconds of rest the pod still needs; 0 or less when it needs none. */
  remaining(pod: QueuedPod): number {
    return this.#ends(pod) - this.#clock.now();
  }

  add(pod: QueuedPod): void {
    this.#resting.set(pod);
    this.#arm();
  }

  /** Takes over a changed pod without changing its rest. */
  replace(pod: QueuedPod): void {
    this.#resting.set(pod);
  }

  delete(uid: string): QueuedPod | undefined {
    return this.#resting.delete(uid);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Errors back off on their own count: an unreachable server must not make pods rest as if they had been refused often. */
  #ends(pod: QueuedPod): number {
    const failures = pod.consecutiveErrors > 0 ? pod.consecutiveErrors : pod.unschedulableCount;
    if (failures === 0) return pod.timestamp;
    const { initialBackoff, maxBackoff } = this.#limits;
    return pod.timestamp + Math.min(initialBackoff * 2 ** (failures - 1), maxBackoff);
  }

  #arm(): void {
    const first = this.#resting.peek();
    if (!first) return;
    const at = this.#ends(first);
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire()) };
  }

  #fire(): void {
    this.#timer = undefined;
    for (let first = this.#resting.peek(); first && this.remaining(first) <= 0; first = this.#resting.peek()) {
      this.#resting.pop();
      this.#complete(first);
    }
    this.#arm();
  }
}
