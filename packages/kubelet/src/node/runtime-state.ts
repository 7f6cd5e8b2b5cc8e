import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@coracle/process';
import { type CriClient, isUnavailable } from '../cri/client.ts';

const checkEvery = 5000;
/** After so long without an answer the runtime counts as down. */
const downAfter = 30_000;

/** Whether the container runtime and its network can run pods. */
export class RuntimeState {
  readonly #cri: CriClient;
  readonly #log: Log;
  readonly #changed: () => void;
  #answeredAt = 0;
  #runtimeProblem: string | undefined = 'container runtime status check may not have completed yet';
  #networkProblem: string | undefined = 'container runtime status check may not have completed yet';

  constructor(cri: CriClient, log: Log, changed: () => void) {
    this.#cri = cri;
    this.#log = log;
    this.#changed = changed;
  }

  /** Why no container can be run now; undefined when they can. */
  runtimeProblem(): string | undefined {
    if (this.#runtimeProblem) return this.#runtimeProblem;
    return Date.now() - this.#answeredAt > downAfter ? 'container runtime is down' : undefined;
  }

  /** Why pods get no network of their own now. */
  networkProblem(): string | undefined {
    return this.#networkProblem && `container runtime network not ready: ${this.#networkProblem}`;
  }

  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.check();
      await sleep(checkEvery, undefined, { signal }).catch(() => undefined);
    }
  }

  async check(): Promise<void> {
    const before = `${this.runtimeProblem()}\n${this.networkProblem()}`;
    try {
      const { status } = await this.#cri.runtime.status({ verbose: false });
      const problem = (type: string): string | undefined => {
        const condition = status?.conditions.find((each) => each.type === type);
        if (condition?.status) return undefined;
        return condition
          ? `${type}=false reason:${condition.reason} message:${condition.message}`
          : `${type} condition is not set`;
      };
      const runtime = problem('RuntimeReady');
      this.#runtimeProblem = runtime && `container runtime not ready: ${runtime}`;
      this.#networkProblem = problem('NetworkReady');
      if (!this.#runtimeProblem) this.#answeredAt = Date.now();
    } catch (error) {
      if (!isUnavailable(error)) this.#log.error({ err: error }, 'Container runtime sanity check failed');
    }
    if (before !== `${this.runtimeProblem()}\n${this.networkProblem()}`) this.#changed();
  }
}
