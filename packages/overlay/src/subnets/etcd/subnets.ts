import { Backoff } from '@coracle/client/backoff';
import type { ClientLog } from '@coracle/client/log';
import { delay } from '@coracle/client/rate-limit';
import type { EtcdMembers, KeyValue } from '@coracle/etcd';
import { type NetworkConfig, parseNetworkConfig } from '../../config/network-config.ts';
import { formatRange, type Range, sameRange } from '../../range.ts';
import { chooseSubnet, isWithin, keyOfSubnet } from '../allocate.ts';
import type { Self, SubnetEvents, SubnetSource } from '../source.ts';
import { listPrefix } from './connection.ts';
import { type LeaseRecord, leaseValue, readLease } from './lease-record.ts';
import { grantLease, putLeased, renewLease, revokeLease } from './leases.ts';
import { watchPrefix } from './watch.ts';

export interface EtcdSubnetsOptions {
  etcd: EtcdMembers;
  /** Of all keys, without a slash at its end. */
  prefix: string;
  /** How long a lease lives, and how long before its end it is renewed; in milliseconds. */
  ttl: number;
  renewMargin: number;
  log: ClientLog;
}

/** All is listed anew this often (ms), for what a watch may have missed. */
const relistPeriod = 300_000;

/** What this node holds in etcd. */
interface Held {
  config: NetworkConfig;
  self: Self;
  subnet: Range;
  key: string;
  lease: bigint;
}

/**
 * Subnets leased from each other by keys in etcd, in flannel's form. etcd may be away for any time: what is known stays, and all is
 * listed anew afterwards. Keys outside the prefix are never touched.
 */
export class EtcdSubnets implements SubnetSource {
  readonly #options: EtcdSubnetsOptions;
  readonly #subnets: string;
  readonly #records = new Map<string, LeaseRecord>();
  #held: Held | undefined;
  /** The etcd lease ended, whatever the key says. */
  #expired = false;
  /** Ends the watch that runs, so that the list is looked at again. */
  #interrupt = new AbortController();

  constructor(options: EtcdSubnetsOptions) {
    this.#options = options;
    this.#subnets = `${options.prefix}/subnets/`;
  }

