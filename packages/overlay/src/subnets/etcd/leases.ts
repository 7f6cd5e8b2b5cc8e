import type { Etcd3, ILeaseKeepAliveResponse, ITxnResponse } from 'etcd3';
import { deadline } from './connection.ts';

/** An etcd lease that lives `seconds` after its last renewal. Returns its id. */
export async function grantLease(etcd: Etcd3, seconds: number): Promise<string> {
  const { ID, error } = await etcd.leaseClient.leaseGrant({ TTL: seconds }, deadline());
  if (error) throw new Error(`etcd granted no lease: ${error}`);
  return String(ID);
}

/** Renews a lease; whether there still was one. */
export async function renewLease(etcd: Etcd3, id: string): Promise<boolean> {
  const stream = await etcd.leaseClient.leaseKeepAlive(deadline());
  const answer = new Promise<ILeaseKeepAliveResponse>((resolve, reject) => {
    stream.on('data', resolve);
    stream.on('error', reject);
    stream.on('end', () => reject(new Error('etcd ended the renewal without an answer')));
  });
  try {
    stream.write({ ID: id });
    return Number((await answer).TTL) > 0;
  } finally {
    stream.end();
  }
}

/** Ends a lease and what lives by it; one that is gone is no error. */
export async function revokeLease(etcd: Etcd3, id: string): Promise<void> {
  try {
    await etcd.leaseClient.leaseRevoke({ ID: id }, deadline());
  } catch (error) {
    if (!/lease not found/i.test((error as Error).message)) throw error;
  }
}

/**
 * Writes a key that lives by a lease, if the key is still as it was seen: at a modification revision, or not there (0). Whether it was.
 */
export async function putLeased(
  etcd: Etcd3,
  key: string,
  value: string,
  lease: string,
  seen: string,
): Promise<boolean> {
  const answer: ITxnResponse = await etcd.kv.txn(
    {
      compare: [{ key: Buffer.from(key), target: 'Mod', result: 'Equal', mod_revision: seen }],
      success: [{ request_put: { key: Buffer.from(key), value: Buffer.from(value), lease } }],
    },
    deadline(),
  );
  return answer.succeeded;
}
