import { resourceQuota } from '@coracle/api/core/v1/resourcequota';
import { Quantity } from '@coracle/api/meta/quantity';
import { type Amounts, addResources, formatResources, parseResources } from '@coracle/api/meta/resources';
import { conflict, isConflict, isNotFound } from '@coracle/api/meta/status';
import type { ResourceQuota } from '@coracle/api/types/core/v1';
import type { LimitedResource } from './configuration.ts';
import { chargeOf, type Demand, refuseExcess, refuseUncovered } from './demand.ts';
import { Journal } from './journal.ts';

const quotas = { group: '', resource: 'resourcequotas' };

/** A demand that waits for its turn. */
interface Waiting {
  readonly demand: Demand;
  /** What has been charged so far, by the quota's name. */
  readonly charged: Map<string, Charge>;
  /** Its write has not happened: what was charged is to be taken back. */
  readonly refund: boolean;
  done(error?: unknown): void;
}

/** What a quota was charged, and in which count of it (see `Journal`). */
interface Charge {
  readonly amounts: Amounts;
  readonly count: number;
}

/**
 * Keeps what is used in step with what is let in. What waits for a namespace is charged together, in one optimistic write of each quota's
 * status: as much passes as there is room for, however many ask at once and of whichever API server, and fifty at once take few writes.
 */
export class Ledger {
  readonly #limits: readonly LimitedResource[];
  /** What waits, by namespace; an entry is there as long as somebody works on it. */
  readonly #queues = new Map<string, Waiting[]>();
  readonly #journal = new Journal();

  constructor(limits: readonly LimitedResource[]) {
    this.#limits = limits;
  }

  /** Charges a demand to the quotas of its namespace, as the cache has them. Throws the 403 of what they have no room for. */
  async charge(demand: Demand, quotas: readonly ResourceQuota[]): Promise<void> {
    if (quotas.some((quota) => concerns(quota, demand))) {
      const charged = new Map<string, Charge>();
      await this.#wait(demand, charged, false);
      if (charged.size > 0) demand.attributes.releases.push(() => this.#wait(demand, charged, true));
    } else refuseUncovered(quotas, demand, this.#limits);
  }

  #wait(demand: Demand, charged: Map<string, Charge>, refund: boolean): Promise<void> {
    const { namespace } = demand.attributes;
    return new Promise((resolve, reject) => {
      const done = (error?: unknown) => (error === undefined ? resolve() : reject(error as Error));
      const waiting = { demand, charged, refund, done };
      const queue = this.#queues.get(namespace);
      if (queue) queue.push(waiting);
      else {
        this.#queues.set(namespace, [waiting]);
        void this.#work(namespace);
      }
    });
  }

  async #work(namespace: string): Promise<void> {
    const queue = this.#queues.get(namespace)!;
    while (queue.length > 0) {
      const batch = queue.splice(0);
      try {
        // One that fails is its own matter: what was charged is left out at the next count.
        for (const each of batch) if (each.refund) await this.#refund(each).then(() => each.done(), each.done);
        const asking = batch.filter(({ refund }) => !refund);
        await this.#settle(namespace, asking);
        for (const each of asking) each.done();
      } catch (error) {
        for (const each of batch) each.done(error);
      }
    }
    this.#queues.delete(namespace);
  }

