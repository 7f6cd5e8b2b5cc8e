import type { Range } from '../range.ts';

/** Another node, as its lease or Node object tells. */
export interface Peer {
  /** Its pods' addresses. */
  subnet: Range;
  /** Where it is reached. */
  publicIp: string;
  attributes: BackendAttributes;
}

/** What nodes tell each other of their end of the network, in flannel's words. */
export interface BackendAttributes {
  BackendType: string;
  BackendData?: { VNI?: number; VtepMAC?: string };
}

/** What carries packets to other nodes. */
export interface Backend {
  /** What is told to others. */
  readonly attributes: BackendAttributes;
  /** Largest packet that pods may send. */
  readonly mtu: number;
  /**
   * Makes the kernel carry packets of this node's subnet to and from the peers, and forget all other peers; harmless to repeat.
   * Returns the peers it cannot reach, and why.
   */
  apply(subnet: Range, peers: readonly Peer[]): Promise<UnreachablePeer[]>;
}

export interface UnreachablePeer {
  peer: Peer;
  reason: string;
}
