import { EtcdError, type EtcdMembers } from '@coracle/etcd';

/** An etcd lease that lives `seconds` after its last renewal. Returns its id. */
export async function grantLease(etcd: EtcdMembers, seconds: number): Promise<bigint> {
  const { id } = await etcd.call((member, limit) => member.grantLease(seconds, limit));
  return id;
}

/** Renews a lease; whether there still was one. */
export async function renewLease(etcd: EtcdMembers, id: bigint): Promise<boolean> {
  const { renewed } = await etcd.call((member, limit) => member.renewLease(id, limit));
  return renewed;
}

/** Ends a lease and what lives by it; one that is gone is no error. */
export async function revokeLease(etcd: EtcdMembers, id: bigint): Promise<void> {
  try {
    await etcd.call((member, limit) => member.revokeLease(id, limit));
  } catch (error) {
    if (!(error instanceof EtcdError && error.details.includes('lease not found'))) throw error;
  }
}

/**
 * Writes a key that lives by a lease, if the key is still as it was seen: at a modification revision, or not there (0). Whether it was.
 */
export async function putLeased(
  etcd: EtcdMembers,
  key: string,
  value: string,
  lease: bigint,
  seen: number,
): Promise<boolean> {
  const at = Buffer.from(key);
  const { succeeded } = await etcd.call((member, limit) =>
    member.txn(
      {
        compare: [{ key: at, modRevision: seen }],
        success: [{ put: { key: at, value: Buffer.from(value), lease } }],
      },
      limit,
    ),
  );
  return succeeded;
}
