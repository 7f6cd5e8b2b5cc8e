import { node as nodeKind } from '@coracle/api/core/v1/node';
import { clone, deepEqual } from '@coracle/api/meta/object';
import { isAlreadyExists, isNotFound } from '@coracle/api/meta/status';
import { now } from '@coracle/api/meta/time';
import { createTwoWayStrategicPatch } from '@coracle/api/patch/strategic';
import { objectSchemaOf } from '@coracle/api/schema';
import type { Node, NodeStatus } from '@coracle/api/types/core/v1';
import type { Client } from '@coracle/client';
import type { Log } from '@coracle/process';
import type { Events } from '../pods/events.ts';
import { Waker } from '../pods/waker.ts';
import { type ConditionChange, nodeConditions } from './conditions.ts';
import type { Machine } from './machine.ts';
import { type NodeIdentity, nodeObject, ownLabels } from './node-object.ts';
import type { Pressure } from './pressure.ts';

export interface NodeManagerOptions {
  client: Client;
  identity: NodeIdentity;
  machine: Machine;
  register: boolean;
  /** What the node tells of itself now, without its conditions. */
  facts(): Promise<NodeStatus>;
  pressure(): Promise<Pressure>;
  /** Why the node is not ready. */
  problems(): string[];
  /** Milliseconds between looks, and between reports where nothing changes. */
  updateEvery: number;
  reportEvery: number;
  events: Events;
  log: Log;
  signal: AbortSignal;
}

const maxRetry = 7000;

/** Registers the node and keeps its status in the API true. */
export class NodeManager {
  readonly #options: NodeManagerOptions;
  readonly #waker: Waker;
  #node: Node | undefined;
  #reportedAt = 0;

  constructor(options: NodeManagerOptions) {
    this.#options = options;
    this.#waker = new Waker(options.signal);
  }

  /** The node as the API last answered; undefined until it is registered. */
  get node(): Node | undefined {
    return this.#node;
  }

  /** Asks the API for the node as it is now; what others have changed (labels) is seen only so. Throws when it does not answer. */
  async refresh(): Promise<void> {
    const { client, identity } = this.#options;
    if (this.#node) this.#node = await client.get(nodeKind, identity.name);
  }

  /** Something about the node has changed: report it now. */
  kick(): void {
    this.#waker.wake();
  }

  async run(): Promise<void> {
    const { signal, log, updateEvery } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let wait = updateEvery;
      try {
        await this.#report();
        failures = 0;
      } catch (error) {
        wait = Math.min(200 * 2 ** failures++, maxRetry);
        log.error(
          { err: error, node: this.#options.identity.name, retryIn: wait },
          'Error updating node status, will retry',
        );
      }
      await this.#waker.wait(wait);
    }
  }

  async #report(): Promise<void> {
    const { client, identity, reportEvery } = this.#options;
    // Others write here too: the node lifecycle controller does once it has not heard of us, and that must be put right.
    this.#node = (this.#node && (await this.#current())) ?? (await this.#register());
    const before = this.#node.status ?? {};
    const { status, changes } = await this.#status(before);
    const changed = !deepEqual(withoutHeartbeats(before), withoutHeartbeats(status));
    if (!changed && Date.now() - this.#reportedAt < reportEvery) return;
    const diff = createTwoWayStrategicPatch({ status: before }, { status }, objectSchemaOf('core/v1.Node'));
    try {
      this.#node = await client.patch(
        nodeKind,
        identity.name,
        undefined,
        { type: 'strategic', body: diff },
        { subresource: 'status' },
      );
    } catch (error) {
      // Somebody deleted the node: register again.
      if (isNotFound(error)) this.#node = undefined;
      throw error;
    }
    this.#reportedAt = Date.now();
    this.#tell(changes);
  }

  /** The node as the API server has it in memory; undefined when somebody deleted it. */
  async #current(): Promise<Node | undefined> {
    const { client, identity } = this.#options;
    try {
      return await client.get(nodeKind, identity.name, undefined, { resourceVersion: '0' });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #status(before: NodeStatus) {
    const { facts, pressure, problems } = this.#options;
    const { conditions, changes } = nodeConditions(before.conditions ?? [], await pressure(), problems(), now());
    return { status: { ...before, ...(await facts()), conditions }, changes };
  }

  #tell(changes: readonly ConditionChange[]): void {
    const { events, identity } = this.#options;
    for (const { type, reason } of changes) {
      events.node(identity.name, type, reason, `Node ${identity.name} status is now: ${reason}`);
    }
  }

  /** Creates the node, or brings the labels of the one there is up to date. */
  async #register(): Promise<Node> {
    const { client, identity, machine, register, log } = this.#options;
    if (register) {
      const { status, changes } = await this.#status({});
      try {
        const made = await client.create(nodeKind, nodeObject(identity, machine, status));
        log.info({ node: identity.name }, 'Successfully registered node');
        // A server that keeps no status on creation gets it, and tells of it, with the first report.
        if (made.status?.conditions?.length) this.#tell(changes);
        return made;
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    }
    const found = await client.get(nodeKind, identity.name);
    return register ? this.#reconcile(found) : found;
  }

  async #reconcile(found: Node): Promise<Node> {
    const { client, identity, machine } = this.#options;
    const wanted = clone(found);
    wanted.metadata.labels = { ...wanted.metadata.labels, ...ownLabels(identity, machine), ...identity.labels };
    if (deepEqual(wanted.metadata.labels, found.metadata.labels ?? {})) return found;
    const diff = createTwoWayStrategicPatch(found, wanted, objectSchemaOf('core/v1.Node'));
    return client.patch(nodeKind, identity.name, undefined, { type: 'strategic', body: diff });
  }
}

function withoutHeartbeats(status: NodeStatus): NodeStatus {
  const copy = clone(status);
  for (const condition of copy.conditions ?? []) condition.lastHeartbeatTime = undefined;
  return JSON.parse(JSON.stringify(copy)) as NodeStatus;
}
