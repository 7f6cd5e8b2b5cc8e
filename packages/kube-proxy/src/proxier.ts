import type { Service } from '@coracle/api/types/core/v1';
import type { EndpointSlice } from '@coracle/api/types/discovery/v1';
import type { Conntrack } from './conntrack/conntrack.ts';
import { mayStrand, staleFlows, udpDestinations } from './conntrack/stale-flows.ts';
import type { Place } from './model/choose-endpoints.ts';
import type { Family } from './model/family.ts';
import { baseRuleset } from './nftables/base.ts';
import { table } from './nftables/names.ts';
import type { RunNft } from './nftables/nft.ts';
import type { Clash, Ruleset } from './nftables/ruleset.ts';
import { joinParts } from './nftables/ruleset.ts';
import type { RenderContext } from './nftables/service-rules.ts';
import { replaceTable, updateTable } from './nftables/transaction.ts';
import type { ProxiedPort } from './service-model.ts';
import { ServiceModel } from './service-model.ts';

/** What one family's rules depend on beside Services and their endpoints. */
export interface Surroundings {
  context: RenderContext;
  place: Place;
  masqueradeMark: number;
  nodePortAddresses: readonly string[] | 'all';
}

export interface ProxierOptions {
  family: Family;
  surroundings: Surroundings;
  runNft: RunNft;
  conntrack: Conntrack;
  /** Told of addresses and ports that two Services claim, and of failures that stop nothing. */
  onClash(clash: Clash): void;
  onConntrackError(error: unknown): void;
}

/** What the proxy reads of the cluster. */
export interface ServiceSource {
  services(): Iterable<Service>;
  slicesOf(key: string): readonly EndpointSlice[];
}

/** Keeps one family's table equal to what the Services ask for. Its methods must not run at the same time. */
export class Proxier {
  readonly family: Family;
  readonly #options: ProxierOptions;
  readonly #model: ServiceModel;
  #surroundings: Surroundings;
  /** What the table holds; undefined when that is not known. */
  #applied: Ruleset | undefined;
  #ports: readonly ProxiedPort[] = [];

  constructor(options: ProxierOptions) {
    this.family = options.family;
    this.#options = options;
    this.#surroundings = options.surroundings;
    this.#model = new ServiceModel(options.family, options.surroundings.context, options.surroundings.place);
  }

  /** The ports as they are in the table since the last sync. */
  get ports(): readonly ProxiedPort[] {
    return this.#ports;
  }

  /** Takes over changed circumstances (the node's addresses, its zone); the next sync applies them. */
  move(surroundings: Surroundings): void {
    this.#surroundings = surroundings;
    this.#model.reset(surroundings.context, surroundings.place);
  }

  /**
   * Brings the table up to date: what differs, or (`full`, and whenever the last attempt failed) the whole of it. Returns what it
   * did; rejects with NftError, and the table is as it was then.
   */
  async sync(source: ServiceSource, full: boolean): Promise<'full' | 'partial' | 'nothing'> {
    const { family, onClash, runNft } = this.#options;
    const ports = this.#model.update(source.services(), (key) => source.slicesOf(key));
    const { masqueradeMark, nodePortAddresses } = this.#surroundings;
    const base = baseRuleset({ family, masqueradeMark, nodePortAddresses });
    const { ruleset, clashes } = joinParts(
      base,
      ports.map((each) => each.part),
    );
    for (const clash of clashes) onClash(clash);
    const before = full ? undefined : this.#applied;
    const script = before ? updateTable(family.nft, table, before, ruleset) : replaceTable(family.nft, table, ruleset);
    if (script !== '') {
      this.#applied = undefined;
      await runNft(script);
    }
    this.#applied = ruleset;
    await this.#cleanConntrack(ports);
    this.#ports = ports;
    return before ? (script === '' ? 'nothing' : 'partial') : 'full';
  }

  /** Flows that should go cost some clients their packets; rules that are not updated would cost all of them theirs. */
  async #cleanConntrack(ports: readonly ProxiedPort[]): Promise<void> {
    const { family, conntrack, onConntrackError } = this.#options;
    const before = udpDestinations(this.#ports);
    const after = udpDestinations(ports);
    if (!mayStrand(before, after)) return;
    const own = this.#surroundings.nodePortAddresses;
    const onNode = (address: string) => own === 'all' || own.includes(address);
    try {
      const flows = await conntrack.udpFlows(family);
      for (const flow of staleFlows(flows, before, after, onNode)) await conntrack.deleteUdp(family, flow);
    } catch (error) {
      onConntrackError(error);
    }
  }
}
