import { readFileSync } from 'node:fs';
import { EtcdMembers, type KeyValue, prefixEnd } from '@coracle/etcd';
import { UsageError } from '@coracle/process/program';

/** How etcd is reached: URLs of its members, and files for TLS (empty: none). */
export interface EtcdAccess {
  endpoints: readonly string[];
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** Makes a client; the first call connects. Throws UsageError for endpoints or files that cannot be used. */
export function connectEtcd({ endpoints, caFile, certFile, keyFile }: EtcdAccess): EtcdMembers {
  if (endpoints.length === 0) throw new UsageError('--etcd-endpoints: at least one is required');
  for (const each of endpoints) {
    if (!/^https?:\/\/[^/]+\/?$/.test(each)) {
      throw new UsageError(`--etcd-endpoints: ${JSON.stringify(each)} is no URL such as "https://10.0.0.1:2379"`);
    }
  }
  const secure = endpoints.filter((each) => each.startsWith('https:')).length;
  if (secure > 0 && secure < endpoints.length) {
    throw new UsageError('--etcd-endpoints: must be all https, or all http');
  }
  if ((certFile === '') !== (keyFile === '')) {
    throw new UsageError('--etcd-certfile and --etcd-keyfile must be given together');
  }
  if (secure === 0 && (caFile !== '' || certFile !== '')) {
    throw new UsageError('--etcd-cafile and --etcd-certfile are for https endpoints only');
  }
  return new EtcdMembers({
    servers: endpoints.map((each) => each.replace(/\/$/, '')),
    ca: fileOf('--etcd-cafile', caFile),
    key: fileOf('--etcd-keyfile', keyFile),
    cert: fileOf('--etcd-certfile', certFile),
  });
}

function fileOf(flag: string, path: string): Buffer | undefined {
  if (path === '') return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`);
  }
}

/** All keys with a prefix, and the revision they are of. */
export async function listPrefix(etcd: EtcdMembers, prefix: string): Promise<{ kvs: KeyValue[]; revision: number }> {
  const range = { key: Buffer.from(prefix), rangeEnd: prefixEnd(prefix) };
  return etcd.call((member, limit) => member.range(range, limit));
}
