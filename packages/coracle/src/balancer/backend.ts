import { setTimeout as delay } from 'node:timers/promises';
import { formatAddress, parseAddress } from './address.ts';
import { type Check, checkOf, type Verdict } from './check.ts';

/** How backends are checked; times in milliseconds. */
export interface CheckSettings {
  /** From the end of a check to the next. */
  interval: number;
  /** How long an answer may take. */
  timeout: number;
  /** So many bad checks in a row make a backend bad, so many good ones good again. */
  fall: number;
  rise: number;
}

/** A hung backend is known after about `fall` times the timeout. */
export const defaultChecks: CheckSettings = { interval: 1_000, timeout: 2_000, fall: 2, rise: 2 };

/** A connection through the balancer. */
export interface Passage {
  /** Breaks it on both sides. */
  cut(): void;
}

/** One server behind the balancer: how it is, and who is connected to it. */
export class Backend {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly passages = new Set<Passage>();
  readonly #check: Check;
  readonly #settings: CheckSettings;
  readonly #changed: (backend: Backend) => void;
  readonly #stop = new AbortController();
  #state: Verdict['state'] = 'ready';
  #reason = '';
  #since = performance.now();
  #tested = false;
  /** Checks in a row that contradict the state. */
  #doubts = 0;

  /** `changed` is called after every check. Before the first one a backend counts as ready. */
  constructor(
    address: string,
    options: { authority: string | undefined; checks: CheckSettings; changed: (backend: Backend) => void },
  ) {
    const { host, port } = parseAddress(address);
    this.address = formatAddress({ host, port });
    this.host = host;
    this.port = port;
    this.#check = checkOf({ host, port }, options.authority);
    this.#settings = options.checks;
    this.#changed = options.changed;
  }

  get state(): Verdict['state'] {
    return this.#state;
  }

  /** Why it is not ready. */
  get reason(): string {
    return this.#reason;
  }

  /** How many milliseconds it has been in this state. */
  get age(): number {
    return performance.now() - this.#since;
  }

  /** Checks it until `stop`. */
  async watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(), this.#settings.timeout);
      const end = () => limit.abort();
      signal.addEventListener('abort', end);
      const verdict = await this.#check.run(limit.signal);
      signal.removeEventListener('abort', end);
      clearTimeout(timer);
      if (signal.aborted) return;
      this.take(verdict);
      await delay(this.#settings.interval, undefined, { signal }).catch(() => undefined); // stopped: the loop ends
    }
  }

  /** Ends the checks; connections stay. */
  stop(): void {
    this.#stop.abort();
    this.#check.close();
  }

  /** Counts what a check, or a client's connection, has found. */
  take(verdict: Verdict): void {
    const { fall, rise } = this.#settings;
    if ((verdict.state === 'ready') === (this.#state === 'ready')) this.#doubts = 0;
    else this.#doubts++;
    const enough = !this.#tested || this.#doubts >= (verdict.state === 'ready' ? rise : fall);
    this.#tested = true;
    if (verdict.state !== 'ready') this.#reason = verdict.reason;
    if (this.#doubts > 0 && enough) {
      this.#state = verdict.state;
      this.#since = performance.now();
      this.#doubts = 0;
    } else if (this.#state !== 'ready' && verdict.state !== 'ready') this.#state = verdict.state;
    this.#changed(this);
  }

  /** Breaks all its connections; gives their number. */
  cut(): number {
    const { size } = this.passages;
    for (const passage of [...this.passages]) passage.cut();
    return size;
  }
}