  async config(signal: AbortSignal): Promise<NetworkConfig> {
    const { etcd, prefix, log } = this.#options;
    const key = `${prefix}/config`;
    const text = await this.#persist('Cannot read the network configuration, trying again', signal, async () => {
      const { kvs } = await etcd.call((member, limit) => member.range({ key: Buffer.from(key) }, limit));
      if (!kvs[0]) log.info({ key }, 'Waiting for the network configuration in etcd');
      return kvs[0]?.value.toString();
    });
    return parseNetworkConfig(text);
  }

  async acquire(config: NetworkConfig, self: Self, earlier: Range | undefined, signal: AbortSignal): Promise<Range> {
    this.#held = await this.#persist('Cannot lease a subnet, trying again', signal, () =>
      this.#take(config, self, earlier),
    );
    return this.#held.subnet;
  }

  async follow(events: SubnetEvents, signal: AbortSignal): Promise<void> {
    await Promise.all([this.#mirror(events, signal), this.#keepRenewed(signal)]);
  }

  close(): void {
    this.#options.etcd.close();
  }

  /** Gives the node's lease back, if it has one. */
  async release(publicIp: string): Promise<void> {
    const { etcd } = this.#options;
    for (const { key, peer, lease, revision } of await this.#list()) {
      if (peer.publicIp !== publicIp) continue;
      await this.#remove(key, revision);
      if (lease !== 0n) await revokeLease(etcd, lease);
    }
  }

  /** Repeats an attempt, with pauses, until it gives something; tells of errors. Rejects when the signal aborts. */
  async #persist<T>(message: string, signal: AbortSignal, attempt: () => Promise<T | undefined>): Promise<T> {
    const backoff = new Backoff(250, 2_000);
    for (;;) {
      signal.throwIfAborted();
      try {
        const result = await attempt();
        if (result !== undefined) return result;
      } catch (error) {
        this.#options.log.warn({ err: error }, message);
      }
      await delay(backoff.next(), signal);
    }
  }

  /** One attempt to hold a subnet; undefined when another node was quicker. */
  async #take(config: NetworkConfig, self: Self, earlier: Range | undefined): Promise<Held | undefined> {
    const { etcd, ttl, log } = this.#options;
    const known = await this.#list();
    const mine = known.filter(({ peer }) => isOf(peer, self));
    const mineWithin = mine.find(({ peer }) => isWithin(config, peer.subnet));
    const others = known.filter((each) => !mine.includes(each)).map(({ peer }) => peer.subnet);
    const subnet = mineWithin?.peer.subnet ?? chooseSubnet(config, others, earlier);
    const key = this.#subnets + keyOfSubnet(subnet);
    const seen = known.find((each) => each.key === key)?.revision ?? 0;
    const lease = await grantLease(etcd, Math.ceil(ttl / 1000));
    if (!(await putLeased(etcd, key, leaseValue(self), lease, seen))) {
      await revokeLease(etcd, lease);
      return undefined;
    }
    log.info({ subnet: formatRange(subnet), publicIP: self.publicIp, lease: lease.toString(16) }, 'Leased subnet');
    for (const each of mine) {
      if (each !== mineWithin) await this.#remove(each.key, each.revision);
      if (each.lease !== 0n) await revokeLease(etcd, each.lease);
    }
    return { config, self, subnet, key, lease };
  }

  /** Lists and watches, for ever; gets the node's own lease back when it is gone. */
  async #mirror(events: SubnetEvents, signal: AbortSignal): Promise<void> {
    const { etcd, log } = this.#options;
    const backoff = new Backoff(250, 2_000);
    for (;;) {
      signal.throwIfAborted();
      try {
        const { kvs, revision } = await listPrefix(etcd, this.#subnets);
        this.#records.clear();
        for (const record of this.#readAll(kvs)) this.#records.set(record.key, record);
        if (this.#isLost()) {
          await this.#regain(events, signal);
          continue;
        }
        this.#tell(events);
        this.#interrupt = new AbortController();
        const ends = AbortSignal.any([signal, this.#interrupt.signal]);
        const watched = await watchPrefix(
          etcd,
          this.#subnets,
          revision + 1,
          relistPeriod,
          (changes) => {
            for (const each of changes) this.#apply(each.key, each.value, each.lease);
            if (this.#isLost()) this.#interrupt.abort();
            else this.#tell(events);
          },
          ends,
        );
        if (watched.lost) throw watched.lost;
        backoff.reset();
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error }, 'Lost sight of the other nodes in etcd, trying again; what is known stays');
        await delay(backoff.next(), signal);
      }
    }
  }

  #isLost(): boolean {
    const { key, self } = this.#held!;
    const record = this.#records.get(key);
    if (this.#expired || !record || !isOf(record.peer, self)) return true;
    // Another process of this node took over, a restarted one say: it is this node's all the same.
    this.#held!.lease = record.lease;
    return false;
  }

  async #regain(events: SubnetEvents, signal: AbortSignal): Promise<void> {
    const { config, self, subnet } = this.#held!;
    this.#options.log.warn({ subnet: formatRange(subnet) }, 'The lease of the subnet was lost, leasing it again');
    const now = await this.acquire(config, self, subnet, signal);
    this.#expired = false;
    if (!sameRange(now, subnet)) events.moved(now);
  }

  #tell(events: SubnetEvents): void {
    const { self } = this.#held!;
    events.peers([...this.#records.values()].map(({ peer }) => peer).filter((peer) => !isOf(peer, self)));
  }

  async #keepRenewed(signal: AbortSignal): Promise<void> {
    const { etcd, ttl, renewMargin, log } = this.#options;
    const interval = ttl > renewMargin ? ttl - renewMargin : ttl / 3;
    const backoff = new Backoff(250, 2_000);
    let wait = interval;
    for (;;) {
      await delay(wait, signal);
      try {
        if (!(await renewLease(etcd, this.#held!.lease))) {
          this.#expired = true;
          this.#interrupt.abort();
        }
        backoff.reset();
        wait = interval;
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error }, 'Cannot renew the lease of the subnet, trying again');
        wait = backoff.next();
      }
    }
  }

  async #list(): Promise<(LeaseRecord & { revision: number })[]> {
    const { kvs } = await listPrefix(this.#options.etcd, this.#subnets);
    return this.#readAll(kvs);
  }

  #readAll(kvs: readonly KeyValue[]): (LeaseRecord & { revision: number })[] {
    return kvs.flatMap((kv) => {
      const record = this.#read(kv.key.toString(), kv.value, kv.lease);
      return record ? [{ ...record, revision: kv.modRevision }] : [];
    });
  }

  #read(key: string, value: Buffer, lease: bigint): LeaseRecord | undefined {
    try {
      return readLease(key, value, lease);
    } catch (error) {
      this.#options.log.warn({ key, reason: (error as Error).message }, 'Ignoring what is no lease of a subnet');
      return undefined;
    }
  }

  #apply(key: string, value: Buffer | undefined, lease: bigint): void {
    const record = value && this.#read(key, value, lease);
    if (record) this.#records.set(key, record);
    else this.#records.delete(key);
  }

  /** Deletes a key if it is still as it was seen. */
  async #remove(key: string, seen: number): Promise<void> {
    const at = Buffer.from(key);
    const txn = { compare: [{ key: at, modRevision: seen }], success: [{ deleteRange: { key: at } }] };
    await this.#options.etcd.call((member, limit) => member.txn(txn, limit));
  }
}

/** Whether a lease is this node's own: by its address, or by its device, which outlives a change of address. */
function isOf(peer: LeaseRecord['peer'], self: Self): boolean {
  const mac = self.attributes.BackendData?.VtepMAC;
  return peer.publicIp === self.publicIp || (mac !== undefined && peer.attributes.BackendData?.VtepMAC === mac);
}
