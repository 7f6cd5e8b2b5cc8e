import type { ClusterEvent } from '../framework/events.ts';

export interface SeenEvent {
  readonly event: ClusterEvent;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Remembers what happened while pods were being scheduled: a pod that fails must be retried at once when an event that would
 * help it came after its attempt had begun. Holds only events that some pod in flight has not seen.
 */
export class InFlight {
  /** Per pod in flight, the number of the first event it has not seen; in the order the pods were taken. */
  readonly #pods = new Map<string, number>();
  #events: SeenEvent[] = [];
  /** The number of `#events[0]`. */
  #first = 0;

  get podCount(): number {
    return this.#pods.size;
  }

  get eventCount(): number {
    return this.#events.length;
  }

  begin(uid: string): void {
    this.#pods.delete(uid);
    this.#pods.set(uid, this.#first + this.#events.length);
  }

  record(event: SeenEvent): void {
    if (this.#pods.size > 0) this.#events.push(event);
  }

  /** What happened since `begin`; undefined when the pod is not in flight. */
  eventsFor(uid: string): readonly SeenEvent[] | undefined {
    const from = this.#pods.get(uid);
    return from === undefined ? undefined : this.#events.slice(from - this.#first);
  }

  end(uid: string): void {
    if (!this.#pods.delete(uid)) return;
    const [oldest] = this.#pods.values();
    const keepFrom = oldest ?? this.#first + this.#events.length;
    if (keepFrom > this.#first) {
      this.#events = this.#events.slice(keepFrom - this.#first);
      this.#first = keepFrom;
    }
  }
}