  async #settle(namespace: string, batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    const { objects } = batch[0]!.demand.attributes;
    const quotas = objects.cachedList(resourceQuota, namespace);
    let refusals = this.#assess(quotas, batch);
    if (refusals.size > 0) {
      // The cache may be behind: what refuses is what is in the store now.
      const live = await Promise.all(
        quotas.map(({ metadata }) => objects.get(resourceQuota, metadata.name!, namespace)),
      );
      const there = live.filter((each) => each !== undefined);
      refusals = this.#assess(there, batch);
    }
    for (const [each, error] of refusals) each.done(error);
    let standing = batch.filter((each) => !refusals.has(each) && !each.demand.attributes.dryRun);
    for (const quota of quotas) standing = await this.#chargeTo(quota, standing);
  }

  /** What is refused of a batch, each with its error: by what quotas bound and have used, one after the other. */
  #assess(quotas: readonly ResourceQuota[], batch: readonly Waiting[]): Map<Waiting, unknown> {
    const used = new Map(quotas.map((quota) => [quota, parseResources(quota.status?.used)]));
    const refusals = new Map<Waiting, unknown>();
    for (const each of batch) {
      const { demand } = each;
      try {
        const charges = quotas.map((quota) => [quota, chargeOf(quota, demand) ?? new Map()] as const);
        refuseUncovered(quotas, demand, this.#limits);
        for (const [quota, charge] of charges) refuseExcess(quota, used.get(quota)!, charge, demand);
        if (demand.attributes.dryRun) continue;
        for (const [quota, charge] of charges) addResources(used.get(quota)!, charge);
      } catch (error) {
        refusals.set(each, error);
      }
    }
    return refusals;
  }

  /** Charges one quota for all that stand; those it has no room for after all are answered. Returns the others. */
  async #chargeTo({ metadata }: ResourceQuota, standing: readonly Waiting[]): Promise<Waiting[]> {
    if (standing.length === 0) return [];
    const { name = '', namespace = '' } = metadata;
    const { objects } = standing[0]!.demand.attributes;
    let refusals = new Map<Waiting, unknown>();
    let charges = new Map<Waiting, Amounts>();
    let before: string | undefined;
    const apply = (current: ResourceQuota): ResourceQuota | undefined => {
      refusals = new Map();
      charges = new Map();
      before = current.metadata.resourceVersion;
      const used = parseResources(current.status?.used);
      for (const each of standing) {
        try {
          const charge = chargeOf(current, each.demand);
          if (!charge || charge.size === 0) continue;
          refuseExcess(current, used, charge, each.demand);
          addResources(used, charge);
          charges.set(each, charge);
        } catch (error) {
          refusals.set(each, error);
        }
      }
      // Thrown, it is looked at again with what is in the store, unless that is what was looked at.
      if (charges.size === 0 && refusals.size > 0) throw [...refusals.values()][0];
      if (charges.size === 0) return undefined;
      current.status = { ...current.status, used: formatResources(used) };
      return current;
    };
    try {
      const written = await objects.update(resourceQuota, name, namespace, apply, { subresource: 'status' });
      if (charges.size > 0) {
        const count = this.#journal.wrote(written, before);
        for (const [each, amounts] of charges) each.charged.set(name, { amounts, count });
      }
    } catch (error) {
      if (isNotFound(error)) {
        // A quota that is gone bounds nothing.
        this.#journal.forget(namespace, name);
        return [...standing];
      }
      const isRefusal = [...refusals.values()].includes(error);
      if (!isRefusal) refusals = new Map(standing.map((each) => [each, error]));
    }
    for (const [each, error] of refusals) {
      await this.#refund(each);
      each.done(error);
    }
    return standing.filter((each) => !refusals.has(each));
  }

  /** Takes charges back, where nobody has counted anew since: who did has left out what is not there. */
  async #refund({ demand, charged }: Waiting): Promise<void> {
    const { objects, namespace } = demand.attributes;
    for (const [name, { amounts, count }] of charged) {
      let before: string | undefined;
      const apply = (current: ResourceQuota): ResourceQuota => {
        // Thrown, it is looked at again with what is in the store.
        if (!this.#journal.goesOn(current, count)) throw conflict(quotas, name);
        before = current.metadata.resourceVersion;
        current.status = { ...current.status, used: less(current.status?.used, amounts) };
        return current;
      };
      try {
        this.#journal.wrote(
          await objects.update(resourceQuota, name, namespace, apply, { subresource: 'status' }),
          before,
        );
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
    charged.clear();
  }
}

/** Whether a quota has a say in a demand: it charges it, or refuses it. */
function concerns(quota: ResourceQuota, demand: Demand): boolean {
  try {
    return (chargeOf(quota, demand)?.size ?? 0) > 0;
  } catch {
    return true;
  }
}

function less(used: Record<string, string> | undefined, amounts: Amounts): Record<string, string> {
  const left = parseResources(used);
  for (const [name, amount] of amounts) {
    const rest = left.get(name)?.sub(amount);
    if (rest) left.set(name, rest.sign() < 0 ? Quantity.zero : rest);
  }
  return formatResources(left);
}
