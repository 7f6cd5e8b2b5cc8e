import { randomUUID } from 'node:crypto';
import { internalError } from '@coracle/api/meta/status';
import type { RangeAllocation } from '@coracle/api/types/core/v1';
import type { Store, StoredEntry } from '../../storage/store.ts';
import { servicesIn, usedPorts } from './holdings.ts';
import { AllocationCounts } from './metrics.ts';
import type { PortRange } from './port-range.ts';
import { PortSet } from './port-set.ts';

const key = '/registry/ranges/servicenodeports';

/** What is taken, and the revision that says so; 0: nothing is stored. */
export interface PortState {
  bits: bigint;
  revision: number;
}

interface Operation {
  work(ports: PortSet): unknown;
  dryRun: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Outcome = { value: unknown } | { error: unknown };

/**
 * The ports of `--service-node-port-range` that are taken, shared by all API servers: a bitmap (RangeAllocation) at upstream's key, changed by
 * optimistic transactions. What is asked for while a transaction runs goes into the next one together.
 */
export class NodePorts {
  readonly range: PortRange;
  readonly #store: () => Store;
  readonly #random: (() => number) | undefined;
  readonly #waiting: Operation[] = [];
  #known: PortState | undefined;
  #running = false;
  readonly counts = new AllocationCounts();

  constructor(range: PortRange, store: () => Store, random?: () => number) {
    this.range = range;
    this.#store = store;
    this.#random = random;
  }

  /** How many ports were taken when this server looked last; undefined: it has not looked. */
  get used(): number | undefined {
    return this.#known?.bits.toString(2).replaceAll('0', '').length;
  }

  /**
   * Does something with the set of taken ports and stores what has changed, all of it or nothing. `work` may run several times, on fresh sets;
   * what it throws is thrown. With `dryRun` nothing is stored.
   */
  change<T>(work: (ports: PortSet) => T, dryRun = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, dryRun, resolve: resolve as (value: unknown) => void, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** What the store says now; an empty set with revision 0 where it says nothing. */
  async stored(): Promise<PortState & { range: string }> {
    return decode((await this.#store().get(key)).entry);
  }

  /** Stores a set over the expected revision; false when that was overtaken. */
  async replace(bits: bigint, expected: number): Promise<boolean> {
    const result = await this.#store().put(key, encode(this.range, bits), expected);
    this.#known = result.ok ? { bits, revision: result.revision } : undefined;
    return result.ok;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0);
        try {
          const outcomes = await this.#commit(batch);
          for (const [i, outcome] of outcomes.entries()) {
            if ('value' in outcome) batch[i]!.resolve(outcome.value);
            else batch[i]!.reject(outcome.error);
          }
        } catch (error) {
          this.#known = undefined;
          for (const { reject } of batch) reject(error);
        }
      }
    } finally {
      this.#running = false;
    }
  }

  async #commit(batch: readonly Operation[]): Promise<Outcome[]> {
    let fresh = this.#known === undefined;
    let state = this.#known ?? (await this.#read());
    for (;;) {
      const ports = new PortSet(this.range, state.bits, this.#random);
      const outcomes = batch.map((operation) => outcomeOf(operation, ports));
      if (ports.bits === state.bits) {
        // Nothing to write. What this server knows may be old: neither a refusal nor "it is free already" may rest on that.
        if (fresh) return outcomes;
        state = await this.#read();
        fresh = true;
        continue;
      }
      const result = await this.#store().put(key, encode(this.range, ports.bits), state.revision);
      if (result.ok) {
        this.#known = { bits: ports.bits, revision: result.revision };
        return outcomes;
      }
      state = await this.#usable(decode(result.current));
      fresh = true;
    }
  }

  async #read(): Promise<PortState> {
    return this.#usable(await this.stored());
  }

  /** Where nothing is stored yet, what the services there are use is the truth. */
  async #usable(state: PortState & { range: string }): Promise<PortState> {
    if (state.revision === 0) return { bits: usedPorts(await servicesIn(this.#store()), this.range).bits, revision: 0 };
    if (state.range === this.range.text) return state;
    const detail = `the stored range is ${state.range}, that of this server ${this.range.text}`;
    throw internalError(new Error(`cannot allocate resources of type servicenodeports at this time: ${detail}`));
  }
}

function outcomeOf({ work, dryRun }: Operation, ports: PortSet): Outcome {
  try {
    const scratch = dryRun ? new PortSet(ports.range, ports.bits) : ports;
    return { value: scratch.attempt(work) };
  } catch (error) {
    return { error };
  }
}

/** No two writes are alike, so that one whose answer was lost can be told from another server's. */
function encode(range: PortRange, bits: bigint): Buffer {
  const hex = bits === 0n ? '' : bits.toString(16);
  const data = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64');
  return Buffer.from(
    JSON.stringify({
      kind: 'RangeAllocation',
      apiVersion: 'v1',
      metadata: { uid: randomUUID() },
      range: range.text,
      data,
    }),
  );
}

function decode(entry: StoredEntry | undefined): PortState & { range: string } {
  if (!entry) return { bits: 0n, revision: 0, range: '' };
  const { range, data } = JSON.parse(entry.value.toString()) as RangeAllocation;
  const hex = Buffer.from(data ?? '', 'base64').toString('hex');
  return { bits: hex === '' ? 0n : BigInt(`0x${hex}`), revision: entry.revision, range };
}
