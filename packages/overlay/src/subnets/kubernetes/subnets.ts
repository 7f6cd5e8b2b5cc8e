import { readFileSync } from 'node:fs';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import type { Node } from '@coracle/api/types/core/v1';
import { Backoff } from '@coracle/client/backoff';
import type { Client } from '@coracle/client/client';
import { type Informer, Informers } from '@coracle/client/informer';
import type { ClientLog } from '@coracle/client/log';
import { delay } from '@coracle/client/rate-limit';
import { UsageError } from '@coracle/process/program';
import type { Peer } from '../../backend/backend.ts';
import { ConfigError, type NetworkConfig, parseNetworkConfig } from '../../config/network-config.ts';
import { formatRange, holds, type Range, sameRange } from '../../range.ts';
import type { Self, SubnetEvents, SubnetSource } from '../source.ts';
import { annotationsOf, peerOf, podRange } from './node-record.ts';

export interface NodeSubnetsOptions {
  client: Client;
  /** This node's. */
  nodeName: string;
  /** File with the network configuration. */
  configFile: string;
  log: ClientLog;
}

/** Subnets that the controller manager gave the Node objects; nodes tell of themselves by annotations. */
export class NodeSubnets implements SubnetSource {
  readonly #options: NodeSubnetsOptions;
  #nodes: Informer<Node> | undefined;
  #self: Self | undefined;
  #config: NetworkConfig | undefined;
  #subnet: Range | undefined;

  constructor(options: NodeSubnetsOptions) {
    this.#options = options;
  }

  async config(): Promise<NetworkConfig> {
    let text: string;
    try {
      text = readFileSync(this.#options.configFile, 'utf8');
    } catch (error) {
      throw new UsageError(`--net-config-path: ${(error as Error).message}`);
    }
    return parseNetworkConfig(text);
  }

  async acquire(config: NetworkConfig, self: Self, _earlier: Range | undefined, signal: AbortSignal): Promise<Range> {
    const { client, nodeName, log } = this.#options;
    const informers = new Informers(client, { signal, log });
    this.#nodes = informers.of(nodeKind);
    this.#config = config;
    this.#self = self;
    await informers.start();
    const subnet = await this.#whenGiven(this.#nodes, signal);
    log.info({ node: nodeName, subnet: formatRange(subnet) }, 'Node has a range for its pods');
    this.#subnet = subnet;
    await this.#publish(signal);
    return subnet;
  }

  async follow(events: SubnetEvents, signal: AbortSignal): Promise<void> {
    const nodes = this.#nodes!;
    let wake = (): void => {};
    let changed = true;
    const change = (): void => {
      changed = true;
      wake();
    };
    nodes.on({ added: change, updated: change, deleted: change });
    signal.addEventListener('abort', change, { once: true });
    for (;;) {
      if (!changed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      signal.throwIfAborted();
      changed = false;
      const own = nodes.lister.get(this.#options.nodeName);
      const subnet = own && podRange(own);
      if (subnet && !sameRange(subnet, this.#subnet)) {
        this.#subnet = this.#checked(subnet);
        events.moved(subnet);
      }
      events.peers(this.#peers());
      if (own) await this.#publish(signal);
    }
  }

  close(): void {
    this.#options.client.close();
  }

  /** Waits until the Node object is there and has a range. */
  #whenGiven(nodes: Informer<Node>, signal: AbortSignal): Promise<Range> {
    const { nodeName, log } = this.#options;
    return new Promise((resolve, reject) => {
      const look = (node: Node): void => {
        const subnet = node.metadata.name === nodeName ? podRange(node) : undefined;
        if (!subnet) return;
        stop();
        try {
          resolve(this.#checked(subnet));
        } catch (error) {
          reject(error);
        }
      };
      let off = (): void => {};
      const stop = (): void => {
        off();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        stop();
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const own = nodes.lister.get(nodeName);
      if (!own || !podRange(own)) log.info({ node: nodeName }, "Waiting for the Node's podCIDR");
      off = nodes.on({ added: look, updated: (_, node) => look(node) });
      if (own) look(own);
    });
  }

  #checked(subnet: Range): Range {
    const { network } = this.#config!;
    if (holds(network, subnet)) return subnet;
    throw new ConfigError(
      `Network: ${formatRange(network)} does not hold ${formatRange(subnet)}, podCIDR of node ${this.#options.nodeName}`,
    );
  }

  #peers(): Peer[] {
    const { nodeName, log } = this.#options;
    return this.#nodes!.lister.list().flatMap((node) => {
      if (node.metadata.name === nodeName) return [];
      try {
        return peerOf(node) ?? [];
      } catch (error) {
        log.warn(
          { node: node.metadata.name, reason: (error as Error).message },
          'Ignoring a node with bad annotations',
        );
        return [];
      }
    });
  }

  /** Brings the annotations of the own Node up to date; repeats it until it is done. */
  async #publish(signal: AbortSignal): Promise<void> {
    const { client, nodeName, log } = this.#options;
    const annotations = annotationsOf(this.#self!);
    const backoff = new Backoff();
    for (;;) {
      const now = this.#nodes!.lister.get(nodeName)?.metadata.annotations ?? {};
      if (Object.entries(annotations).every(([name, value]) => now[name] === value)) return;
      try {
        const body = { metadata: { annotations } };
        await client.patch(nodeKind, nodeName, undefined, { type: 'merge', body }, { subresource: 'status', signal });
        return;
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ err: error, node: nodeName }, 'Cannot annotate the Node, trying again');
        await delay(backoff.next(), signal);
      }
    }
  }
}
