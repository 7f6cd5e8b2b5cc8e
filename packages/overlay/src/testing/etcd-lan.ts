import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { etcdBinary, startEtcd, type TestEtcd } from '@coracle/apiserver/testing/etcd';
import { EtcdClient, prefixEnd, type RequestOp } from '@coracle/etcd';
import { TestLan, type TestNode } from './nodes.ts';

/** Where the overlay's keys are. */
export const prefix = '/atomic.io/network';

/** The key of a subnet's lease. */
export const keyOf = (subnet: string): string => `${prefix}/subnets/${subnet.replace('/', '-')}`;

/** An etcd, and machines that take their subnets from it; the etcd outlives the machines of one test. */
export class EtcdLan {
  readonly etcd: TestEtcd;
  readonly client: EtcdClient;
  #lan: TestLan | undefined;
  #endpoints = '';

  private constructor(etcd: TestEtcd) {
    this.etcd = etcd;
    this.client = new EtcdClient({ url: etcd.url });
  }

  static async make(): Promise<EtcdLan> {
    return new EtcdLan(await startEtcd());
  }

  /** Makes the LAN of one test. */
  async open(): Promise<void> {
    this.#lan = await TestLan.make();
    this.#endpoints = `--etcd-endpoints=http://${await this.#lan.relay(Number(new URL(this.etcd.url).port))}`;
  }

  /** Ends the machines, and forgets their keys. */
  async clear(): Promise<void> {
    await this.#lan?.close();
    await this.#write({ deleteRange: { key: Buffer.from(prefix), rangeEnd: prefixEnd(prefix) } });
  }

  async close(): Promise<void> {
    this.client.close();
    await this.etcd.close();
  }

  /** Writes the network configuration. */
  async configure(backend: object = { Type: 'vxlan' }, network = '10.244.0.0/16'): Promise<void> {
    await this.put(`${prefix}/config`, JSON.stringify({ Network: network, Backend: backend }));
  }

  /** A machine with the address 10.99.0.NUMBER, on which the program is not started. */
  node(number: number, ...flags: string[]): Promise<TestNode> {
    return this.#lan!.node(number, [this.#endpoints, ...flags]);
  }

  /** Machines with the program running, once the network stands on all. */
  async running(count: number, ...flags: string[]): Promise<TestNode[]> {
    const nodes = await Promise.all(Array.from({ length: count }, (_, i) => this.node(i + 1, ...flags)));
    for (const each of nodes) each.start();
    await Promise.all(nodes.map((each) => each.standing()));
    return nodes;
  }

  /** All leases, by key. */
  async leases(): Promise<Record<string, { PublicIP: string }>> {
    const key = `${prefix}/subnets/`;
    const { kvs } = await this.client.range({ key: Buffer.from(key), rangeEnd: prefixEnd(key) });
    return Object.fromEntries(kvs.map((kv) => [kv.key.toString(), JSON.parse(kv.value.toString())]));
  }

  async put(key: string, value: string): Promise<void> {
    await this.#write({ put: { key: Buffer.from(key), value: Buffer.from(value) } });
  }

  async delete(key: string): Promise<void> {
    await this.#write({ deleteRange: { key: Buffer.from(key) } });
  }

  /** The etcd lease that a key lives by. */
  async leaseOf(key: string): Promise<bigint> {
    const { kvs } = await this.client.range({ key: Buffer.from(key) });
    return kvs[0]!.lease;
  }

  /** How many seconds a lease was granted for, and has left. */
  async timeToLive(lease: bigint): Promise<{ granted: number; left: number }> {
    const ctl = join(dirname(etcdBinary()), 'etcdctl');
    const args = [`--endpoints=${this.etcd.url}`, 'lease', 'timetolive', lease.toString(16), '--write-out=json'];
    const { stdout } = await promisify(execFile)(ctl, args);
    const { ttl, 'granted-ttl': granted } = JSON.parse(stdout) as Record<string, number>;
    return { granted: granted!, left: ttl! };
  }

  async #write(operation: RequestOp): Promise<void> {
    await this.client.txn({ compare: [], success: [operation] });
  }
}

/** A node's routes, as `ip` shows them. */
export const routes = (node: TestNode): Promise<string> => node.inside.run('ip', 'route', 'show');

/** A node's VXLAN device, as `ip` shows it. */
export const device = (node: TestNode): Promise<string> =>
  node.inside.run('ip', '-oneline', 'link', 'show', 'coracle.1');
