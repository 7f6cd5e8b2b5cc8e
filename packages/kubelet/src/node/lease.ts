import { setTimeout as sleep } from 'node:timers/promises';
import { lease as leaseKind } from '@coracle/api/coordination/v1/lease';
import { node as nodeKind } from '@coracle/api/core/v1/node';
import { clone } from '@coracle/api/meta/object';
import { isConflict, isNotFound } from '@coracle/api/meta/status';
import { microNow } from '@coracle/api/meta/time';
import type { Lease } from '@coracle/api/types/coordination/v1';
import type { Client } from '@coracle/client';
import type { Log } from '@coracle/process';

export interface NodeLeaseOptions {
  client: Client;
  nodeName: string;
  nodeUid(): string | undefined;
  durationSeconds: number;
  log: Log;
  signal: AbortSignal;
}

const namespace = 'kube-node-lease';
const maxRetry = 7000;

/** Renews the node's lease every quarter of its duration: the sign of life the control plane waits for (KEP-589). */
export async function renewNodeLease(options: NodeLeaseOptions): Promise<void> {
  const { durationSeconds, log, signal, nodeName } = options;
  let held: Lease | undefined;
  let failures = 0;
  while (!signal.aborted) {
    let wait = durationSeconds * 250;
    try {
      held = await renew(options, held);
      failures = 0;
    } catch (error) {
      held = undefined;
      wait = isConflict(error) ? 0 : Math.min(200 * 2 ** failures++, maxRetry);
      log.error({ err: error, lease: `${namespace}/${nodeName}`, retryIn: wait }, 'Failed to update lease');
    }
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}

async function renew(options: NodeLeaseOptions, held: Lease | undefined): Promise<Lease> {
  const { client, nodeName } = options;
  let last = held;
  if (!last) {
    try {
      last = await client.get(leaseKind, nodeName, namespace);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return client.create(leaseKind, filled({ metadata: { name: nodeName, namespace }, spec: {} }, options));
    }
  }
  return client.update(leaseKind, filled(clone(last), options));
}

function filled(lease: Lease, { nodeName, nodeUid, durationSeconds }: NodeLeaseOptions): Lease {
  lease.spec = {
    ...lease.spec,
    holderIdentity: nodeName,
    leaseDurationSeconds: durationSeconds,
    renewTime: microNow(),
  };
  const uid = nodeUid();
  if (uid && !lease.metadata.ownerReferences?.length) {
    lease.metadata.ownerReferences = [{ apiVersion: nodeKind.apiVersion, kind: nodeKind.kind, name: nodeName, uid }];
  }
  return lease;
}
