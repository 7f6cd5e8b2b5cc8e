import type { Probe } from '@coracle/api/types/core/v1';
import type { Clock } from '../clock.ts';
import type { ProbeOutcome } from './result.ts';

export type ProbeType = 'liveness' | 'readiness' | 'startup';
export type Verdict = 'success' | 'failure';

export interface ProbeWorkerOptions {
  type: ProbeType;
  probe: Probe;
  clock: Clock;
  /** Carries the probe out against a container. */
  run(containerId: string): Promise<ProbeOutcome>;
  /** Told of every failed or doubtful try. */
  failed(outcome: ProbeOutcome): void;
  /** Told when the verdict on the present container changes. */
  changed(): void;
}

/** A container as a probe sees it: which start of it, and since when (ms) it runs. */
export interface Running {
  id: string;
  startedAt: number;
  /** Whether the startup probe is content. */
  started: boolean;
  /** Whether this probe was content with this very container when an earlier kubelet reported it last. */
  wasContent?: boolean;
}

const tries = 3;
/** What holds before the first verdict: a container is alive, and not ready, until shown otherwise. */
const initial: Record<ProbeType, Verdict | undefined> = {
  liveness: 'success',
  readiness: 'failure',
  startup: undefined,
};

/** One probe of one container, through all its restarts. */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #running: Running | undefined;
  #verdict: Verdict | undefined;
  #last: string | undefined;
  #inRow = 0;
  /** After a failure that restarts the container nothing is probed until the next one runs. */
  #onHold = false;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#verdict = initial[options.type];
  }

  /** The verdict on a container; undefined when nothing is known of it. */
  verdict(containerId: string): Verdict | undefined {
    return this.#running?.id === containerId ? this.#verdict : undefined;
  }

  /** Tells which container runs now; undefined while none does. */
  observe(running: Running | undefined): void {
    if (this.#stopped) return;
    if (running?.id !== this.#running?.id) {
      this.#verdict = running?.wasContent ? 'success' : initial[this.#options.type];
      this.#onHold = false;
      this.#inRow = 0;
      this.#last = undefined;
      this.#unplan();
    }
    this.#running = running;
    if (running && !this.#cancel && this.#due()) this.#plan(this.#firstDelay(running));
    else if (!running) this.#unplan();
  }

  stop(): void {
    this.#stopped = true;
    this.#unplan();
  }

  /** Startup probes end with their first success; the others wait for it. */
  #due(): boolean {
    if (this.#onHold || !this.#running) return false;
    return this.#options.type === 'startup' ? this.#verdict !== 'success' : this.#running.started;
  }

  #firstDelay({ startedAt }: Running): number {
    const { probe, clock } = this.#options;
    return Math.max(0, startedAt + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now());
  }

  #plan(delay: number): void {
    this.#cancel = this.#options.clock.after(delay, () => void this.#probe());
  }

  #unplan(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #probe(): Promise<void> {
    const { probe, clock, run } = this.#options;
    const running = this.#running;
    if (!running) return;
    const begun = clock.now();
    let outcome = await run(running.id);
    for (let left = tries - 1; left > 0 && outcome.result === 'unknown'; left--) outcome = await run(running.id);
    if (this.#stopped || this.#running?.id !== running.id) return;
    this.#count(outcome);
    this.#cancel = undefined;
    if (!this.#due()) return;
    this.#plan(Math.max(0, (probe.periodSeconds ?? 10) * 1000 - (clock.now() - begun)));
  }

  #count(outcome: ProbeOutcome): void {
    const { type, probe, failed, changed } = this.#options;
    if (outcome.result !== 'success') failed(outcome);
    if (outcome.result === 'unknown') return;
    const result: Verdict = outcome.result === 'failure' ? 'failure' : 'success';
    this.#inRow = this.#last === result ? this.#inRow + 1 : 1;
    this.#last = result;
    const needed = result === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
    if (this.#inRow < needed) return;
    if (type !== 'readiness' && result === 'failure') {
      this.#onHold = true;
      this.#inRow = 0;
    }
    if (this.#verdict === result) return;
    this.#verdict = result;
    changed();
  }
}
