import { join } from 'node:path';
import { etcdClientUrl, etcdPeerUrl } from '../components/etcd.ts';
import { fail } from '../failure.ts';
import { CommandError, run } from '../host/run.ts';
import { etcdUsers } from '../pki/plan.ts';
import { type Cluster, checkout, controlPlanes, type NodeRecord, pkiFolder } from './cluster.ts';
import { networkConfig } from './network-config.ts';
import { waitFor } from './wait.ts';

const etcdctlProgram = join(checkout, '.cache/host/bin/etcdctl');

/** Where the pod network keeps its configuration and its leases, in flannel's manner. */
export const networkPrefix = '/atomic.io/network';

/** A member as etcd tells it. */
export interface EtcdMember {
  /** In hexadecimal, as etcdctl takes it. */
  id: string;
  /** Empty for a member that was added and has never started. */
  name: string;
  peerUrls: string[];
  learner: boolean;
}

/** Asks the members of a cluster's etcd as its root. All control planes are asked in turn, or those given. */
export class Etcd {
  readonly #cluster: Cluster;
  readonly #nodes: readonly NodeRecord[];

  constructor(cluster: Cluster, nodes: readonly NodeRecord[] = controlPlanes(cluster)) {
    this.#cluster = cluster;
    this.#nodes = nodes;
  }

  /** Runs etcdctl; `timeout`, in seconds, is how long etcd may take. Throws CommandError. */
  ctl(
    args: readonly string[],
    options: { input?: string; timeout?: number; signal?: AbortSignal } = {},
  ): Promise<string> {
    const file = (name: string) => join(pkiFolder(this.#cluster), name);
    const command = [
      etcdctlProgram,
      `--endpoints=${this.#nodes.map(etcdClientUrl).join(',')}`,
      `--cacert=${file('etcd-ca.crt')}`,
      `--cert=${file('etcd-root.crt')}`,
      `--key=${file('etcd-root.key')}`,
      '--dial-timeout=5s',
      `--command-timeout=${options.timeout ?? 15}s`,
      ...args,
    ] as const;
    const { input, signal, timeout = 15 } = options;
    // Its commands for users and roles ask without an end where etcd went away after they began.
    const limit = (timeout + 10) * 1000;
    return run([...command] as [string, ...string[]], { input, signal, timeout: limit, env: { ETCDCTL_API: '3' } });
  }

  /** What the first of the nodes knows by itself, whether or not etcd has a majority. */
  async status(timeout = 5): Promise<{ version: string; revision: number }> {
    const [first] = JSON.parse(await this.ctl(['endpoint', 'status', '--write-out=json'], { timeout })) as [
      { Status: { version: string; header: { revision: number } } },
    ];
    return { version: first.Status.version, revision: first.Status.header.revision };
  }

  async members(): Promise<EtcdMember[]> {
    return parseMembers(await this.ctl(['member', 'list', '--write-out=simple']));
  }

  /** Announces a member, which does not vote before it is promoted. Does nothing when it is a member already. */
  async addLearner(node: NodeRecord): Promise<void> {
    if ((await this.members()).some((it) => it.peerUrls.includes(etcdPeerUrl(node)))) return;
    await this.ctl(['member', 'add', node.name, '--learner', `--peer-urls=${etcdPeerUrl(node)}`]);
  }

  /** Gives a member its vote, once it has caught up with the leader. Resolves to false while it has not. */
  async promote(node: NodeRecord): Promise<boolean> {
    const member = (await this.members()).find((it) => it.peerUrls.includes(etcdPeerUrl(node)));
    if (!member) throw new Error(`${node.name} is no member of etcd`);
    if (!member.learner) return true;
    try {
      await this.ctl(['member', 'promote', member.id]);
      return true;
    } catch (error) {
      if (error instanceof CommandError && /in sync with leader/.test(error.stderr)) return false;
      throw error;
    }
  }

  /**
   * Takes a member out. Does nothing when it is none. etcd refuses this for some seconds after members have come or gone, and so long as the
   * others would have no majority: it is asked again until `limit` milliseconds have passed, and then Failure is thrown.
   */
  async remove(node: NodeRecord, limit = 30_000): Promise<void> {
    const member = (await this.members()).find((it) => it.peerUrls.includes(etcdPeerUrl(node)));
    if (!member) return;
    let last = '';
    const gone = await waitFor(async () => {
      try {
        await this.ctl(['member', 'remove', member.id]);
        return true;
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        last = error.stderr.trim().split('\n').at(-1) ?? '';
        if (/unhealthy cluster|not enough started members|leader changed|timed out/.test(last)) return undefined;
        throw error;
      }
    }, limit);
    if (!gone) fail(`etcd does not let go of its member ${node.name}: ${last}`);
  }

  /** Whether certificates are checked for what their owners may do, and not just for who signed them. */
  async guarded(): Promise<boolean> {
    const { enabled } = JSON.parse(await this.ctl(['auth', 'status', '--write-out=json'])) as { enabled?: boolean };
    return enabled === true;
  }

  /**
   * Lets the API server do everything and the pod network only what is below its prefix; nobody else gets in, whatever certificate they
   * show. May be repeated when it was interrupted.
   */
  async guard(): Promise<void> {
    const role = 'overlay';
    await this.#make(['role', 'add', role]);
    await this.ctl(['role', 'grant-permission', role, 'readwrite', '--prefix=true', `${networkPrefix}/`]);
    await this.#make(['role', 'add', 'root']);
    for (const [user, itsRole] of [
      [etcdUsers.root, 'root'],
      [etcdUsers.apiserver, 'root'],
      [etcdUsers.overlay, role],
    ] as const) {
      await this.#make(['user', 'add', user, '--no-password']);
      await this.ctl(['user', 'grant-role', user, itsRole]);
    }
    await this.ctl(['auth', 'enable']);
  }

  /** Writes the pod network's configuration unless there is one. */
  async ensureNetwork(): Promise<void> {
    const key = `${networkPrefix}/config`;
    const transaction = [
      `create(${JSON.stringify(key)}) = "0"`,
      '',
      `put ${key} ${quotedValue(networkConfig(this.#cluster))}`,
      '',
      '',
      '',
    ];
    await this.ctl(['txn'], { input: transaction.join('\n') });
  }

  async #make(args: readonly string[]): Promise<void> {
    try {
      await this.ctl(args);
    } catch (error) {
      if (!(error instanceof CommandError && /already exists/.test(error.stderr))) throw error;
    }
  }
}

/** Reads etcdctl's simple list; its JSON has identifiers beyond what JSON numbers hold, or, with --hex, nothing of learners. */
export function parseMembers(text: string): EtcdMember[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [id, , name, peers, , learner] = line.split(', ') as [string, string, string, string, string, string];
      return { id, name, peerUrls: peers.split(','), learner: learner === 'true' };
    });
}

/** A value in the language of etcdctl's transactions. */
function quotedValue(value: unknown): string {
  return JSON.stringify(JSON.stringify(value));
}
