import type { BackendAttributes, Peer } from '../backend/backend.ts';
import type { NetworkConfig } from '../config/network-config.ts';
import type { Range } from '../range.ts';

/** This node, as others are told of it. */
export interface Self {
  publicIp: string;
  attributes: BackendAttributes;
}

/** What is told of a source's changes; each is told again when in doubt. */
export interface SubnetEvents {
  /** All other nodes of the network. */
  peers(peers: readonly Peer[]): void;
  /** This node's subnet is another one now; `peers` follows. */
  moved(subnet: Range): void;
}

/** Where subnets come from. Whatever the source is away for, it is waited for. */
export interface SubnetSource {
  /** The network's configuration; waits until there is one. Throws ConfigError when it cannot be used. */
  config(signal: AbortSignal): Promise<NetworkConfig>;
  /** The subnet of this node. Where it can choose, the earlier one, or else one that nobody has. */
  acquire(config: NetworkConfig, self: Self, earlier: Range | undefined, signal: AbortSignal): Promise<Range>;
  /** Keeps what `acquire` got and tells of the other nodes, at once and whenever something changes, until the signal aborts. */
  follow(events: SubnetEvents, signal: AbortSignal): Promise<void>;
  close(): void;
}
