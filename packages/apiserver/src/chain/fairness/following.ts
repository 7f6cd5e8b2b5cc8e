import { flowSchema } from '@coracle/api/flowcontrol/v1/flowschema';
import { priorityLevelConfiguration } from '@coracle/api/flowcontrol/v1/prioritylevelconfiguration';
import type { ObjectAccess } from '../../registry/access.ts';
import type { Follower } from '../../registry/registry.ts';
import type { FlowControl } from './flow-control.ts';

const adjustAfter = 10_000;

/** Keeps the flow control in effect as the objects say, and has it lend seats. */
export class FlowControlFollower implements Follower {
  readonly #control: FlowControl;
  readonly #objects: ObjectAccess;
  #unsubscribe: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #pending: NodeJS.Immediate | undefined;

  constructor(control: FlowControl, objects: ObjectAccess) {
    this.#control = control;
    this.#objects = objects;
  }

  async start(): Promise<void> {
    const changed = () => {
      this.#pending ??= setImmediate(() => this.#configure());
    };
    this.#unsubscribe = [
      this.#objects.onChange(flowSchema, changed),
      this.#objects.onChange(priorityLevelConfiguration, changed),
    ];
    this.#configure();
    this.#timer = setInterval(() => this.#control.adjust(), adjustAfter).unref();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    clearInterval(this.#timer);
    clearImmediate(this.#pending);
  }

  #configure(): void {
    clearImmediate(this.#pending);
    this.#pending = undefined;
    this.#control.configure(this.#objects.cachedList(flowSchema), this.#objects.cachedList(priorityLevelConfiguration));
  }
}
