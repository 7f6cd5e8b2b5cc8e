import { flowSchema } from '@coracle/api/flowcontrol/v1/flowschema';
import { priorityLevelConfiguration } from '@coracle/api/flowcontrol/v1/prioritylevelconfiguration';
import type { KubeObject } from '@coracle/api/kind';
import { isNotFound } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import type { FlowSchema, FlowSchemaCondition } from '@coracle/api/types/flowcontrol/v1';
import type { ObjectAccess } from '../../registry/access.ts';
import type { Follower } from '../../registry/registry.ts';

const type = 'Dangling';
const fieldManager = 'api-priority-and-fairness-config-consumer-v1';
const retryAfter = 1_000;
const minute = 60_000;
/** Servers that do not agree write no more often than this. */
const mostInMinute = 6;

/** Time, to be had otherwise in tests. */
export interface Clock {
  now(): number;
  after(milliseconds: number, callback: () => void): () => void;
}

const realClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Keeps the condition `Dangling` of FlowSchemas: whether the level they name is there (KEP-1040). Each server does so, by server-side apply; what another
 * has said already is not said again.
 */
export class FlowSchemaStatus implements Follower {
  readonly #objects: ObjectAccess;
  readonly #log: { warn(details: object, message: string): void };
  readonly #clock: Clock;
  /** Names of schemas to look at. */
  readonly #waiting = new Set<string>();
  /** When conditions of a schema were written in the last minute. */
  readonly #written = new Map<string, number[]>();
  #worker: Promise<void> | undefined;
  #stopped = false;
  #unsubscribe: (() => void)[] = [];
  #forgetRetry = () => {};

  constructor(objects: ObjectAccess, log: { warn(details: object, message: string): void }, clock = realClock) {
    this.#objects = objects;
    this.#log = log;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    this.#unsubscribe = [
      this.#objects.onChange(priorityLevelConfiguration, ({ type: change, object }) => {
        if (change !== 'updated') this.#look(this.#schemasOf(object.metadata.name!));
      }),
      this.#objects.onChange(flowSchema, ({ type: change, object }) => {
        const name = object.metadata.name!;
        if (change === 'deleted') this.#written.delete(name);
        else this.#look([name]);
      }),
    ];
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#forgetRetry();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#worker;
  }

  #schemasOf(level: string): string[] {
    const schemas = this.#objects.cachedList(flowSchema);
    return schemas
      .filter(({ spec }) => spec.priorityLevelConfiguration.name === level)
      .map(({ metadata }) => metadata.name!);
  }

  #look(names: readonly string[]): void {
    for (const name of names) this.#waiting.add(name);
    if (!this.#stopped && this.#waiting.size > 0) this.#worker ??= this.#work();
  }

  async #work(): Promise<void> {
    await new Promise(setImmediate); // changes come in batches
    const later: string[] = [];
    let delay = retryAfter;
    for (const name of this.#waiting) {
      if (this.#stopped) break;
      this.#waiting.delete(name);
      try {
        if (await this.#bring(name)) continue;
        later.push(name);
        delay = minute;
      } catch (error) {
        if (isNotFound(error)) continue;
        later.push(name);
        if (!this.#stopped) this.#log.warn({ err: error, name }, 'failed to set a status.condition for FlowSchema');
      }
    }
    this.#worker = undefined;
    if (later.length > 0 && !this.#stopped) this.#forgetRetry = this.#clock.after(delay, () => this.#look(later));
  }

  /** Whether the schema's condition is as it has to be now; false where it was written too often. */
  async #bring(name: string): Promise<boolean> {
    const current = this.#objects.cached(flowSchema, name);
    if (!current || !this.#wanted(current)) return true;
    const time = this.#clock.now();
    const written = (this.#written.get(name) ?? []).filter((each) => time - each < minute);
    if (written.length >= mostInMinute) return false;
    let isWritten = false;
    const layer = (it: FlowSchema): KubeObject | undefined => {
      const condition = this.#wanted(it);
      isWritten = condition !== undefined;
      return condition && Object.assign({ metadata: { name } }, { status: { conditions: [condition] } });
    };
    await this.#objects.apply(flowSchema, name, undefined, layer, { subresource: 'status', fieldManager });
    if (isWritten) this.#written.set(name, [...written, time]);
    return true;
  }

  /** The condition a schema has to get; undefined where it has it. */
  #wanted({ spec, status }: FlowSchema): FlowSchemaCondition | undefined {
    const level = spec.priorityLevelConfiguration.name;
    const said = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
    const wanted = this.#objects.cached(priorityLevelConfiguration, level)
      ? { status: 'False', reason: 'Found', message: `${said} and it exists` }
      : { status: 'True', reason: 'NotFound', message: `${said} but there is no such object` };
    const current = status?.conditions?.find((each) => each.type === type);
    const isSame =
      current?.status === wanted.status && current.reason === wanted.reason && current.message === wanted.message;
    return isSame ? undefined : { type, ...wanted, lastTransitionTime: now() };
  }
}
