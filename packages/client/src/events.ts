import { event as eventKind } from '@coracle/api/core/v1/event';
import type { AnyKind, KubeObject } from '@coracle/api/kind';
import { isNotFound, StatusError } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { Event, ObjectReference } from '@coracle/api/types/core/v1';
import type { Client } from './client.ts';
import { EventCorrelator } from './event-correlator.ts';
import { type ClientLog, stderrLog } from './log.ts';
import { delay } from './rate-limit.ts';

export interface EventSource {
  /** The reporting program or controller: `kubelet`, `deployment-controller`. */
  component: string;
  host?: string;
}

export interface EventDetails {
  /** The part of the object the event is about: `spec.containers{nginx}`. */
  fieldPath?: string;
  annotations?: Readonly<Record<string, string>>;
}

/** What a recorder writes with: a client, or a way of the API server's own. */
export type EventSink = Pick<Client, 'create' | 'patch'>;

/** The time now, unique enough to name an event by. */
const nanoseconds = (): bigint => BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);

const maxQueued = 1000;
const maxTries = 12;
const retryMs = 10_000;

/**
 * Writes events about objects. `event` returns at once; writing happens in the background, in order, with repetitions counted,
 * similar events combined and floods dropped. An event the server refuses is logged and given up.
 */
export class EventRecorder {
  readonly #client: EventSink;
  readonly #source: EventSource;
  readonly #log: ClientLog;
  readonly #retryMs: number;
  readonly #correlator = new EventCorrelator();
  readonly #queue: Event[] = [];
  #writing: Promise<void> | undefined;

  constructor(client: EventSink, source: EventSource, options: { log?: ClientLog; retryMs?: number } = {}) {
    this.#client = client;
    this.#source = source;
    this.#log = options.log ?? stderrLog;
    this.#retryMs = options.retryMs ?? retryMs;
  }

  /** Tells of something that happened to an object. `kind` is the object's: items of lists do not carry their own. */
  event(
    object: KubeObject,
    kind: AnyKind,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    details: EventDetails = {},
  ): void {
    this.eventAbout(
      {
        kind: kind.kind,
        apiVersion: kind.apiVersion,
        namespace: object.metadata.namespace,
        name: object.metadata.name,
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
        fieldPath: details.fieldPath,
      },
      type,
      reason,
      message,
      details.annotations,
    );
  }

  /** As `event`, for an object known by reference only (the kubelet's own Node). */
  eventAbout(
    about: ObjectReference,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    annotations?: Readonly<Record<string, string>>,
  ): void {
    if (this.#queue.length >= maxQueued) {
      this.#log.warn({ reason, object: about.name }, 'Dropping event, too many wait to be written');
      return;
    }
    const time = now();
    this.#queue.push({
      metadata: {
        name: `${about.name}.${nanoseconds().toString(16)}`,
        namespace: about.namespace || 'default',
        ...(annotations ? { annotations: { ...annotations } } : {}),
      },
      involvedObject: about,
      reason,
      message,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
      source: { component: this.#source.component, ...(this.#source.host ? { host: this.#source.host } : {}) },
      reportingComponent: this.#source.component,
      reportingInstance: this.#source.host ?? '',
    });
    this.#writing ??= this.#drain();
  }

  /** Settles when all events of before are written or given up. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // An event that is dropped needs no wait: without this one, the end would come before `#writing` is set, and never again.
    await undefined;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const correlated = this.#correlator.correlate(next);
      if (correlated.write !== 'skip') await this.#write(correlated.event, correlated.write === 'patch');
    }
    this.#writing = undefined;
  }

  async #write(event: Event, patch: boolean): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#correlator.written(await this.#send(event, patch));
        return;
      } catch (error) {
        if (error instanceof StatusError || attempt >= maxTries) {
          this.#log.warn(
            { err: error, reason: event.reason, object: event.involvedObject.name },
            'Server rejected event',
          );
          return;
        }
        // The first wait is spread, so that programs do not come back all at once after an outage.
        await delay(attempt === 1 ? this.#retryMs * Math.random() : this.#retryMs);
      }
    }
  }

  async #send(event: Event, patch: boolean): Promise<Event> {
    const { name, namespace } = event.metadata;
    if (patch) {
      const { count, message, lastTimestamp, firstTimestamp } = event;
      const body = { count, message, lastTimestamp, firstTimestamp };
      try {
        return await this.#client.patch(eventKind, name!, namespace, { type: 'strategic', body });
      } catch (error) {
        // Events expire: a repetition after that starts a new one.
        if (!isNotFound(error)) throw error;
      }
    }
    return this.#client.create(eventKind, { ...event, metadata: { ...event.metadata, resourceVersion: undefined } });
  }
}
