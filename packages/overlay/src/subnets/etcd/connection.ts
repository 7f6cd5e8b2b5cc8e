import { readFileSync } from 'node:fs';
import { UsageError } from '@coracle/process/program';
import type { Etcd3, IKeyValue, IOptions, IRangeResponse } from 'etcd3';

/** How etcd is reached: URLs of its members, and files for TLS (empty: none). */
export interface EtcdAccess {
  endpoints: readonly string[];
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** How long a call may take, in milliseconds. */
const timeout = 10_000;

/** What every call is bounded by. */
export const deadline = (): { deadline: number } => ({ deadline: Date.now() + timeout });

/** Makes a client; the first call connects. Rejects with UsageError for endpoints or files that cannot be used. */
export async function connectEtcd({ endpoints, caFile, certFile, keyFile }: EtcdAccess): Promise<Etcd3> {
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
  const options: IOptions = {
    hosts: endpoints.map((each) => each.replace(/\/$/, '')),
    faultHandling: { global: once, host: () => once },
    grpcOptions: {
      'grpc.max_receive_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
    },
  };
  if (caFile !== '' || certFile !== '') {
    options.credentials = {
      // Absent, the system's own are taken; the type does not know.
      rootCertificate: fileOf('--etcd-cafile', caFile)!,
      privateKey: fileOf('--etcd-keyfile', keyFile),
      certChain: fileOf('--etcd-certfile', certFile),
    };
  }
  const { Etcd3 } = await import('./library.ts'); // 10 MB, for those alone who use it
  return new Etcd3(options);
}

/** One attempt a call and no circuit breaker: the loops above know what may be repeated, and when. */
const once = {
  execute: async <T>(call: (context: object) => T | Promise<T>) => call({ attempt: 0 }),
} as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

function fileOf(flag: string, path: string): Buffer | undefined {
  if (path === '') return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`);
  }
}

/** All keys with a prefix, and the revision they are of. */
export async function listPrefix(etcd: Etcd3, prefix: string): Promise<{ kvs: IKeyValue[]; revision: number }> {
  const range = { key: Buffer.from(prefix), range_end: endOf(prefix) };
  const { kvs, header }: IRangeResponse = await etcd.kv.range(range, deadline());
  return { kvs, revision: Number(header.revision) };
}

/** The first key after all keys with a prefix. Prefixes end in ASCII, so the last byte can be raised. */
export function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1]!++;
  return end;
}
